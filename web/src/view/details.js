// All that is known of one exchange.
import { html } from "../html.js";
import { ms } from "../format.js";
import { fates } from "../fates.js";
import { only } from "./filter.js";

export function Details({ e }) {
  return html`<div class="detail">
    <${Times} e=${e} />
    <dl>
      ${Object.entries(e.attributes || {}).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd><code>${String(value)}</code></dd></div>`)}
      <div><dt>connection</dt><dd>${e.client}, session ${e.session}${e.exchange ? `, its exchange ${e.exchange}` : ""}
        <button class="link" onClick=${() => only("session", e.session)}>only this session</button></dd></div>
      <div><dt>decided by</dt><dd>plan ${e.plan} of ${e.proxy}${e.behavior ? `: ${e.behavior}` : ": nothing was chosen"}</dd></div>
      ${e.fate && html`<div><dt>fate</dt><dd>${e.fate}: ${fates[e.fate]?.doc}. ${e.answered ? "The client got an answer." : "The client got no answer."}</dd></div>`}
      ${e.digest && html`<div><dt>digest</dt><dd><code>${e.digest}</code></dd></div>`}
    </dl>
    ${e.deeds?.length > 0 && html`<table class="deeds"><caption class="hidden">what was done</caption>
      <thead><tr><th>done at</th><th>what</th><th>detail</th><th class="n">times</th><th class="n">over after</th><th class="n">for</th><th class="n">later than due</th></tr></thead>
      <tbody>${e.deeds.map((d, i) => html`<tr key=${i}><td>${d.point}</td><td><b>${d.what}</b></td><td>${d.detail || ""}</td><td class="n">${d.times}</td><td class="n">${ms(d.at_ms)}</td><td class="n">${d.for_ms ? ms(d.for_ms) : ""}</td><td class="n">${d.late_ms ? ms(d.late_ms) : ""}</td></tr>`)}</tbody></table>`}
  </div>`;
}

// Times shows where the time went, as a bar.
function Times({ e }) {
  const end = e.ended_ms;
  if (e.type === "begun" || end === undefined) return html`<p class="dim">It is not over yet, or its end was left out.</p>`;
  const parts = [];
  let at = 0;
  const part = (until, name, what) => {
    if (until === undefined || until < at) return;
    parts.push({ name, what, from: at, until });
    at = until;
  };
  part(e.forwarded_ms, "in", "in the proxy, until it was passed on");
  part(e.replied_ms, "backend", "at the backend, until the first of its reply");
  part(end, "out", e.answered ? "until the client had all of the answer" : "until it ended");
  const all = end || 1e-3;
  return html`<div class="times">
    <div class="bar" role="img" aria-label=${parts.map((p) => `${ms(p.until - p.from)} ${p.what}`).join(", ")}>
      ${parts.map((p) => html`<i key=${p.name} class=${p.name} style=${{ flexGrow: (p.until - p.from) / all }} title=${p.what}></i>`)}
    </div>
    <ol>
      <li><i class="mark"></i>arrived <b>0</b></li>
      <li><i class="mark in"></i>passed on <b>${ms(e.forwarded_ms)}</b></li>
      <li><i class="mark backend"></i>replied <b>${ms(e.replied_ms)}</b></li>
      <li><i class="mark out"></i>ended <b>${ms(end)}</b></li>
    </ol>
  </div>`;
}
