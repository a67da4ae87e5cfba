// What proxies do in a second, from what they have counted.

const counters = ["exchanges", "bytes_to_backend", "bytes_to_client"];

// rates returns what happened between two states of a proxy, a second. A proxy
// that was made anew begins at zero.
export function rates(before, now, elapsed) {
  const anew = !before || now.stats.exchanges < before.stats.exchanges || now.stats.sessions < before.stats.sessions;
  const old = anew ? { faults: {} } : before.stats;
  const out = { faults: {}, touched: 0 };
  for (const c of counters) out[c] = (now.stats[c] - (old[c] || 0)) / elapsed;
  for (const [behavior, n] of Object.entries(now.stats.faults)) {
    const r = (n - (old.faults[behavior] || 0)) / elapsed;
    out.faults[behavior] = r;
    out.touched += r;
  }
  return out;
}

// sum adds what several proxies do.
export function sum(all) {
  const out = { faults: {}, touched: 0 };
  for (const c of counters) out[c] = 0;
  for (const r of all) {
    for (const c of counters) out[c] += r[c];
    out.touched += r.touched;
    for (const [b, n] of Object.entries(r.faults)) out.faults[b] = (out.faults[b] || 0) + n;
  }
  return out;
}
