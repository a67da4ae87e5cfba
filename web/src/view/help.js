// The keys, and what they do.
import { useEffect, useRef } from "preact/hooks";
import { filter, paused, resume } from "../exchanges.js";
import { html } from "../html.js";
import { stop } from "../stop.js";
import { turnTheme } from "../theme.js";
import { Key } from "./parts.js";

let dialog;
export const showHelp = () => dialog.showModal();

const keys = {
  s: [stop, "stop all chaos, at once"],
  p: [() => (paused.value ? resume() : (paused.value = true)), "pause the stream of exchanges, or let it go on"],
  o: [() => (filter.value = { ...filter.value, touched: !filter.value.touched }), "only touched exchanges, or all"],
  "/": [() => document.getElementById("filter-verb").focus(), "filter by verb"],
  t: [turnTheme, "light or dark"],
  "?": [showHelp, "this"],
};

// typed does what a key stands for, unless it is typed into a field.
function typed(e) {
  if (e.ctrlKey || e.metaKey || e.altKey || e.repeat || e.target.closest("input, select, textarea")) return;
  if (document.querySelector("dialog[open]") && e.key !== "s") return;
  const known = keys[e.key];
  if (!known) return;
  e.preventDefault();
  known[0]();
}

export function Help() {
  const at = useRef();
  useEffect(() => {
    dialog = at.current;
    document.addEventListener("keydown", typed);
  }, []);
  return html`<dialog ref=${at} class="help" aria-label="keys" onClick=${(e) => e.target === at.current && at.current.close()}>
    <form method="dialog"><h2>Keys</h2>
      <dl>${Object.entries(keys).map(([key, [, doc]]) => html`<div key=${key}><dt><${Key}>${key}<//></dt><dd>${doc}</dd></div>`)}</dl>
      <p class="note"><a href="page/licenses.txt">Licenses</a> of what this page is made of</p>
      <button type="button" onClick=${() => at.current.close()}>Close</button></form>
  </dialog>`;
}
