// html`…` makes elements. Whatever is put into it is text or an attribute's
// value, never HTML.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
