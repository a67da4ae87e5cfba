// Latency as clients see it beside the backend's own part of it, second by
// second, from a sample of all exchanges.

// span is how many seconds are kept.
export const span = 120;

// touched says whether anything was done to an exchange.
export const touched = (e) => Boolean(e.behavior || e.deeds?.length);

// A Latency collects the times of exchanges.
export class Latency {
  client = [];
  backend = [];

  add(e) {
    const t = touched(e);
    if (e.answered) this.client.push({ ms: e.ended_ms, touched: t });
    if (e.replied_ms !== undefined && e.forwarded_ms !== undefined) {
      this.backend.push({ ms: e.replied_ms - e.forwarded_ms, touched: t });
    }
  }

  // take returns the percentiles of what was collected since the last call.
  // rates says how many exchanges there were: of those that were touched, the
  // server sends a larger part than of the others.
  take(rates) {
    const out = { client: percentiles(this.client, rates), backend: percentiles(this.backend, rates) };
    this.client = [];
    this.backend = [];
    return out;
  }
}

// percentiles returns the median and the 99th percentile, by nearest rank, of
// times in which either kind has the weight that it has among all exchanges;
// nulls of nothing.
export function percentiles(times, rates) {
  if (!times.length) return [null, null];
  times.sort((a, b) => a.ms - b.ms);
  const some = times.filter((t) => t.touched).length;
  const weigh = (all, sampled) => (sampled ? Math.max(all, sampled) / sampled : 0);
  const weights = { true: weigh(rates.touched, some), false: weigh(rates.exchanges - rates.touched, times.length - some) };
  const total = times.reduce((sum, t) => sum + weights[t.touched], 0);
  return [0.5, 0.99].map((p) => {
    let sum = 0;
    for (const t of times) if ((sum += weights[t.touched]) >= p * total - 1e-9) return t.ms;
    return times.at(-1).ms;
  });
}
