package script_test

import (
	"io"
	"log/slog"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/behavior"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/protocol/redis"
	"github.com/vaurien-proxy/vaurien/script"
)

// What a script costs for a request that it looks at and lets pass, beside the
// same in Go and as a condition.
func BenchmarkRequest(b *testing.B) {
	p := &redis.Protocol{}
	scripted := func(source string) vaurien.Behavior {
		s, err := script.Parse("super.star", source)
		if err != nil {
			b.Fatal(err)
		}
		return made(b, s.Kind("super"), p, nil)
	}
	for _, bb := range []struct {
		name  string
		inner vaurien.Behavior
	}{
		{"go", goes{}},
		{"match", made(b, behavior.Selected(behavior.Abort()), p, option.Values{"match": {Text: `command == "GET" && key.startsWith("cart:")`}})},
		{"nothing", scripted("def on_request(ctx, msg):\n    pass\n")},
		{"look", scripted(`
def on_request(ctx, msg):
    if msg.command == "GET" and msg.key.startswith("cart:"):
        ctx.close()
`)},
		{"delay", scripted("def on_request(ctx, msg):\n    ctx.delay(0)\n")},
		{"state", scripted(`
def on_request(ctx, msg):
    n = ctx.state.get("n", 0) + 1
    ctx.state["n"] = n
    if n < 0:
        ctx.close()
`)},
		{"text", scripted(`
def on_request(ctx, msg):
    if "secret" in msg.text:
        ctx.close()
`)},
		{"random", scripted("def on_request(ctx, msg):\n    if ctx.random() > 2: ctx.close()\n")},
		{"recent", scripted("def on_request(ctx, msg):\n    if ctx.recent(\"5s\") < 0: ctx.close()\n")},
	} {
		b.Run(bb.name, func(b *testing.B) {
			o := &over{b, bb.inner, make(chan struct{})}
			w := newSilentWorld(b, p, vaurien.NewPlan(o), slog.New(slog.DiscardHandler))
			defer w.close()
			c := w.dial()
			defer c.Close()
			io.WriteString(c, "GET basket:17\r\n")
			<-o.done
		})
	}
}

// made makes a behavior of a kind.
func made(b *testing.B, k vaurien.Kind, p vaurien.Protocol, options option.Values) vaurien.Behavior {
	b.Helper()
	var set option.Set
	of := k.New(&set)
	if err := set.Assign(options); err != nil {
		b.Fatal(err)
	}
	x, err := of(p)
	if err != nil {
		b.Fatal(err)
	}
	return x
}

// over lets a behavior act on one request over and over.
type over struct {
	b     *testing.B
	inner vaurien.Behavior
	done  chan struct{}
}

func (o *over) Points() vaurien.Point { return vaurien.Request }

func (o *over) Act(e *vaurien.Event, _ vaurien.Next) error {
	defer close(o.done)
	o.b.ReportAllocs()
	for o.b.Loop() {
		if err := o.inner.Act(e, func() error { return nil }); err != nil {
			o.b.Error(err)
		}
	}
	return e.Close() // there is no backend
}

// goes is in Go what the script "look" is.
type goes struct{}

func (goes) Points() vaurien.Point { return vaurien.Request }

func (goes) Act(e *vaurien.Event, next vaurien.Next) error {
	if key, _ := e.Attribute("key").(string); e.Attribute("command") == "GET" && len(key) > 5 && key[:5] == "cart:" {
		return e.Close()
	}
	return next()
}
