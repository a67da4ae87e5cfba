// The format of server-sent events.

// parser returns a function that takes a stream's text in pieces and calls
// onEvent with the JSON of each message's data.
export function parser(onEvent) {
  let rest = "";
  let data = "";
  return (piece) => {
    rest += piece;
    for (;;) {
      const end = rest.indexOf("\n");
      if (end < 0) return;
      const line = rest.slice(0, end).replace(/\r$/, "");
      rest = rest.slice(end + 1);
      if (line.startsWith("data:")) {
        data += line.slice(5);
      } else if (line === "" && data) {
        const text = data;
        data = "";
        onEvent(JSON.parse(text));
      }
    }
  };
}
