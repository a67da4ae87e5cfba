package vaurien_test

import (
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/behavior"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/protocol/redis"
	"github.com/vaurien-proxy/vaurien/spec"
)

// inLines starts a proxy of a protocol for tests, whose plan is one behavior
// with these options, name=value.
func inLines(t *testing.T, p lines, kind vaurien.Kind, options ...string) *world {
	t.Helper()
	draw, err := spec.ParseDraw("100:"+kind.Name, "")
	if err != nil {
		t.Fatal(err)
	}
	values := option.Values{}
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		values[name] = option.Value{Text: value}
	}
	plan, err := vaurien.NewRegistry([]vaurien.Kind{kind}, nil).Compile(draw, map[string]option.Values{kind.Name: values}, p)
	if err != nil {
		t.Fatal(err)
	}
	return newWorldWith(t, plan, func(_ *world, c *vaurien.Config) { c.Protocol = p; c.Settings.Draw = "exchange" })
}

// A script is a conversation, one line a step: "C> " the client sends, "B< "
// the backend receives, "B> " it sends, "C< " the client receives; "C~ " it
// receives so much of a line; "C." and "C!" say that the end, or a reset, is
// received; "+1s" that so much time passes.
func (w *world) play(c, b *memnet.Conn, script string) {
	w.t.Helper()
	for _, step := range strings.Split(strings.TrimSpace(script), "\n") {
		step = strings.TrimSpace(step)
		who, what, _ := strings.Cut(step, " ")
		side := c
		if who[0] == 'B' {
			side = b
		}
		switch {
		case who[0] == '+':
			d, err := time.ParseDuration(who[1:])
			if err != nil {
				w.t.Fatal(err)
			}
			time.Sleep(d)
			synctest.Wait()
			continue
		case who[1] == '>':
			send(w.t, side, what+"\n")
		case who[1] == '<':
			expect(w.t, side, what+"\n")
		case who[1] == '~':
			expect(w.t, side, what)
		default:
			expectEnd(w.t, side, map[byte]error{'.': io.EOF, '!': syscall.ECONNRESET}[who[1]])
		}
	}
}

func TestTurns(t *testing.T) {
	failing := func(kind string) []string { return []string{"kind=" + kind} }
	for _, tt := range []struct {
		name     string
		protocol lines
		kind     vaurien.Kind
		options  []string
		script   string
	}{
		{"a request in another's place", lines{}, behavior.Error(), failing("replaced"), `
			C> GET
			B< FAIL
			B> whatever
			C< failed`},
		{"one that cannot be failed after all", lines{}, behavior.Error(), failing("pass"), `
			C> GET
			B< GET
			B> got
			C< got`},
		{"an answer that closes", lines{}, behavior.Error(), failing("bye"), `
			C> GET
			C< bye
			C.`},
		{"a refused connection", lines{}, behavior.Error(), failing("full"), `
			C< full
			C.`},
		{"a request without a reply that fails is gone", lines{}, behavior.Error(), failing("no"), `
			C> NOTE this
			C> GET
			C< no`},
		{"what a kind does not fit is left alone", lines{}, behavior.Error(), failing("late"), `
			C> GET
			B< GET
			B> got
			C< got`},
		{"a request that goes on", lines{}, behavior.Dummy(), nil, `
			C> DATA
			B< DATA
			B> go
			C< go
			C> mail
			B< mail
			B> taken
			C< taken
			C> GET
			B< GET`},
		{"a request that is not let go on", lines{}, behavior.Dummy(), nil, `
			C> DATA
			C> GET
			B< DATA
			B> no
			C< no
			B< GET`},
		{"a failure that lets it go on first", lines{}, behavior.Error(), failing("late"), `
			C> DATA
			C< go
			C> mail
			B< RSET
			B> ok
			C< late
			C> GET
			B< GET
			B> got
			C< got`},
		{"what goes on is no exchange of its own", lines{}, behavior.Delay(), nil, `
			C> DATA
			+1s
			B< DATA
			B> go
			C< go
			C> mail
			B< mail
			B> taken
			C< taken`},
		{"a notice before a reply", lines{}, behavior.CommitUnknown(), nil, `
			C> GET
			B< GET
			B> !news
			C< !news
			B> got
			C!`},
		{"commit-unknown lets the invitation pass", lines{}, behavior.CommitUnknown(), []string{"how=close"}, `
			C> DATA
			B< DATA
			B> go
			C< go
			C> mail
			B< mail
			B> taken
			C.`},
		{"a reply that is cut", lines{}, behavior.Cut(), []string{"bytes=2"}, `
			C> GET
			B< GET
			B> abcdef
			C~ ab
			C.`},
		{"a reply that stalls", lines{}, behavior.Stall(), []string{"for=5"}, `
			C> GET
			B< GET
			B> abcdef
			+6s
			C< abcdef`},
		{"a greeting", lines{greets: true}, behavior.Dummy(), nil, `
			B> hello
			C< hello
			C> GET
			B< GET`},
		{"a late greeting", lines{greets: true}, behavior.Delay(), []string{"sleep=9"}, `
			B> hello
			+10s
			C< hello`},
		{"a greeting that is a refusal", lines{greets: true}, behavior.Error(), failing("bye"), `
			B> hello
			C< bye
			C.`},
		{"replies in any order", lines{anyOrder: true}, behavior.Dummy(), nil, `
			C> 1 GET
			C> 2 GET
			B< 1 GET
			B< 2 GET
			B> 2 a+
			C< 2 a+
			B> 1 b
			C< 1 b
			B> 2 c
			C< 2 c`},
		{"a failure among them", lines{anyOrder: true}, behavior.Error(), failing("no"), `
			C> 1 GET
			C< 1 no
			C> 2 GET
			C< 2 no`},
		{"a farewell among them", lines{anyOrder: true}, behavior.Error(), failing("bye"), `
			C> 1 GET
			C< 1 bye
			C.`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := inLines(t, tt.protocol, tt.kind, tt.options...)
				defer w.close()
				c := w.dial()
				defer c.Close()
				var b *memnet.Conn
				if strings.Contains(tt.script, "B") {
					b = w.accept()
					defer b.Close()
				}
				w.play(c, b, tt.script)
			})
		})
	}
}

