// What the page knows of the server, asked for each second.
import { batch, computed, effect, signal } from "@preact/signals";
import { call, needsToken } from "./api.js";
import { Latency, span } from "./latency.js";
import { rates, sum } from "./rates.js";
import { listen } from "./stream.js";

// period is how often the server is asked, in milliseconds.
const period = 1000;

// sampled is how many exchanges a second the plots of latency are made of.
const sampled = 400;

export const proxies = signal(null); // null: not known yet
export const catalog = signal(null);
export const link = signal("connecting"); // connecting, live, cut
export const selected = signal(""); // the proxy that is looked at; empty: all
export const now = signal({}); // by proxy: what it does a second
export const scenario = signal(null); // null: the server has none
export const stopped = signal(null); // what the one button did; null: nothing
export const sample = signal({ seen: 0, lost: 0 }); // of exchanges, in the last second

// seconds is the history that the plots show: [{at, rates, client, backend}].
export const seconds = signal([]);

// current is the proxy that is looked at, if it is one.
export const current = computed(() => (proxies.value || []).find((p) => p.name === selected.value));

const has = { scenario: true, stop: true }; // what the server was found not to have is not asked again
let asked; // when the states were got
let latency = new Latency();
let histories = {}; // of what was looked at before

export async function refresh() {
  const byName = await call("GET", "proxies");
  const all = Object.values(byName);
  const at = performance.now();
  const elapsed = (at - asked) / 1000;
  const old = Object.fromEntries((proxies.peek() || []).map((p) => [p.name, p]));
  batch(() => {
    proxies.value = all;
    link.value = "live";
    if (selected.peek() && !byName[selected.peek()]) selected.value = "";
    if (asked && elapsed > 0.2) {
      now.value = Object.fromEntries(all.filter((p) => old[p.name]).map((p) => [p.name, rates(old[p.name], p, elapsed)]));
      advance();
    }
  });
  if (!asked || elapsed > 0.2) asked = at;
}

// advance adds a second to the history.
function advance() {
  const name = selected.peek();
  const r = name ? now.peek()[name] : sum(Object.values(now.peek()));
  const times = latency.take(r || sum([]));
  seconds.value = [...seconds.peek().slice(1 - span), { at: Date.now(), rates: r || null, ...times }];
  sample.value = counted;
  counted = { seen: 0, lost: 0 };
}

// optional asks for something that a server need not have.
async function optional(what, path, into) {
  if (!has[what]) return;
  try {
    into.value = await call("GET", path);
  } catch (e) {
    if (e.status === 404 || e.status === 405) {
      has[what] = false;
      into.value = null;
    } else {
      throw e;
    }
  }
}

async function ask() {
  try {
    if (!catalog.peek()) catalog.value = await call("GET", "catalog");
    await refresh();
    await optional("scenario", "scenario", scenario);
    await optional("stop", "stop", stopped);
  } catch {
    if (!needsToken.peek()) link.value = "cut";
    asked = undefined;
    has.scenario = has.stop = true; // perhaps another server answers next
  }
}

export function start() {
  const tick = async () => {
    if (!document.hidden && !needsToken.peek()) await ask();
    setTimeout(tick, period);
  };
  tick();
  effect(watchLatency);
}

let counted = { seen: 0, lost: 0 };

// visible follows whether anybody can see the page: a browser has few
// connections for one server, and a hidden page is to keep none of them.
export const visible = signal(!document.hidden);
document.addEventListener("visibilitychange", () => (visible.value = !document.hidden));

// watchLatency listens to a sample of what is looked at.
function watchLatency() {
  const name = selected.value;
  if (!visible.value || needsToken.value) return;
  latency = new Latency();
  seconds.value = histories[name] || [];
  const query = new URLSearchParams({ type: "exchange", rate: sampled });
  if (name) query.set("proxy", name);
  const end = listen(
    () => "events?" + query,
    (e) => {
      if (e.type === "lost") {
        counted.lost += e.count;
      } else if (e.type === "exchange") {
        counted.seen++;
        latency.add(e);
      }
    },
    () => {},
  );
  return () => {
    end();
    histories = { ...histories, [name]: [...seconds.peek(), gap()] };
  };
}

// gap is a second of which nothing is known.
const gap = () => ({ at: Date.now(), rates: null, client: [null, null], backend: [null, null] });
