// The proxies: what each does now, and which one is looked at.
import { call, proxyPath } from "../api.js";
import { bytes, count, countdown, percent, rate, seconds } from "../format.js";
import { html } from "../html.js";
import { now, proxies, refresh, selected } from "../store.js";
import { trouble } from "../stop.js";
import { edit } from "./editor.js";
import { Shares } from "./parts.js";

export function Proxies() {
  const all = proxies.value;
  if (!all) return null;
  if (!all.length) {
    return html`<section class="panel empty"><h2>No proxies</h2>
      <p>Start Vaurien with one, or make one now:</p>
      <pre>curl -X PUT -d '{"proxy": "localhost:8000", "backend": "localhost:80"}' ${location.origin}/proxies/web</pre></section>`;
  }
  return html`<section class="panel proxies" aria-label="proxies">
    <table>
      <thead><tr>
        <th>proxy</th><th>plan</th><th>toxics</th>
        <th class="n">open</th><th class="n">exchanges/s</th><th class="n">touched/s</th><th class="n wide">to backend</th><th class="n wide">to client</th><th><span class="hidden">change</span></th>
      </tr></thead>
      <tbody>
        ${all.length > 1 && html`<tr class=${"all" + (selected.value ? "" : " chosen")} onClick=${() => (selected.value = "")}>
          <td colspan="9"><button class="name" aria-pressed=${!selected.value}>all proxies</button></td></tr>`}
        ${all.map((p) => html`<${Row} key=${p.name} p=${p} r=${now.value[p.name]} chosen=${selected.value === p.name} />`)}
      </tbody>
    </table>
    ${all.every((p) => p.stats.sessions === 0) && html`<p class="next">
      Nothing has connected yet: point your application at <code>${all[0].proxy}</code> instead of <code>${all[0].backend}</code>.</p>`}
  </section>`;
}

function Row({ p, r, chosen }) {
  const choose = () => (selected.value = chosen ? "" : p.name);
  return html`<tr class=${(chosen ? "chosen " : "") + (p.enabled ? "" : "off")} onClick=${choose}>
    <td><button class="name" aria-pressed=${chosen}>${p.name}</button> <span class="protocol">${p.protocol}</span>
      <div class="route">${p.proxy} → ${p.backend}${!p.enabled && html` <b>disabled: refuses connections</b>`}</div></td>
    <td><${PlanCell} p=${p} /></td>
    <td class="toxics">${p.toxics.length ? p.toxics.map((t) => html`<span class="chip" key=${t.name} title=${t.name}>${percent(t.percent)} ${t.behavior}${t.for && ` for ${countdown(seconds(t.for))}`}</span>`) : html`<span class="dim">none</span>`}</td>
    <td class="n" data-of="open">${count(p.stats.open)}</td>
    <td class="n" data-of="exchanges/s">${r ? rate(r.exchanges) : "–"}</td>
    <td class=${"n" + (r?.touched ? " touched" : "")} data-of="touched/s">${r ? rate(r.touched) : "–"}</td>
    <td class="n wide">${r ? bytes(r.bytes_to_backend) + "/s" : "–"}</td>
    <td class="n wide">${r ? bytes(r.bytes_to_client) + "/s" : "–"}</td>
    <td class="do" onClick=${(e) => e.stopPropagation()}>
      <button onClick=${() => edit(p, "plan")}>Plan</button>
      <button onClick=${() => edit(p, "toxics")}>Toxics</button>
      <button class="quiet" onClick=${() => enable(p)} title=${p.enabled ? "close its connections and refuse new ones" : "listen again"}>${p.enabled ? "Disable" : "Enable"}</button>
    </td>
  </tr>`;
}

function PlanCell({ p }) {
  const acting = p.plan.entries.filter((e) => e.name !== "dummy");
  return html`${acting.length
    ? html`<${Shares} parts=${acting} />${acting.map((e, i) => html`<span class="chip" key=${i}><i class=${"tone t" + (i % 4)}></i>${percent(e.weight)} ${e.name}</span>`)}`
    : html`<span class="dim">passes everything</span>`}
    ${p.plan.for && html`<span class="until">back in ${countdown(seconds(p.plan.for))}</span>`}`;
}

async function enable(p) {
  try {
    await call("POST", proxyPath(p.name, "enabled"), { enabled: !p.enabled });
    await refresh();
  } catch (e) {
    trouble.value = `${p.name}: ${e.message}`;
  }
}
