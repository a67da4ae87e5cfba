// Connections: those that are open, and those that ended last.
import { sessions } from "../exchanges.js";
import { bytes, clock, count } from "../format.js";
import { html } from "../html.js";
import { current, proxies, selected } from "../store.js";
import { only } from "./filter.js";

// most is how many are shown.
const most = 50;

export function Sessions() {
  const mine = sessions.value.filter((s) => !selected.value || s.proxy === selected.value);
  const list = [...mine.filter((s) => s.state === "open").reverse(), ...mine.filter((s) => s.state === "closed").reverse()];
  const open = (current.value ? [current.value] : proxies.value || []).reduce((n, p) => n + p.stats.open, 0);
  return html`<details class="panel sessions"><summary><h2>Sessions</h2> <b>${count(open)}</b> open</summary>
    ${list.length
      ? html`<div class="scroll"><table>
        <thead><tr><th>proxy</th><th>session</th><th>client</th><th>state</th><th>at</th><th class="n">exchanges</th><th class="n">to backend</th><th class="n">to client</th></tr></thead>
        <tbody>${list.slice(0, most).map((s) => html`<tr key=${s.id} class=${s.state}>
          <td>${s.proxy}</td><td><button class="link" onClick=${() => only("session", s.session)}>${s.session}</button></td><td><code>${s.client}</code></td>
          <td>${s.state}</td><td class="time">${clock(s.changed)}</td>
          <td class="n">${s.exchanges === undefined ? "–" : count(s.exchanges)}</td>
          <td class="n">${s.toBackend === undefined ? "" : bytes(s.toBackend)}</td><td class="n">${s.toClient === undefined ? "" : bytes(s.toClient)}</td></tr>`)}</tbody>
      </table></div>
      ${list.length > most && html`<p class="note">and ${count(list.length - most)} more</p>`}`
      : html`<p class="next">No connection was seen yet.</p>`}
  </details>`;
}
