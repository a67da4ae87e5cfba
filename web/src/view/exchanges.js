// The stream of exchanges, with what was done to them.
import { signal } from "@preact/signals";
import { filter, known, leftOut, paused, rows, stream } from "../exchanges.js";
import { clock, count, ms } from "../format.js";
import { html } from "../html.js";
import { memo } from "../memo.js";
import { proxies } from "../store.js";
import { Details } from "./details.js";
import { Filter } from "./filter.js";
import { FateTag } from "./parts.js";

const opened = signal(""); // the row whose details are shown
const here = signal(""); // the row that Tab goes to

export function Exchanges() {
  return html`<section class="panel stream" aria-label="exchanges">
    <${Filter} />
    ${rows.value.length ? html`<${Table} />` : html`<${Empty} />`}
    <p class="note">
      ${leftOut.value > 0 && html`<span class="left-out">${count(leftOut.value)} more were left out: the list is a sample. A narrower filter shows more. </span>`}
      Newest first. ↑ ↓ go through the list, Enter opens.
    </p>
  </section>`;
}

function Table() {
  const at = rows.value.some((r) => r.id === here.value) ? here.value : rows.value[0].id;
  return html`<div class="scroll"><table class="list" onKeyDown=${walk}>
    <thead><tr><th>time</th><th>proxy</th><th>request</th><th>fate</th><th>behavior</th><th class="n">client saw</th><th class="n">backend took</th></tr></thead>
    <tbody>${rows.value.map((row) => html`<${Row} key=${row.id} row=${row} live=${row.event.type === "begun" && known(row)} open=${opened.value === row.id} here=${at === row.id} />`)}</tbody>
  </table></div>`;
}

// Row is drawn again only when something of it changes.
const Row = memo(({ row, live, open, here: inTabs }) => {
  const e = row.event;
  const turn = () => {
    opened.value = open ? "" : row.id;
    here.value = row.id;
    if (!open) paused.value = true; // what is read is not to move away
  };
  const backend = e.replied_ms !== undefined && e.forwarded_ms !== undefined ? e.replied_ms - e.forwarded_ms : undefined;
  return html`
    <tr class=${"exchange" + (open ? " open" : "") + (e.behavior ? " was-touched" : "")} tabindex=${inTabs ? 0 : -1} aria-expanded=${open} onClick=${turn}>
      <td class="time">${clock(e.time)}</td>
      <td>${e.proxy}</td>
      <td class="request"><b>${e.verb || (e.exchange ? "" : "connection")}</b> ${about(e)}</td>
      <td>${e.type === "begun" ? html`<${FateTag} fate="begun" word=${live ? "under way" : "end not seen"} />` : html`<${FateTag} fate=${e.fate} />`}</td>
      <td>${e.behavior || html`<span class="dim">–</span>`}</td>
      <td class="n">${e.type === "begun" ? "" : ms(e.ended_ms)}</td>
      <td class="n">${e.type === "begun" ? "" : ms(backend)}</td>
    </tr>
    ${open && html`<tr class="details"><td colspan="7"><${Details} e=${e} /></td></tr>`}`;
});

// about is what of a request tells it from others. The details have all.
const about = (e) =>
  Object.entries(e.attributes || {})
    .filter(([name, v]) => v !== "" && v !== false && v !== e.verb && name !== "host")
    .map(([, v]) => v)
    .join(" ");

// walk moves from row to row.
function walk(e) {
  const row = e.target.closest("tr.exchange");
  if (!row) return;
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[e.key];
  if (step) {
    let to = row[step];
    while (to && !to.classList.contains("exchange")) to = to[step];
    to?.focus();
  } else if (e.key === "Enter" || e.key === " ") {
    row.click();
  } else {
    return;
  }
  e.preventDefault();
}

function Empty() {
  if (stream.value === "absent") return html`<p class="next">This server does not tell of single exchanges: it has no <code>GET /events</code>.</p>`;
  if (stream.value === "cut") return html`<p class="next">Cut off from the stream. Trying again …</p>`;
  if (Object.values(filter.value).some(Boolean)) return html`<p class="next">Nothing that the filter lets through has come yet.</p>`;
  const first = (proxies.value || [])[0];
  return html`<p class="next">No exchanges yet.${first && html` Point your application at <code>${first.proxy}</code>, then watch them here.`}</p>`;
}
