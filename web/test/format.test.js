import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, count, countdown, ms, percent, rate, seconds } from "../src/format.js";

const table = (name, f, cases) => test(name, () => cases.forEach(([from, to]) => assert.equal(f(from), to, String(from))));

table("count", count, [[0, "0"], [950.4, "950"], [1234, "1,234"], [12345, "12.3k"], [1.5e6, "1.5M"], [2e9, "2.0G"]]);
table("rate", rate, [[0, "0"], [0.01, "<0.1"], [0.5, "0.5"], [9.94, "9.9"], [10, "10"], [20000, "20.0k"]]);
table("bytes", bytes, [[0, "0 B"], [999, "999 B"], [1000, "1.0 kB"], [123456, "123 kB"], [1.5e9, "1.5 GB"]]);
table("ms", ms, [[undefined, "–"], [null, "–"], [0.2154, "0.215 ms"], [1.5, "1.50 ms"], [15.25, "15.3 ms"], [150, "150 ms"], [2000, "2.00 s"], [30000, "30.0 s"]]);
table("percent", percent, [[20, "20%"], [0.126, "0.13%"], [33.3, "33.3%"]]);
table("seconds", seconds, [["", 0], [undefined, 0], ["250ms", 0.25], ["30s", 30], ["1m30s", 90], ["1h0m0.5s", 3600.5]]);
table("countdown", countdown, [[-1, "0 s"], [8.2, "9 s"], [60, "1:00"], [299.5, "5:00"]]);
