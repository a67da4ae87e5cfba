// What is being written in the form, and what the server says of it. A draft is
// checked by the server alone, which knows best, each time it changes.
import { batch, computed, signal } from "@preact/signals";
import { call, proxyPath } from "./api.js";
import { proxies, refresh } from "./store.js";

// pause is how long nobody types before a draft is checked, in milliseconds.
const pause = 250;

export const target = signal(""); // the proxy whose form is open; empty: none is
export const what = signal("plan"); // or toxics
export const items = signal([]); // {key, name, toxic, weight, lasts, options}
export const lasts = signal(""); // how long the plan is to last; empty: until it is changed
export const verdict = signal({ state: "same", errors: {}, line: "" }); // same, checking, right, wrong, sent
export const inForce = signal([]); // every option as it would be in force, by item

let keys = 0;
let loaded = ""; // what was in force when the form was filled
let checks = 0;
let timer;

export const proxy = computed(() => (proxies.value || []).find((p) => p.name === target.value));

// left is what the weights of all others leave to one of the plan's items.
export const left = (key) => 100 - items.value.filter((i) => i.key !== key).reduce((sum, i) => sum + i.weight, 0);

const present = (p) => JSON.stringify(what.peek() === "plan" ? p.plan.entries : p.toxics.map((t) => ({ ...t, for: Boolean(t.for) })));

// changedMeanwhile is true when somebody else has changed what the form was filled with.
export const changedMeanwhile = computed(() => proxy.value && what.value && verdict.value.state !== "sent" && present(proxy.value) !== loaded);

// load fills the form with what is in force.
export function load(p, kind) {
  batch(() => {
    target.value = p.name;
    what.value = kind;
    loaded = present(p);
    lasts.value = "";
    const list = kind === "plan" ? p.plan.entries : p.toxics;
    items.value = list.map((e) => ({
      key: ++keys, name: e.behavior || e.name, toxic: e.behavior ? e.name : "", weight: e.behavior ? e.percent : e.weight,
      lasts: (e.behavior && e.for) || "", options: { ...e.options },
    }));
    inForce.value = list.map((e) => e.options);
    verdict.value = { state: "same", errors: {}, line: "" };
  });
}

export function close() {
  clearTimeout(timer);
  checks++;
  target.value = "";
}

// change changes one item.
export function change(key, how) {
  set(items.value.map((i) => (i.key === key ? { ...i, ...how } : i)));
}

export const setOption = (key, name, text) =>
  change(key, { options: { ...items.value.find((i) => i.key === key).options, [name]: text } });

export const remove = (key) => set(items.value.filter((i) => i.key !== key));

export function add(name) {
  const weight = what.value === "plan" ? Math.max(0, Math.min(20, left())) : 100;
  set([...items.value, { key: ++keys, name, toxic: "", weight, lasts: "", options: {} }]);
}

function set(list) {
  items.value = list;
  touch();
}

export function setLasts(text) {
  lasts.value = text;
  touch();
}

// touch has the draft checked soon.
function touch() {
  clearTimeout(timer);
  verdict.value = { ...verdict.value, state: "checking" };
  const mine = ++checks;
  timer = setTimeout(() => check(mine), pause);
}

// request is the call that puts the draft in force.
function request() {
  const list = items.value.map((i) => {
    const options = Object.fromEntries(Object.entries(i.options).filter(([, text]) => text !== ""));
    if (what.value === "plan") return { weight: i.weight, name: i.name, options };
    return { ...(i.toxic && { name: i.toxic }), behavior: i.name, percent: i.weight, options, ...(i.lasts && { for: i.lasts }) };
  });
  if (what.value === "plan") {
    return ["PUT", proxyPath(target.value, "plan"), { entries: list, ...(lasts.value && { for: lasts.value }) }];
  }
  return ["PATCH", proxyPath(target.value), { toxics: list }];
}

async function check(mine) {
  const [method, path, body] = request();
  try {
    const p = await call(method, path + "?dry-run=true", body);
    if (mine !== checks) return;
    inForce.value = (what.value === "plan" ? p.plan.entries : p.toxics).map((e) => e.options);
    verdict.value = { state: "right", errors: {}, line: "" };
  } catch (e) {
    if (mine === checks) verdict.value = wrong(e);
  }
}

// wrong sorts what the server says by the field that it is about.
function wrong(e) {
  const errors = {};
  const rest = [];
  for (const { field, problem } of e.errors || []) {
    const known = /^(?:entries|toxics)\[(\d+)\](?:\.options)?(?:\.(.+))?$/.exec(field || "");
    const item = known && items.value[known[1]];
    if (item) errors[item.key + "." + (known[2] || "name")] = problem;
    else if (field === "for") errors.for = problem;
    else rest.push(problem);
  }
  const line = rest.join("; ") || (Object.keys(errors).length ? "" : e.message);
  return { state: "wrong", errors, line };
}

// send puts the draft in force, and returns whether it is.
export async function send() {
  clearTimeout(timer);
  checks++;
  const [method, path, body] = request();
  try {
    await call(method, path, body);
    verdict.value = { state: "sent", errors: {}, line: "" };
    await refresh();
    return true;
  } catch (e) {
    verdict.value = wrong(e);
    return false;
  }
}
