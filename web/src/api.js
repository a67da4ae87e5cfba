// Calls of the control server that this page came from. Addresses are relative,
// so that the page works behind meta-vaurien too.
import { signal } from "@preact/signals";

const kept = "vaurien-token";

// needsToken is true when the server has refused the token there is, or none.
export const needsToken = signal(false);

let token = sessionStorage.getItem(kept) || "";

// #token=… brings the token without sending it anywhere.
const given = /^#token=(.+)$/.exec(location.hash);
if (given) {
  keep(decodeURIComponent(given[1]));
  history.replaceState(null, "", location.pathname + location.search);
}

function keep(text) {
  token = text;
  sessionStorage.setItem(kept, token);
}

// tryToken takes a token if the server does, and returns whether it does.
export async function tryToken(text) {
  const before = token;
  token = text.trim();
  try {
    await call("GET", "proxies");
  } catch (e) {
    token = before;
    if (e.status === 401) return false;
    throw e;
  }
  keep(token);
  needsToken.value = false;
  return true;
}

// A Refusal is an answer that says no: its status, its line, and what is wrong
// with which field.
class Refusal extends Error {
  constructor(status, body) {
    super(body.error || `the server answers with status ${status}`);
    this.status = status;
    this.errors = body.errors || [];
  }
}

// open sends a request and returns the response, which is a success.
export async function open(method, path, body, abort) {
  const headers = {};
  if (token) headers.Authorization = "Bearer " + token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: abort,
    redirect: "error",
  });
  if (response.ok) return response;
  const refusal = new Refusal(response.status, await response.json().catch(() => ({})));
  if (refusal.status === 401) needsToken.value = true;
  throw refusal;
}

// patience is how long an answer may take, in milliseconds. No call waits for
// traffic, so a server that takes longer is as good as gone.
const patience = 5000;

// call sends a request and returns what the answer says.
export async function call(method, path, body) {
  const response = await open(method, path, body, AbortSignal.timeout(patience));
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

// proxyPath returns the path of what belongs to a proxy.
export const proxyPath = (name, ...rest) => ["proxies", name, ...rest].map(encodeURIComponent).join("/");
