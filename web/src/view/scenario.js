// The scenario that is played, or the last one, with its steps and rails.
import { signal } from "@preact/signals";
import { call } from "../api.js";
import { html } from "../html.js";
import { scenario } from "../store.js";
import { act } from "../stop.js";
import { Sign } from "./parts.js";

const dismissed = signal(""); // the id of the scenario that nobody wants to see any more

const signs = {
  pending: "M8 3a5 5 0 1 0 .1 0",
  active: "M5 3l8 5-8 5z",
  over: "M3 8l4 4 6-8",
  stopped: "M4 4h8v8H4z",
  failed: "M4 4l8 8M12 4l-8 8",
  skipped: "M3 8h10",
  holds: "M3 8l4 4 6-8",
  failing: "M8 3v6M8 12v.5",
  tripped: "M4 4l8 8M12 4l-8 8",
};

const end = () => act(async () => (scenario.value = await call("DELETE", "scenario")));
const release = (step) => act(async () => (scenario.value = await call("POST", "scenario/release/" + encodeURIComponent(step))));

export function Scenario() {
  const s = scenario.value;
  if (!s || s.state === "idle" || s.id === dismissed.value) return null;
  const live = s.state === "running" || s.state === "checking";
  return html`<section class="panel scenario" aria-label="scenario">
    <header><h2>${s.name || "Scenario"}</h2><span class=${"state " + s.state}>${s.state}</span>
      <span class="dim">${[s.elapsed && `${whole(s.elapsed)} so far`, s.left && `${s.left} left`, s.lease && `lease: ${s.lease.left} left of ${s.lease.every}`].filter(Boolean).join(", ")}</span>
      <span class="right">${live
        ? html`<button onClick=${end}>Stop the scenario</button>`
        : html`<button class="quiet" onClick=${() => (dismissed.value = s.id)}>Dismiss</button>`}</span></header>
    ${s.reason && html`<p class="reason">${s.reason}</p>`}
    ${s.problems?.map((p) => html`<p key=${p} class="problem">${p}</p>`)}
    <ol class="steps">${s.steps.map((step) => html`<li key=${step.number} class=${step.state}>
      <${Sign} d=${signs[step.state] || signs.pending} /><span class="hidden">${step.state}</span>
      <b>${step.name}</b><span class="does">${[step.proxy, step.does].filter(Boolean).join(": ")}${step.round ? ` (round ${step.round})` : ""}</span>
      <span class="when">${when(step)}</span>
      ${step.state === "active" && step.until === "released" && html`<button onClick=${() => release(step.number)}>Release</button>`}</li>`)}</ol>
    ${s.rails.length > 0 && html`<ul class="steps rails">${s.rails.map((r, i) => html`<li key=${i} class=${r.state}>
      <${Sign} d=${signs[r.state] || signs.pending} /><b>${r.state}</b><span class="does">${r.rail}</span>
      <span class="when">${[r.last, r.failures ? `${r.failures} of ${r.limit} failures` : ""].filter(Boolean).join(", ")}</span></li>`)}</ul>`}
  </section>`;
}

// whole writes a duration without fractions of seconds.
const whole = (text) => text.replace(/(\d+)\.\d+s/, "$1s");

function when(step) {
  if (step.begins_in) return "in " + step.begins_in;
  if (step.state !== "active") return step.state;
  return [step.percent, step.left ? step.left + " left" : step.until ? "until " + step.until : ""].filter(Boolean).join(", ");
}
