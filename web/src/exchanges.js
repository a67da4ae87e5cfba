// The stream of exchanges and sessions, newest first.
import { batch, effect, signal } from "@preact/signals";
import { call, needsToken } from "./api.js";
import { visible } from "./store.js";
import { listen } from "./stream.js";

// most is how many rows are kept: more than anybody reads, few enough to be drawn at once.
const most = 250;

// shown is how many exchanges a second are asked for, and past how many of those before.
const shown = 60;
const past = 200;

// pace is how often what came is drawn, in milliseconds.
const pace = 400;

export const filter = signal({ proxy: "", verb: "", behavior: "", fate: "", session: "", touched: false });
export const rows = signal([]);
export const sessions = signal([]);
export const paused = signal(false);
export const waiting = signal(0); // rows that came while paused
export const leftOut = signal(0); // events that the server did not send, so far
export const stream = signal("connecting"); // open, cut, absent, or the server's word against the filter

let arrived = []; // since rows were drawn, the oldest first
let lost = 0;
let losses = 0; // the number of reports of losses so far

const idOf = (e) => `${e.proxy} ${e.session}.${e.exchange}`;
const sessionId = (e) => `${e.proxy} ${e.session}`;

// draw takes what arrived over into what is shown.
function draw() {
  batch(() => {
    if (lost) {
      leftOut.value += lost;
      lost = 0;
    }
    if (paused.peek()) {
      waiting.value = arrived.filter((e) => e.type !== "session").length;
      arrived = arrived.slice(-most);
      return;
    }
    if (!arrived.length) return;
    const came = arrived;
    arrived = [];
    waiting.value = 0;
    takeExchanges(came.filter((e) => e.type !== "session"));
    takeSessions(came);
  });
}

// takeExchanges puts exchanges on top; the end of one that is shown takes its place.
function takeExchanges(came) {
  if (!came.length) return;
  const old = rows.peek();
  const where = new Map(old.map((row, i) => [row.id, i]));
  const next = [...old];
  const fresh = [];
  for (const e of came) {
    const row = { id: idOf(e), event: e, losses };
    const at = where.get(row.id);
    if (at === undefined) {
      where.set(row.id, -1 - fresh.length);
      fresh.push(row);
    } else if (at >= 0) {
      next[at] = row;
    } else {
      fresh[-1 - at] = row;
    }
  }
  rows.value = [...fresh.reverse(), ...next].slice(0, most);
}

function takeSessions(came) {
  const all = new Map(sessions.peek().map((s) => [s.id, s]));
  for (const e of came) {
    const id = sessionId(e);
    const old = all.get(id);
    if (e.type === "session") {
      all.delete(id); // it moves to the top
      all.set(id, { ...old, id, proxy: e.proxy, session: e.session, client: e.client, changed: e.time, ...ofSession(e, old) });
    } else if (!old) {
      all.set(id, { id, proxy: e.proxy, session: e.session, client: e.client, changed: e.time, state: "open", exchanges: e.exchange });
    } else if (old.state === "open") {
      all.set(id, { ...old, exchanges: Math.max(old.exchanges || 0, e.exchange) });
    }
  }
  const list = [...all.values()];
  sessions.value = list.slice(-most);
}

function ofSession(e, old) {
  if (e.state === "open") return { state: "open", opened: e.time };
  return {
    state: "closed", opened: old?.opened, exchanges: e.exchanges,
    toBackend: e.bytes_to_backend, toClient: e.bytes_to_client,
  };
}

// known says whether it is known that an exchange is still under way: its end
// may be among what was left out.
export const known = (row) => row.losses === losses;

export function clear() {
  arrived = [];
  rows.value = [];
  waiting.value = 0;
  leftOut.value = 0;
}

export function resume() {
  paused.value = false;
  draw();
}

// start listens to what the filter lets through, and again when it changes.
export function start() {
  setInterval(draw, pace);
  effect(() => {
    const f = filter.value;
    if (!visible.value || needsToken.value) return;
    // What has only begun has no fate yet.
    const wanted = { type: f.fate ? "exchange,session" : "exchange,begun,session" };
    for (const [name, value] of Object.entries(f)) if (value) wanted[name] = value;
    clear();
    sessions.value = [];
    let last; // the number of the last event that is known
    const path = async () => {
      if (last === undefined) {
        const look = await call("GET", "events?" + new URLSearchParams({ ...wanted, format: "json", limit: past }));
        arrived.push(...look.events);
        last = look.last;
      }
      return "events?" + new URLSearchParams({ ...wanted, rate: shown, since: last });
    };
    return listen(
      path,
      (e) => {
        last = e.id ?? last;
        if (e.type === "lost") {
          lost += e.count;
          losses++;
        } else {
          arrived.push(e);
        }
      },
      (state) => (stream.value = state),
    );
  });
}
