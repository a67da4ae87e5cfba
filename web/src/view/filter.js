// What of the stream is shown.
import { clear, filter, paused, resume, rows, waiting } from "../exchanges.js";
import { fateNames } from "../fates.js";
import { count } from "../format.js";
import { html } from "../html.js";
import { catalog, proxies } from "../store.js";

const set = (name, value) => (filter.value = { ...filter.value, [name]: value });

// only shows what is like an exchange in one thing.
export const only = (name, value) => set(name, String(value));

let typing;
const later = (name) => (e) => {
  const text = e.target.value.trim();
  clearTimeout(typing);
  typing = setTimeout(() => set(name, text), 300);
};

export function Filter() {
  const f = filter.value;
  const any = Object.values(f).some(Boolean);
  const verbs = [...new Set(rows.value.map((r) => r.event.verb).filter(Boolean))].sort();
  const behaviors = (catalog.value?.behaviors || []).map((b) => b.name);
  return html`<div class="filter" role="search">
    <h2>Exchanges</h2>
    <${Choice} name="proxy" of=${(proxies.value || []).map((p) => p.name)} />
    <label><span>verb</span><input id="filter-verb" list="verbs" value=${f.verb} onInput=${later("verb")} placeholder="any" size="7" />
      <datalist id="verbs">${verbs.map((v) => html`<option key=${v} value=${v} />`)}</datalist></label>
    <${Choice} name="behavior" of=${behaviors} />
    <${Choice} name="fate" of=${fateNames} />
    ${f.session && html`<button class="chip" onClick=${() => set("session", "")}>session ${f.session} ×</button>`}
    <label class="check"><input type="checkbox" checked=${f.touched} onChange=${(e) => set("touched", e.target.checked)} /><span>only touched</span></label>
    ${any && html`<button class="quiet" onClick=${none}>Show all</button>`}
    <span class="right">
      <button onClick=${() => (paused.value ? resume() : (paused.value = true))} aria-pressed=${paused.value}>
        ${paused.value ? `Go on${waiting.value ? ` (${count(waiting.value)} new)` : ""}` : "Pause"}</button>
      <button class="quiet" onClick=${clear}>Clear</button>
    </span>
  </div>`;
}

const none = () => (filter.value = Object.fromEntries(Object.keys(filter.value).map((k) => [k, k === "touched" ? false : ""])));

const Choice = ({ name, of }) => html`<label><span>${name}</span>
  <select id=${"filter-" + name} value=${filter.value[name]} onChange=${(e) => set(name, e.target.value)}>
    <option value="">any</option>
    ${of.map((o) => html`<option key=${o} value=${o} selected=${o === filter.value[name]}>${o}</option>`)}
  </select></label>`;
