package script_test

import (
	"errors"
	"io/fs"
	"net"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/protocol/redis"
	"github.com/vaurien-proxy/vaurien/script"
)

// Each script that is wrong has its exact message, before any traffic.
func TestErrors(t *testing.T) {
	const request = "def on_request(ctx, msg):\n    "
	for source, want := range map[string]string{
		"":                                        "super.star: defines none of on_connect, on_request, on_reply: nothing would be done",
		"def on_request(ctx, msg)\n":              "super.star:2:1: got newline, want ':'",
		request + "ctx.delay(slowness)\n":         "super.star:2:15: undefined: slowness",
		request + "x = 1 +\n":                     "super.star:2:12: got newline, want primary expression",
		"def on_request(msg):\n    pass\n":        "super.star:1:1: on_request takes (ctx, msg): write def on_request(ctx, msg):",
		"on_request = 3\n":                        "super.star: on_request is no function: write def on_request(ctx, msg):",
		"def on_requests(ctx, msg):\n    pass\n":  `super.star:1:1: on_requests: nothing calls it: did you mean "on_request"?; a script has on_connect, on_request, on_reply`,
		request + "pass\nx = 1 // 0\n":            "super.star:3:7: floored division by zero",
		request + "pass\nfail(\"not today\")\n":   "super.star:3:5: fail: not today",
		request + "pass\nwhile True:\n    pass\n": "super.star:1:1: too much work: a call may take a million steps and 16 MiB",
		"load(\"x.star\", \"y\")\n":               "super.star:1:1: load: a script is one file",
		"def f(*a):\n    pass\n":                  "super.star:1:7: a function of a script names its parameters: pass a list in place of *",
		request + "ctx.x = 1\n":                   `super.star:2:8: attributes cannot be set: keep what you need in ctx.state["x"]`,
		request + "ctx.dealy(1)\n": `super.star:2:9: ctx has no "dealy": did you mean "delay"? known: ` +
			"close, cut, delay, drop, elapsed, exchange, fail, hold, log, options, proxy, random, recent, replace, reset, session, state",
		request + "ctx.delay(\"2 sec\")\n":                                                        `super.star:2:15: "2 sec" is not a duration: write seconds (2, 0.5) or a number with a unit (150ms, 2m, 1h)`,
		request + "ctx.delay(-1.5)\n":                                                             "", // not written out
		request + "ctx.delay(\"25h\")\n":                                                          "super.star:2:15: 25h: a time is from 0 to 24h",
		request + "ctx.recent(61)\n":                                                              "super.star:2:16: ctx.recent looks back 1m at most",
		request + "ctx.fail(kind = \"redonly\")\n":                                                `super.star:2:21: unknown kind "redonly": did you mean "readonly"? known: max-clients, noauth, wrongpass, nopermission, loading, busy, readonly, oom, misconf, noreplicas, masterdown, noscript, unblocked, execabort, watch-conflict, moved, ask, tryagain, crossslot, clusterdown, noproto, evicted`,
		request + "ctx.fail(\"max-clients\")\n":                                                   "super.star:2:14: max-clients fails the connection as it is made: use it in on_connect",
		"def on_connect(c):\n    c.fail(\"readonly\")\n":                                          "super.star:2:12: readonly fails a request: use it in on_request",
		"def on_connect(c):\n    c.drop()\n":                                                      "super.star:2:7: ctx.drop: there is no message yet in on_connect",
		"def on_reply(ctx, msg):\n    ctx.fail()\n":                                               "super.star:2:9: ctx.fail: a reply is the server's: fail the request in on_request, or replace the reply",
		"def on_reply(ctx, m):\n    ctx.log(m.key)\n":                                             "super.star:2:15: msg.key is the request's: a reply has bytes, size, text, verb; in on_request keep it in ctx.state",
		request + "if msg.comand == \"x\": pass\n":                                                `super.star:2:12: msg has no "comand": did you mean "command"? known: args, bytes, command, `,
		request + "ctx.delay(ctx.options.slow)\n":                                                 `super.star:2:27: unknown option "slow": there are none`,
		"options = {}\n" + request + "ctx.options.slow\n":                                         `super.star:3:17: unknown option "slow": there are none`,
		"options = 1\n" + request + "pass\n":                                                      `super.star: options: write options = {"NAME": option(TYPE, default = …, doc = "…")}`,
		"options = {\"a\": 1}\n" + request + "pass\n":                                             `super.star: options: "a" is not declared: write option(TYPE, default = …, doc = "…")`,
		"options = {\"A b\": option(int)}\n" + request + "pass":                                   `super.star:1:25: "A b" is not a name for an option: write small letters, digits and _`,
		"options = {\"name\": option(int)}\n" + request + "pass":                                  "super.star:1:26: an option cannot be called name: it means something else in a configuration",
		"options = {\"a\": option(list)}\n" + request + "pass":                                    "super.star:1:23: option: the type is one of bool, int, float, str, duration, size",
		"options = {\"a\": option(int, default = \"x\")}\n" + request + "pass":                    `super.star:1:23: option a: default: "x" is not a whole number`,
		"options = {\"a\": option(int, min = 1)}\n" + request + "pass":                            "super.star:1:23: option a: default: 0 is too small: the least is 1",
		"options = {\"a\": option(duration, default = 3, max = \"2s\")}\n" + request + "pass":     "super.star:1:23: option a: default: 3 is too large: the most is 2s",
		"options = {\"a\": option(str, min = 1)}\n" + request + "pass":                            "super.star:1:23: option a: min is for numbers, durations and sizes",
		"options = {\"a\": option(str, default = \"x\", choices = [\"y\"])}\n" + request + "pass": `super.star:1:23: option a: default: "x" is not one of: y: did you mean "y"?`,
		"options = {\"a\": option(int, dflt = 1)}\n" + request + "pass":                           `super.star:1:23: option: unexpected keyword argument "dflt"`,
	} {
		s, err := script.Parse("super.star", source)
		if err == nil {
			var set option.Set
			_, err = s.Kind("super").New(&set)(&redis.Protocol{})
		}
		if want == "" && err == nil {
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) || want == "" {
			t.Errorf("%s\ngot  %v\nwant %s", source, err, want)
			continue
		}
		if got := option.Errors(err); got == nil || strings.Count(want, "\n") != len(got)-1 {
			t.Errorf("%s\n%d errors", source, len(got))
		}
	}
	if _, err := script.Parse("super.star", strings.Repeat("#", 256<<10+1)); err == nil || err.Error() != "super.star: too large: a script has at most 256KiB" {
		t.Error(err)
	}
	if _, err := script.Read("no/such.star"); err == nil || !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// An option is declared as any other, and has its value in the script.
func TestOptions(t *testing.T) {
	s, err := script.Parse("super.star", `"""Makes searches slow.

More about it.
"""

options = {
    "slowness": option(duration, default = "1500ms", doc = "how long a search takes", min = 0, max = "1h"),
    "page_size": option(size, default = "64KiB"),
    "often": option(int, default = 3, min = 1),
    "share": option(float, default = 0.5),
    "wild": option(bool, default = True),
    "base": option(str, default = "dc=x"),
    "how": option(str, choices = ["a", "b"]),
}

def on_request(ctx, msg):
    o = ctx.options
    ctx.log("%s %s %s %s %s %s %s" % (o.slowness, o.page_size, o.often, o.share, o.wild, o.base, o.how))
`)
	if err != nil {
		t.Fatal(err)
	}
	kind := s.Kind("super")
	if kind.Doc != "Makes searches slow" {
		t.Errorf("the doc is %q", kind.Doc)
	}
	var set option.Set
	kind.New(&set)
	var got []string
	for _, o := range set.Options() {
		got = append(got, strings.Join([]string{o.Name, string(o.Type), o.Default, o.Min, o.Max, strings.Join(o.Choices, "|"), o.Doc}, ","))
	}
	if text, want := strings.Join(got, "\n"), `slowness,duration,1.5s,0,1h,,how long a search takes
page-size,size,64KiB,,,,
often,integer,3,1,,,
share,number,0.5,,,,
wild,bool,true,,,,
base,text,dc=x,,,,
how,choice,a,,,a|b,`; text != want {
		t.Errorf("declared\n%s\nwant\n%s", text, want)
	}
	in(t, s.Source(), func(t *testing.T, w *world, client net.Conn) {
		send(t, client, "PING\r\n")
		server := w.accept()
		defer server.Close()
		expect(t, server, "PING\r\n")
		if logs := w.logs.String(); !strings.Contains(logs, `msg="2.0 65536 7 0.5 False dc=y b"`) {
			t.Errorf("the log has\n%s", logs)
		}
	}, "slowness=2", "often=7", "wild=no", "base=dc=y", "how=b")
}

// A script does not care for a protocol that it says nothing about.
func TestWithoutProtocol(t *testing.T) {
	compile(t, "def on_request(ctx, msg):\n    ctx.delay(1)\n", vaurien.TCP{})
}
