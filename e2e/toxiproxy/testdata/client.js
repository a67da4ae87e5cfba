// Drives a server of Toxiproxy's API with toxiproxy-node-client, before an echo
// server: node client.js http://API HOST:PORT
const assert = require("node:assert/strict");
const net = require("node:net");
const { Toxiproxy } = require("toxiproxy-node-client");

const [api, upstream] = process.argv.slice(2);

// talk says text on a new connection, waits for as many bytes or the end, and
// returns what came, how it ended and how long it took.
function talk(listen, text, { half = false } = {}) {
  const [host, port] = listen.split(/:(?=\d+$)/);
  return new Promise((resolve) => {
    const begun = performance.now();
    let got = "";
    const done = (end) => {
      socket.destroy();
      resolve({ got, end, took: performance.now() - begun });
    };
    const socket = net.connect(Number(port), host, () => (half ? socket.end(text) : socket.write(text)));
    socket.on("data", (b) => {
      got += b;
      if (!half && got.length >= text.length) done("answered");
    });
    socket.on("end", () => done("closed"));
    socket.on("error", (e) => done(e.code));
  });
}

async function main() {
  const toxiproxy = new Toxiproxy(api);
  assert.match(JSON.parse(await toxiproxy.getVersion()).version, /^(git|\d+\.\d+\.\d+)/);
  assert.deepEqual(await toxiproxy.getAll(), {});

  const proxy = await toxiproxy.createProxy({ name: "node", listen: "127.0.0.1:0", upstream });
  assert.equal(proxy.enabled, true);
  assert.equal((await talk(proxy.listen, "hello")).got, "hello");
  await assert.rejects(toxiproxy.createProxy({ name: "node", listen: "127.0.0.1:0", upstream }), /status code 409/);
  await assert.rejects(toxiproxy.get("nosuch"), /status code 404/);

  // Every toxic, what it is shown as, and what it does.
  const toxics = {
    latency: [{ latency: 150, jitter: 0 }, (r) => r.got === "hello" && r.took >= 149],
    bandwidth: [{ rate: 100 }, (r) => r.got === "hello"],
    slow_close: [{ delay: 150 }, (r) => r.got === "hello" && r.end === "closed" && r.took >= 149, { half: true }],
    timeout: [{ timeout: 150 }, (r) => r.got === "" && r.end !== "answered" && r.took >= 149],
    reset_peer: [{ timeout: 0 }, (r) => r.end === "ECONNRESET", { text: "" }],
    slicer: [{ average_size: 2, size_variation: 1, delay: 10 }, (r) => r.got === "hello"],
    limit_data: [{ bytes: 3 }, (r) => r.got === "hel" && r.end === "closed"],
    packet_loss: [{ loss_rate: 0.01, correlation: 0 }, (r) => r.got === "hello"],
    noop: [{}, (r) => r.got === "hello"],
  };
  for (const [type, [attributes, right, { text = "hello", half = false } = {}]] of Object.entries(toxics)) {
    const toxic = await proxy.addToxic({ name: "t", type, stream: "downstream", toxicity: 1, attributes });
    assert.deepEqual([toxic.name, toxic.type, toxic.stream, toxic.toxicity], ["t", type, "downstream", 1]);
    for (const [name, value] of Object.entries(attributes)) assert.equal(toxic.attributes[name], value, type);
    const seen = await talk(proxy.listen, text, { half });
    assert.ok(right(seen), `${type}: ${JSON.stringify(seen)}`);
    assert.equal((await proxy.getToxic("t")).type, type);
    await toxic.remove();
    await assert.rejects(proxy.getToxic("t"), /status code 404/);
  }

  // Updates, which this client sends with POST.
  let toxic = await proxy.addToxic({ name: "slow", type: "latency", stream: "upstream", toxicity: 0.5, attributes: { latency: 1, jitter: 1 } });
  toxic = await toxic.update({ ...toxic.toJson(), toxicity: 1, attributes: { latency: 200 } });
  assert.deepEqual([toxic.toxicity, toxic.attributes.latency, toxic.attributes.jitter], [1, 200, 1]);
  assert.ok((await talk(proxy.listen, "hello")).took >= 198);
  await assert.rejects(toxic.update({ attributes: { latency: "much" } }), /status code 400/);
  assert.equal((await proxy.getToxic("slow")).attributes.latency, 200);

  // Disabled, refused; reset, back and without toxics.
  const off = await proxy.update({ enabled: false, listen: proxy.listen, upstream });
  assert.equal(off.enabled, false);
  assert.equal((await talk(proxy.listen, "hello")).end, "ECONNREFUSED");
  await toxiproxy.reset();
  assert.equal((await talk(proxy.listen, "hello")).got, "hello");
  await assert.rejects(proxy.getToxic("slow"), /status code 404/);

  const made = await toxiproxy.populate([
    { name: "one", listen: "127.0.0.1:0", upstream, enabled: true },
    { name: "two", listen: "127.0.0.1:0", upstream, enabled: true },
  ]);
  assert.deepEqual(Object.keys(made).sort(), ["one", "two"]);
  assert.equal((await talk(made.two.listen, "hello")).got, "hello");
  for (const p of Object.values(await toxiproxy.getAll())) await p.remove();
  assert.deepEqual(await toxiproxy.getAll(), {});
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
