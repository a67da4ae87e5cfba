// Asks for the token that the server asks for.
import { useEffect, useRef, useState } from "preact/hooks";
import { needsToken, tryToken } from "../api.js";
import { html } from "../html.js";
import { Problem } from "./parts.js";

export function Token() {
  const at = useRef();
  const [problem, setProblem] = useState("");
  const wanted = needsToken.value;
  useEffect(() => {
    if (wanted && !at.current.open) at.current.showModal();
    if (!wanted && at.current.open) at.current.close();
  }, [wanted]);
  const submit = async (e) => {
    e.preventDefault();
    try {
      setProblem((await tryToken(new FormData(e.target).get("token"))) ? "" : "That is not the token of this server.");
    } catch (e) {
      setProblem(e.message);
    }
  };
  return html`<dialog ref=${at} class="token" aria-label="token" onCancel=${(e) => e.preventDefault()}>
    <form onSubmit=${submit}><h2>This server asks for its token</h2>
      <p class="dim">It is what Vaurien was started with: <code>--http-token</code> or <code>VAURIEN_HTTP_TOKEN</code>. This tab keeps it until it is closed.</p>
      <label>token <input name="token" type="password" autocomplete="off" required /></label>
      <${Problem} text=${problem} />
      <button class="go">Let me in</button></form>
  </dialog>`;
}
