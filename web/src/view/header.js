// The bar that is always there: whether the server answers, and the one button
// that stops all chaos.
import { html } from "../html.js";
import { link, now } from "../store.js";
import { rate } from "../format.js";
import { sum } from "../rates.js";
import { busy, putBack, stop, stopState, trouble } from "../stop.js";
import { Sign, Key } from "./parts.js";
import { showHelp } from "./help.js";
import { theme, turnTheme } from "../theme.js";

const links = {
  connecting: ["connecting", "connecting …"],
  live: ["live", "live"],
  cut: ["cut", "no answer – trying again"],
};

export function Header() {
  const [state, words] = links[link.value];
  const all = sum(Object.values(now.value));
  return html`<header class="top">
    <h1><img src="page/icon.svg" alt="" width="22" height="22" />vaurien</h1>
    <span class=${"link " + state} role="status">${words}</span>
    <span class="totals">
      <b>${rate(all.exchanges)}</b> exchanges/s${" "}
      <span class=${all.touched ? "touched" : ""}><b>${rate(all.touched)}</b> touched/s</span>
    </span>
    <span class="right">
      <button class="quiet icon" onClick=${turnTheme} title="light or dark (t)" aria-label=${"theme: " + theme.value}>
        <${Sign} d="M8 2a6 6 0 1 0 .1 0M8 2v12M8 5l5 1M8 8h6M8 11l5-1" /></button>
      <button class="quiet icon" onClick=${showHelp} title="keys (?)" aria-label="keys"><${Sign} d="M6 6a2 2 0 1 1 2.6 2.4L8 9.5M8 12v.5" /></button>
      <button class="stop" onClick=${stop} disabled=${busy.value || link.value !== "live"} title="every plan passes all, every toxic goes, a scenario ends">
        <${Sign} d="M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5z" />Stop all chaos <${Key}>s<//></button>
    </span>
  </header>`;
}

// Banner says what is out of the ordinary.
export function Banner() {
  if (link.value === "cut") {
    return html`<div class="banner bad" role="alert">The server does not answer. What is shown is from before; the page connects again by itself.</div>`;
  }
  const s = stopState.value;
  return html`
    ${trouble.value && html`<div class="banner bad" role="alert">${trouble.value} <button onClick=${() => (trouble.value = "")}>Dismiss</button></div>`}
    ${s && html`<div class="banner calm" role="status">
      <span><b>All chaos is stopped.</b> ${s}</span>
      <button onClick=${putBack} disabled=${busy.value}>Put back</button>
    </div>`}`;
}
