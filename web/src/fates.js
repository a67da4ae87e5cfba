// What can become of an exchange. Each fate has a word, a sign and a color, and
// is never told by the color alone.
export const fates = {
  passed: { sign: "M3 8h10M9 4l4 4-4 4", doc: "nothing was done to it" },
  delayed: { sign: "M8 2a6 6 0 1 0 .1 0M8 4.5V8l2.5 2", doc: "it was late, or slow" },
  failed: { sign: "M4 4l8 8M12 4l-8 8", doc: "it was answered with an error made by the proxy" },
  dropped: { sign: "M8 2a6 6 0 1 0 .1 0M4 12l8-8", doc: "it, or its reply, was thrown away" },
  closed: { sign: "M4 4h8v8H4z", doc: "its connection was closed" },
  reset: { sign: "M9 2L4 9h4l-1 5 5-7H8z", doc: "its connection was reset" },
  held: { sign: "M5.5 3v10M10.5 3v10", doc: "it met silence, for as long as its session or the plan lasted" },
  altered: { sign: "M3 6h10M3 10h10M11 3L5 13", doc: "its bytes are others, or come otherwise" },
  unfinished: { sign: "M2 8h2M7 8h2M12 8h2", doc: "its session ended before the answer" },
  begun: { sign: "M8 3a5 5 0 1 0 5 5", doc: "it is under way" },
};

// fateNames are those to choose from.
export const fateNames = Object.keys(fates).filter((f) => f !== "begun");
