// The form that changes a proxy's plan or its toxics.
import { useEffect, useRef } from "preact/hooks";
import { percent, countdown, seconds } from "../format.js";
import { html } from "../html.js";
import { catalog } from "../store.js";
import { add, changedMeanwhile, close, inForce, items, lasts, left, load, proxy, send, setLasts, target, verdict, what } from "../draft.js";
import { cancel } from "../stop.js";
import { Item } from "./item.js";
import { Problem, Shares } from "./parts.js";

export const edit = load;

const times = ["", "10s", "30s", "1m", "5m", "15m"];

export function Editor() {
  const at = useRef();
  const p = proxy.value;
  useEffect(() => {
    if (p && !at.current.open) at.current.showModal();
    if (!p && at.current.open) at.current.close();
    if (!p && target.value) close(); // the proxy is gone
  }, [p]);
  return html`<dialog ref=${at} class="editor" aria-label="change a proxy" onClose=${close} onClick=${(e) => e.target === at.current && at.current.close()}>
    ${p && html`<${Form} p=${p} shut=${() => at.current.close()} />`}
  </dialog>`;
}

function Form({ p, shut }) {
  const plan = what.value === "plan";
  const v = verdict.value;
  const apply = async (e) => {
    e.preventDefault();
    if (await send()) shut();
  };
  return html`<form onSubmit=${apply} novalidate>
    <header>
      <h2>${p.name} <span class="protocol">${p.protocol}</span></h2>
      <div role="tablist" class="tabs">
        ${["plan", "toxics"].map((kind) => html`<button key=${kind} type="button" role="tab" aria-selected=${what.value === kind} onClick=${() => load(p, kind)}>${kind === "plan" ? "Plan" : "Toxics"}</button>`)}
      </div>
      <button type="button" class="quiet shut" onClick=${shut} aria-label="close">×</button>
    </header>
    <div class="body">
      <p class="dim">${plan
        ? `What is done to how many percent of the ${p.draw}s. It takes effect at once, on open connections too.`
        : "A toxic is drawn once for each connection and acts on all of it, beside the plan. Toxics act in their order."}</p>
      ${changedMeanwhile.value && html`<p class="banner">Somebody else has changed this meanwhile. <button type="button" onClick=${() => load(p, what.value)}>Show what is in force</button></p>`}
      ${plan && p.plan.for && html`<p class="banner calm">This plan is in force for ${countdown(seconds(p.plan.for))} more. <button type="button" onClick=${() => end(p, shut)}>End it now</button></p>`}
      ${plan && html`<${Left} />`}
      ${items.value.map((item, i) => html`<${Item} key=${item.key} item=${item} p=${p} defaults=${inForce.value[i]} errors=${v.errors} />`)}
      <${Add} plan=${plan} />
    </div>
    <footer>
      ${plan && html`<div class="for"><label for="for">for</label>
        <input id="for" list="times" value=${lasts.value} placeholder="until it is changed" onInput=${(e) => setLasts(e.target.value.trim())} aria-invalid=${Boolean(v.errors.for)} aria-describedby="for-problem" />
        <datalist id="times">${times.filter(Boolean).map((t) => html`<option key=${t} value=${t} />`)}</datalist>
        ${["30s", "5m"].map((t) => html`<button key=${t} type="button" class="quiet" aria-pressed=${lasts.value === t} onClick=${() => setLasts(lasts.value === t ? "" : t)}>${t}</button>`)}
        <${Problem} id="for-problem" text=${v.errors.for} /></div>`}
      <${Problem} text=${v.line} />
      <span class="right"><button type="button" class="quiet" onClick=${shut}>Cancel</button>
      <button type="submit" class="go" disabled=${v.state === "wrong" || v.state === "same"}>
        ${lasts.value ? `Put in force for ${lasts.value}` : "Put in force"}</button></span>
    </footer>
  </form>`;
}

async function end(p, shut) {
  if (await cancel(p)) shut();
}

// Left shows the draw as a bar, and what it leaves untouched.
function Left() {
  const rest = left();
  return html`<div class="left"><${Shares} parts=${items.value} />
    <p>${items.value.map((i, n) => html`<span class="chip" key=${i.key}><i class=${"tone t" + (n % 4)}></i>${percent(i.weight)} ${i.name}</span>`)}
    <span class="chip rest">${percent(Math.max(0, rest))} untouched</span></p></div>`;
}

function Add({ plan }) {
  const behaviors = (catalog.value?.behaviors || []).filter((b) => !plan || b.name !== "dummy");
  const choose = (e) => {
    if (e.target.value) add(e.target.value);
    e.target.value = "";
  };
  return html`<label class="add"><span>${plan ? "Add a behavior" : "Add a toxic"}</span>
    <select id="add" onChange=${choose}><option value="">choose …</option>
      ${behaviors.map((b) => html`<option key=${b.name} value=${b.name}>${b.name} – ${b.doc}</option>`)}</select></label>`;
}
