import assert from "node:assert/strict";
import { test } from "node:test";
import { Latency, percentiles } from "../src/latency.js";
import { rates, sum } from "../src/rates.js";
import { parser } from "../src/sse.js";

test("events come whole, however the stream is cut", () => {
  const text = 'retry: 1000\n\n:\n\nid: 1\nevent: exchange\ndata: {"a":"é\\n"}\n\r\nid: 2\ndata: {"b":1}\r\n\r\n';
  for (let cut = 1; cut <= text.length; cut++) {
    const got = [];
    const parse = parser((e) => got.push(e));
    for (let at = 0; at < text.length; at += cut) parse(text.slice(at, at + cut));
    assert.deepEqual(got, [{ a: "é\n" }, { b: 1 }], `in pieces of ${cut}`);
  }
});

test("percentiles count each kind as often as there were exchanges of it", () => {
  // Of 1000 exchanges 10 were touched, and half of the sample is of these.
  const times = [];
  for (let i = 0; i < 10; i++) times.push({ ms: 1000, touched: true }, { ms: 1, touched: false });
  assert.deepEqual(percentiles([...times], { exchanges: 1000, touched: 10 }), [1, 1]);
  assert.deepEqual(percentiles([...times], { exchanges: 1000, touched: 20 }), [1, 1000]);
  assert.deepEqual(percentiles([...times], { exchanges: 0, touched: 0 }), [1, 1000]);
  assert.deepEqual(percentiles([], { exchanges: 5, touched: 0 }), [null, null]);
});

test("the backend's part is from what was passed on to its reply", () => {
  const l = new Latency();
  l.add({ answered: true, ended_ms: 30, forwarded_ms: 20, replied_ms: 25, behavior: "delay" });
  l.add({ answered: true, ended_ms: 1, behavior: "error" }); // never passed on
  l.add({ answered: false, ended_ms: 99 }); // nobody was told anything
  const all = { exchanges: 3, touched: 2 };
  assert.deepEqual(l.take(all), { client: [1, 30], backend: [5, 5] });
  assert.deepEqual(l.take(all), { client: [null, null], backend: [null, null] });
});

test("rates are of what was counted meanwhile", () => {
  const stats = (n, faults, sessions = 1) => ({ stats: { exchanges: n, sessions, bytes_to_backend: n * 10, bytes_to_client: n, faults } });
  assert.deepEqual(rates(stats(100, { delay: 10 }), stats(300, { delay: 20, error: 4 }), 2), {
    exchanges: 100, bytes_to_backend: 1000, bytes_to_client: 100, touched: 7, faults: { delay: 5, error: 2 },
  });
  // Made anew, it counts from zero.
  assert.equal(rates(stats(1000, {}, 9), stats(50, {}, 2), 1).exchanges, 50);
  assert.deepEqual(sum([rates(undefined, stats(5, { a: 1 }), 1), rates(undefined, stats(7, { a: 2 }), 1)]).faults, { a: 3 });
});
