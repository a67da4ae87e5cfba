// A field for one option, as its type wants it.
import { html } from "../html.js";
import { Problem } from "./parts.js";

const examples = { duration: "as in 150ms, 2, 1m30s", size: "as in 500, 64KiB, 10MB" };

export function Field({ id, option: o, text, effective, problem, protocol, set }) {
  const attributes = {
    id, "aria-describedby": id + "-doc " + id + "-problem", "aria-invalid": Boolean(problem),
  };
  const failure = o.name === "kind" && protocol?.failures?.find((f) => f.name === text);
  return html`<div class=${"field " + (o.name === "match" ? "wide" : "")}>
    <label for=${id}>${o.name}</label>
    ${input(o, attributes, text, effective, protocol, set)}
    <p class="doc" id=${id + "-doc"}>${failure ? `${failure.doc}; then the connection ${failure.effect}` : [o.doc, bounds(o), examples[o.type]].filter(Boolean).join("; ")}</p>
    ${o.name === "match" && protocol?.attributes?.length > 0 && html`<${Names} of=${protocol.attributes} add=${(name) => set(text ? `${text} && ${name} == ` : name + " == ")} />`}
    <${Problem} id=${id + "-problem"} text=${problem} />
  </div>`;
}

function input(o, attributes, text, effective, protocol, set) {
  const write = (e) => set(e.target.value);
  const unset = effective === "" ? "none" : effective;
  if (o.name === "kind" && protocol?.failures?.length) {
    const phases = [...new Set(protocol.failures.map((f) => f.phase))];
    return html`<select ...${attributes} onChange=${write}>
      <option value="" selected=${!text}>drawn by the dice</option>
      ${phases.map((phase) => html`<optgroup key=${phase} label=${phase}>
        ${protocol.failures.filter((f) => f.phase === phase).map((f) => html`<option key=${f.name} value=${f.name} selected=${f.name === text} title=${f.doc}>${f.name}</option>`)}</optgroup>`)}
    </select>`;
  }
  if (o.type === "choice" || o.type === "bool") {
    const choices = o.type === "bool" ? ["true", "false"] : o.choices;
    return html`<select ...${attributes} onChange=${write}>
      ${!text && html`<option value="" selected>${unset}</option>`}
      ${choices.map((c) => html`<option key=${c} value=${c} selected=${c === text}>${c}</option>`)}</select>`;
  }
  return html`<input ...${attributes} value=${text} placeholder=${unset} onInput=${write} autocomplete="off" spellcheck=${false}
    inputmode=${o.type === "integer" ? "numeric" : o.type === "number" ? "decimal" : "text"} />`;
}

function bounds(o) {
  if (o.min && o.max) return `${o.min} to ${o.max}`;
  return o.max ? `at most ${o.max}` : "";
}

// Names are what a condition may ask of a request.
const Names = ({ of, add }) => html`<p class="names">${of.map((a) => html`<button key=${a.name} type="button" class="chip" title=${`${a.doc} (${a.type})`} onClick=${() => add(a.name)}>${a.name}</button>`)}</p>`;
