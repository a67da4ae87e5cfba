package vaurien_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// notes is a Recorder that keeps what it is told as lines.
type notes struct {
	mu    sync.Mutex
	begun []string
	ended []string
}

func (*notes) SessionStart(*vaurien.Session)  {}
func (*notes) SessionEnd(*vaurien.Session)    {}
func (*notes) Message(*vaurien.Session, bool) {}
func (*notes) Fault(*vaurien.Session, string) {}
func (*notes) Attributes(string) []string     { return []string{"argument"} }

func (n *notes) Record(r *vaurien.Record) {
	n.mu.Lock()
	defer n.mu.Unlock()
	line := fmt.Sprintf("%d.%d %s %v %q", r.Session.Number(), r.Exchange, r.Verb, r.Values, r.Behavior)
	if r.Ended.IsZero() {
		n.begun = append(n.begun, line)
		return
	}
	since := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.Sub(r.Arrived).String()
	}
	line += fmt.Sprintf(" %s %s %s %v", since(r.Forwarded), since(r.Replied), since(r.Ended), r.Answered)
	for _, d := range r.Deeds {
		line += fmt.Sprintf(" %v:%s", d.Point, d.What)
		if d.Detail != "" {
			line += "(" + d.Detail + ")"
		}
		if d.For > 0 {
			line += "=" + d.For.String()
		}
	}
	n.ended = append(n.ended, line)
}

// recording starts a world of the toy protocol whose backend answers "ok", a
// second after it was asked.
func recording(t *testing.T, protocol vaurien.Protocol, plan *vaurien.Plan) (*world, *notes) {
	n := new(notes)
	w := newWorldWith(t, plan, func(_ *world, cfg *vaurien.Config) {
		cfg.Protocol, cfg.Observer = protocol, vaurien.Observers(nil, n)
	})
	return w, n
}

func when(verb string, b vaurien.Behavior) vaurien.Behavior {
	return vaurien.When(func(e *vaurien.Event) bool { return e.Attribute("verb") == verb }, b)
}

func TestRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		named := func(name string, b vaurien.Behavior) vaurien.Behavior {
			return vaurien.OneOf(vaurien.Choice{Weight: 100, Name: name, Behavior: b})
		}
		p := vaurien.NewPlan(vaurien.Chain(
			named("late", when("WAIT", acting(vaurien.Reply, func(e *vaurien.Event, next vaurien.Next) error {
				if err := e.Sleep(2 * time.Second); err != nil {
					return err
				}
				return next()
			}))),
			named("bad", when("FAIL", acting(vaurien.Request, func(e *vaurien.Event, _ vaurien.Next) error {
				return e.Fail(vaurien.Failure{Kind: "no"})
			}))),
			named("lost", when("LOSE", acting(vaurien.Request, func(*vaurien.Event, vaurien.Next) error { return nil }))),
			named("unheard", when("GONE", acting(vaurien.Reply, func(*vaurien.Event, vaurien.Next) error { return nil }))),
			named("end", when("END", acting(vaurien.Reply, func(e *vaurien.Event, _ vaurien.Next) error { return e.Reset() }))),
		))
		w, n := recording(t, lines{}, p)
		defer w.close()
		c := w.dial()
		b := w.accept()
		for _, verb := range []string{"GET a", "NOTE it", "WAIT b", "FAIL c", "LOSE d", "GONE f", "END e"} {
			send(t, c, verb+"\n")
			switch verb[:4] {
			case "FAIL":
				expect(t, c, "no\n")
				continue
			case "LOSE":
				continue
			}
			expect(t, b, verb+"\n")
			if verb[:4] == "NOTE" {
				continue
			}
			time.Sleep(time.Second)
			send(t, b, "ok\n")
			if verb[:4] == "GONE" {
				continue
			}
			if verb[:3] == "END" {
				expectReset(t, c)
				break
			}
			expect(t, c, "ok\n")
		}
		synctest.Wait()
		want := []string{
			`1.1 GET [a] "" 0s 1s 1s true`,
			`1.2 NOTE [it] "" 0s - 0s false`,
			`1.3 WAIT [b] "late" 0s 1s 3s true Reply:delay=2s`,
			`1.4 FAIL [c] "bad" - - 0s true Request:fail(no)`,
			`1.5 LOSE [d] "lost" - - 0s false Request:drop`,
			`1.6 GONE [f] "unheard" 0s 1s 1s false Reply:drop`,
			`1.7 END [e] "end" 0s 1s 1s false Reply:reset`,
		}
		if !slices.Equal(n.ended, want) {
			t.Errorf("told:\n%s\nwant:\n%s", strings.Join(n.ended, "\n"), strings.Join(want, "\n"))
		}
		if got := len(n.begun); got != 5 {
			t.Errorf("told of the beginning of %d: %q", got, n.begun)
		}
	})
}

// Of a connection that is drawn once, one Record tells all; a plan that is put
// in force begins another.
func TestRecordOfAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := vaurien.OneOf(vaurien.Choice{Weight: 100, Name: "late", Behavior: acting(vaurien.Request, func(e *vaurien.Event, next vaurien.Next) error {
			if err := e.Sleep(time.Second); err != nil {
				return err
			}
			return next()
		})})
		w, n := recording(t, vaurien.TCP{}, vaurien.NewPlan(late))
		defer w.close()
		c := w.dial()
		b := w.accept()
		for range 3 {
			send(t, c, "hello")
			expect(t, b, "hello")
		}
		if got := w.proxy.SetPlan(nil); got != 2 {
			t.Errorf("the second plan has the number %d", got)
		}
		send(t, c, "hello")
		expect(t, b, "hello")
		c.Close()
		b.Close()
		synctest.Wait()
		want := []string{`1.0  [] "late" - - 3s false Request:delay=1s`, `1.0  [] "" - - 0s false`}
		if !slices.Equal(n.ended, want) {
			t.Errorf("told:\n%s\nwant:\n%s", strings.Join(n.ended, "\n"), strings.Join(want, "\n"))
		}
	})
}

// acting is a behavior that does a deed at one point.
func acting(p vaurien.Point, deed func(*vaurien.Event, vaurien.Next) error) vaurien.Behavior {
	return does{p, deed}
}
