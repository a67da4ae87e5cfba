// One behavior of a plan, or one toxic, in the form.
import { catalog } from "../store.js";
import { change, left, remove, setOption, what } from "../draft.js";
import { html } from "../html.js";
import { Field } from "./field.js";
import { Problem } from "./parts.js";

export function Item({ item, p, defaults, errors }) {
  const kind = (catalog.value?.behaviors || []).find((b) => b.name === item.name);
  const protocol = (catalog.value?.protocols || []).find((k) => k.name === p.protocol);
  const options = kind?.options || [];
  const field = (o) => html`<${Field} key=${o.name} id=${`i${item.key}-${o.name}`} option=${o} text=${item.options[o.name] ?? ""} effective=${defaults?.[o.name] ?? o.default}
    problem=${errors[item.key + "." + o.name]} protocol=${protocol} set=${(text) => setOption(item.key, o.name, text)} />`;
  const own = options.filter((o) => !o.common);
  const common = options.filter((o) => o.common);
  const narrowed = common.some((o) => item.options[o.name] || errors[item.key + "." + o.name]);
  return html`<fieldset class="item">
    <legend>${item.name}${item.toxic && item.toxic !== item.name && html` <span class="dim">${item.toxic}</span>`}</legend>
    <button type="button" class="quiet shut" onClick=${() => remove(item.key)} aria-label=${"remove " + item.name}>Remove</button>
    <p class="dim">${kind?.doc}</p>
    <${Problem} text=${errors[item.key + ".name"] || errors[item.key + ".behavior"]} />
    <${Weight} item=${item} problem=${errors[item.key + ".weight"] || errors[item.key + ".percent"]} />
    ${what.value === "toxics" && html`<${Lasts} item=${item} problem=${errors[item.key + ".for"]} />`}
    ${own.length > 0 && html`<div class="fields">${own.map(field)}</div>`}
    ${common.length > 0 && html`<details open=${narrowed}><summary>Only some of these</summary><div class="fields">${common.map(field)}</div></details>`}
  </fieldset>`;
}

// Weight is a slider and a number. In a plan it goes no further than the others
// leave room.
function Weight({ item, problem }) {
  const most = what.value === "plan" ? Math.max(item.weight, Math.max(0, left(item.key))) : 100;
  const set = (e) => {
    const n = Number(e.target.value);
    if (n > most) e.target.value = most;
    change(item.key, { weight: Math.round(100 * Math.min(Math.max(0, n), most)) / 100 });
  };
  const id = `i${item.key}-weight`;
  return html`<div class="weight"><label for=${id}>${what.value === "plan" ? "of all" : "of connections"}</label>
    <input type="range" min="0" max="100" step="1" value=${item.weight} onInput=${set} aria-label=${`share of ${item.name}, in percent`} />
    <input id=${id} type="number" min="0" max="100" step="any" value=${item.weight} onInput=${set} /><span>%</span>
    <${Problem} text=${problem} /></div>`;
}

// Lasts is for how long a toxic is there.
function Lasts({ item, problem }) {
  const id = `i${item.key}-for`;
  return html`<div class="for"><label for=${id}>for</label>
    <input id=${id} value=${item.lasts} placeholder="until it is removed" onInput=${(e) => change(item.key, { lasts: e.target.value.trim() })} aria-invalid=${Boolean(problem)} />
    <${Problem} text=${problem} /></div>`;
}
