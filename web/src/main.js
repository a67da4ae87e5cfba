// The page. See view/ for what it shows and store.js for what it knows.
import { render } from "preact";
import { start as startStream } from "./exchanges.js";
import { html } from "./html.js";
import { start } from "./store.js";
import { Editor } from "./view/editor.js";
import { Exchanges } from "./view/exchanges.js";
import { Banner, Header } from "./view/header.js";
import { Help } from "./view/help.js";
import { Plots } from "./view/plots.js";
import { Proxies } from "./view/proxies.js";
import { Scenario } from "./view/scenario.js";
import { Sessions } from "./view/sessions.js";
import { Token } from "./view/token.js";

function Page() {
  return html`<${Header} /><${Banner} />
    <main><${Scenario} /><${Proxies} /><${Plots} /><${Exchanges} /><${Sessions} /></main>
    <${Editor} /><${Help} /><${Token} />`;
}

document.querySelector("noscript")?.remove();
render(html`<${Page} />`, document.body);
start();
startStream();