// Where replies come in any order, what is done to one exchange does not hold
// up the others.
func TestAside(t *testing.T) {
	odd := func(b vaurien.Behavior) vaurien.Behavior {
		return vaurien.When(func(e *vaurien.Event) bool { return strings.HasSuffix(e.Attribute("argument").(string), "odd") }, b)
	}
	make := func(k vaurien.Kind, options ...string) vaurien.Behavior {
		values := option.Values{}
		for _, o := range options {
			name, value, _ := strings.Cut(o, "=")
			values[name] = option.Value{Text: value}
		}
		b, err := vaurien.NewRegistry([]vaurien.Kind{k}, nil).Behavior(k.Name, values, "", lines{anyOrder: true})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, tt := range []struct {
		name   string
		b      vaurien.Behavior
		script string
	}{
		{"requests", make(behavior.Delay(), "sleep=5"), `
			C> 1 GET odd
			C> 2 GET
			C> 3 GET odd
			B< 2 GET
			B> 2 got
			C< 2 got
			+6s`},
		{"replies", make(behavior.Delay(), "sleep=5", "before=false"), `
			C> 1 GET odd
			B< 1 GET odd
			C> 2 GET
			B< 2 GET
			B> 1 a+
			B> 1 b+
			B> 2 got
			C< 2 got
			B> 1 c
			+6s
			C< 1 a+
			C< 1 b+
			C< 1 c`},
		{"one that hangs", make(behavior.Hang()), `
			C> 1 GET odd
			C> 2 GET
			B< 2 GET
			B> 2 got
			C< 2 got`},
		{"one that is abandoned while it is late", make(behavior.Delay(), "sleep=5"), `
			C> 1 GET odd
			C> 2 DROP 1
			B< 2 DROP 1
			+6s
			C> 3 GET
			B< 3 GET
			B> 3 got
			C< 3 got`},
		{"one that is late when the streams turn tcp", make(behavior.Delay(), "sleep=5"), `
			C> 1 GET odd
			C> 2 junk
			+6s
			B< 1 GET odd
			B< 2 junk`},
		{"a reply that is late when the streams turn tcp", make(behavior.Delay(), "sleep=5", "before=false"), `
			C> 1 GET odd
			B< 1 GET odd
			B> 1 got
			B> junk
			B> 1 more
			+6s
			C< 1 got
			C< junk
			C< 1 more`},
		{"one that is late when the protocol is switched", make(behavior.Delay(), "sleep=5", "before=false"), `
			C> 1 GET odd
			C> 2 START odd
			B< 1 GET odd
			B< 2 START odd
			B> 1 got
			B> 2 switch
			+11s
			C< 1 got
			C< 2 switch
			C> 0 tcp
			B< 0 tcp
			B> tcp
			C< tcp`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorldWith(t, vaurien.NewPlan(odd(tt.b)), func(_ *world, c *vaurien.Config) { c.Protocol = lines{anyOrder: true} })
				defer w.close()
				c := w.dial()
				defer c.Close()
				b := w.accept()
				defer b.Close()
				w.play(c, b, tt.script)
			})
		})
	}
}

// A long request that fails is read to its end, so that what follows it is
// understood.
func TestFailedRequestIsReadToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(redis.Protocol)
		plan, err := vaurien.NewRegistry([]vaurien.Kind{behavior.Error()}, nil).Compile(
			spec.Single("error", option.Values{"kind": {Text: "oom"}}, ""), nil, p)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorldWith(t, plan, func(_ *world, c *vaurien.Config) { c.Protocol, c.Settings.Draw = p, "exchange" })
		defer w.close()
		c, b := w.dial(), w.accept()
		defer c.Close()
		defer b.Close()
		for _, size := range []int{1, 1 << 10, 255 << 10, 3 << 20} {
			go fmt.Fprintf(c, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%s\r\nPING\r\n", size, strings.Repeat("\n", size))
			expect(t, c, "-OOM command not allowed when used memory > 'maxmemory'.\r\n")
			expect(t, b, "PING\r\n")
			send(t, b, "+PONG\r\n")
			expect(t, c, "+PONG\r\n")
		}
	})
}
