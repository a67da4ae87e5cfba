// How numbers and times are written.

// count writes a number of things: 950, 1,234, 12.3k.
export function count(n) {
  if (n < 10000) return Math.round(n).toLocaleString("en");
  if (n < 1e6) return (n / 1e3).toFixed(1) + "k";
  if (n < 1e9) return (n / 1e6).toFixed(1) + "M";
  return (n / 1e9).toFixed(1) + "G";
}

// rate writes things a second.
export function rate(n) {
  if (n === 0 || n >= 9.95) return count(n);
  return n < 0.05 ? "<0.1" : n.toFixed(1);
}

const units = ["B", "kB", "MB", "GB", "TB"];

// bytes writes a number of bytes, in powers of 1000.
export function bytes(n) {
  let u = 0;
  for (; n >= 999.5 && u < units.length - 1; u++) n /= 1000;
  return (u === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)) + " " + units[u];
}

// ms writes milliseconds with the digits that matter.
export function ms(n) {
  if (n === undefined || n === null) return "–";
  if (n >= 10000) return (n / 1000).toFixed(1) + " s";
  if (n >= 1000) return (n / 1000).toFixed(2) + " s";
  if (n >= 100) return n.toFixed(0) + " ms";
  if (n >= 10) return n.toFixed(1) + " ms";
  return n.toFixed(n >= 1 ? 2 : 3) + " ms";
}

// percent writes a share of 100, with at most two decimals.
export const percent = (n) => +n.toFixed(2) + "%";

// clock writes a time of day, with milliseconds.
export function clock(text) {
  const t = new Date(text);
  return isNaN(t) ? "" : t.toLocaleTimeString("en-GB") + "." + String(t.getMilliseconds()).padStart(3, "0");
}

// seconds reads a duration as the server writes it: 1h2m3.5s, 250ms.
export function seconds(text) {
  const scale = { h: 3600, m: 60, s: 1, ms: 1e-3, µs: 1e-6, ns: 1e-9 };
  let sum = 0;
  for (const [, n, unit] of (text || "").matchAll(/([\d.]+)(h|ms|m|s|µs|ns)/g)) sum += n * scale[unit];
  return sum;
}

// countdown writes seconds left: 9 s, 1:05.
export function countdown(s) {
  const whole = Math.max(0, Math.ceil(s));
  return whole < 60 ? whole + " s" : Math.floor(whole / 60) + ":" + String(whole % 60).padStart(2, "0");
}
