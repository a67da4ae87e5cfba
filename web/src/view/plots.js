// Throughput, latency, and what was done by which behavior.
import { bytes, count, ms, rate } from "../format.js";
import { html } from "../html.js";
import { current, now, proxies, sample, seconds, selected } from "../store.js";
import { sum } from "../rates.js";
import { stream } from "../exchanges.js";
import { Plot } from "./plot.js";

const throughput = [
  { label: "exchanges/s", color: "c-all", fill: true },
  { label: "touched/s", color: "c-touched", fill: true },
];
const latencies = [
  { label: "client p50", color: "c-client" },
  { label: "client p99", color: "c-client", dash: true },
  { label: "backend p50", color: "c-backend" },
  { label: "backend p99", color: "c-backend", dash: true },
];

export function Plots() {
  const history = seconds.value;
  const end = history.at(-1)?.at || 0;
  const times = history.map((s) => (s.at - end) / 1000);
  const last = history.at(-1);
  return html`<div class="plots">
    <${Plot} title="Throughput" lines=${throughput} write=${rate}
      rows=${[times, history.map((s) => s.rates?.exchanges ?? null), history.map((s) => s.rates?.touched ?? null)]}
      legend=${volume(last?.rates)} />
    <${Plot} title="Latency" lines=${latencies} write=${tick} log
      rows=${[times, ...[0, 1].map((i) => history.map((s) => positive(s.client[i]))), ...[0, 1].map((i) => history.map((s) => positive(s.backend[i])))]}
      legend=${latencies.map((l, i) => ({ ...l, value: ms(last && [...last.client, ...last.backend][i]) }))} note=${basis()} />
    <${Faults} />
  </div>`;
}

// positive keeps a time on the logarithmic scale: nothing takes less than 1 µs.
const positive = (v) => (v === null ? null : Math.max(v, 0.001));

// tick writes a power of ten of milliseconds.
const tick = (v) => (v >= 1000 ? v / 1000 + " s" : v >= 1 ? v + " ms" : +(v * 1000).toPrecision(1) + " µs");

// looked returns the states of what is looked at.
const looked = () => (current.value ? [current.value] : proxies.value || []);

function volume(r) {
  return [
    { ...throughput[0], value: r ? rate(r.exchanges) : "–" },
    { label: "to backend", value: r ? bytes(r.bytes_to_backend) + "/s" : "–" },
    { ...throughput[1], value: r ? rate(r.touched) : "–" },
    { label: "to client", value: r ? bytes(r.bytes_to_client) + "/s" : "–" },
  ];
}

// basis says what the latencies are made of.
function basis() {
  if (stream.value === "absent") return "This server does not tell of single exchanges.";
  const { seen, lost } = sample.value;
  if (!lost) return "as clients see it, and the backend's part";
  return `from a sample of ${count(seen)} exchanges in ${count(seen + lost)}`;
}

function Faults() {
  const all = {};
  let exchanges = 0;
  for (const p of looked()) {
    exchanges += p.stats.exchanges;
    for (const [b, n] of Object.entries(p.stats.faults)) all[b] = (all[b] || 0) + n;
  }
  const r = selected.value ? now.value[selected.value] : sum(Object.values(now.value));
  const list = Object.entries(all).sort((a, b) => b[1] - a[1]);
  const most = list.length ? list[0][1] : 1;
  return html`<figure class="panel faults">
    <figcaption><h2>Touched, by behavior</h2></figcaption>
    ${list.length
      ? html`<ul>${list.map(([b, n]) => html`<li key=${b}>
          <span class="what">${b}</span><span class="bar"><i style=${{ width: (100 * n) / most + "%" }}></i></span>
          <b>${count(n)}</b><span class="dim">${rate(r?.faults[b] || 0)}/s</span></li>`)}</ul>
        <p class="note">of ${count(exchanges)} exchanges since the start</p>`
      : html`<p class="next">Nothing was done to any exchange so far. ${looked().length ? "Give a proxy a plan: press Plan above." : ""}</p>`}
  </figure>`;
}
