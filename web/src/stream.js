// Server-sent events, read from a response's body rather than by EventSource,
// which can neither send a token nor tell why it was refused.
import { open } from "./api.js";
import { parser } from "./sse.js";

// Waits between attempts to connect, in milliseconds.
const firstWait = 250;
const longestWait = 4000;

// silence is after how many milliseconds without a byte a stream is taken for
// dead; the server sends a comment each 15 s.
const silence = 40000;

// listen calls onEvent with each event of what path() names, which is asked at
// each attempt to connect, until the function that it
// returns is called. onState is told "open", "cut" or "absent", which is when
// the server has no events.
export function listen(path, onEvent, onState) {
  const ended = new AbortController();
  run(path, onEvent, onState, ended.signal);
  return () => ended.abort();
}

async function run(path, onEvent, onState, ended) {
  let wait = firstWait;
  while (!ended.aborted) {
    const quiet = new AbortController();
    let timer;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), silence);
    };
    try {
      heard();
      const response = await open("GET", await path(), undefined, AbortSignal.any([ended, quiet.signal]));
      onState("open");
      wait = firstWait;
      const parse = parser(onEvent);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        heard();
        parse(value);
      }
    } catch (e) {
      if (ended.aborted) return;
      if (e.status === 404) {
        onState("absent");
        wait = longestWait;
      }
    } finally {
      clearTimeout(timer);
    }
    if (ended.aborted) return;
    onState("cut");
    await new Promise((next) => setTimeout(next, wait));
    wait = Math.min(2 * wait, longestWait);
  }
}
