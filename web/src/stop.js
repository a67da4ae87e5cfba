// The one button: all chaos ends at once, and can be put back.
import { computed, signal } from "@preact/signals";
import { call, proxyPath } from "./api.js";
import { proxies, refresh, stopped } from "./store.js";

export const busy = signal(false);
export const trouble = signal(""); // why the last call failed

// stopState is what the banner says; empty: nothing is stopped.
export const stopState = computed(() => {
  const s = stopped.value;
  if (!s?.stopped) return "";
  const since = new Date(s.since).toLocaleTimeString("en-GB");
  const changed = proxies.value && s.proxies.length < proxies.value.length ? " What was changed after that is in force." : "";
  return `Since ${since} plans pass everything and toxics are off.${changed}`;
});

// act does something at the server and says so if it cannot be done.
export async function act(what) {
  if (busy.peek()) return;
  busy.value = true;
  try {
    trouble.value = "";
    await what();
    await refresh();
    return true;
  } catch (e) {
    trouble.value = e.message;
    return false;
  } finally {
    busy.value = false;
  }
}

export const stop = () => act(async () => (stopped.value = await call("POST", "stop")));

export const putBack = () => act(async () => (stopped.value = await call("POST", "resume")));

// cancel ends a plan for a time: the one before it returns.
export const cancel = (p) => act(() => call("DELETE", proxyPath(p.name, "plan")));
