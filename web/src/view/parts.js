// Small parts that several views use.
import { fates } from "../fates.js";
import { html } from "../html.js";

// Sign is a small line drawing.
export const Sign = ({ d }) => html`<svg class="sign" viewBox="0 0 16 16" aria-hidden="true"><path d=${d} /></svg>`;

// FateTag is a fate as a colored sign and its word.
export const FateTag = ({ fate, word }) => {
  const f = fates[fate] || fates.altered;
  return html`<span class=${"fate f-" + fate} title=${f.doc}><${Sign} d=${f.sign} />${word || fate}</span>`;
};

// Problem is what the server says of a field, beside it.
export const Problem = ({ id, text }) => text && html`<p class="problem" id=${id} role="alert">${text}</p>`;

// Key is a key to press.
export const Key = ({ children }) => html`<kbd>${children}</kbd>`;

// Shares is a bar of a hundred percent: each part, and what is left.
export const Shares = ({ parts }) => html`<span class="shares" aria-hidden="true">
  ${parts.map((p, i) => html`<i key=${i} class=${"tone t" + (i % 4)} style=${{ width: Math.min(100, p.weight) + "%" }}></i>`)}
</span>`;
