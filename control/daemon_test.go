package control_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

func newDaemon(t *testing.T) (*control.Daemon, *controltest.Net) {
	return controltest.NewDaemon(t, controltest.Registry())
}

func put(t *testing.T, c control.Controller, p spec.Proxy) control.Proxy {
	t.Helper()
	state, err := c.Put(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func apply(t *testing.T, d *control.Daemon, proxies ...spec.Proxy) {
	t.Helper()
	if err := d.Apply(t.Context(), proxies); err != nil {
		t.Fatal(err)
	}
}

// setPlan puts a draw in force, with the option sleep for its first behavior
// if that is not empty.
func setPlan(t *testing.T, c control.Controller, draw, sleep string, d time.Duration) {
	t.Helper()
	plan, err := spec.ParseDraw(draw, "")
	if err != nil {
		t.Fatal(err)
	}
	if sleep != "" {
		plan.Entries[0].Options = option.Values{"sleep": {Text: sleep}}
	}
	if _, err := c.SetPlan(t.Context(), "", control.PlanChange{Plan: plan, For: d}); err != nil {
		t.Fatal(err)
	}
}

// wantPlan compares the plan in force, with its first entry's sleep and the
// time it has left.
func wantPlan(t *testing.T, c control.Controller, draw, sleep, left string) {
	t.Helper()
	p, err := c.Proxy(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	if len(p.Plan.Entries) > 0 {
		got = p.Plan.Entries[0].Options["sleep"]
	}
	if p.Plan.Draw != draw || got != sleep || p.Plan.For != left {
		t.Errorf("the plan is %s with sleep %q for %q, want %s with %q for %q", p.Plan.Draw, got, p.Plan.For, draw, sleep, left)
	}
}

// proxy returns a proxy of that name and address with the seed 1.
func proxy(name, address string) spec.Proxy {
	return spec.Proxy{Name: name, Settings: option.Values{
		"proxy": {Text: address}, "backend": {Text: "127.0.0.1:80"}, "seed": {Text: "1"},
	}}
}

func TestPlanForATimeReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDaemon(t)
		put(t, d, controltest.Web())
		setPlan(t, d, "10:delay", "3s", 0)
		engine := d.Engine("web")
		former := engine.Plan()

		setPlan(t, d, "100:delay", "5s", 30*time.Second)
		wantPlan(t, d, "100:delay", "5s", "30s")
		time.Sleep(29*time.Second + 500*time.Millisecond)
		wantPlan(t, d, "100:delay", "5s", "500ms")
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		wantPlan(t, d, "10:delay", "3s", "")
		if engine.Plan() != former {
			t.Error("the proxy has another plan than the one before, with what that one remembers")
		}
	})
}

func TestPlanForATimeOverAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDaemon(t)
		put(t, d, controltest.Web())
		former := d.Engine("web").Plan()
		setPlan(t, d, "hang", "", 10*time.Second)
		time.Sleep(9 * time.Second)
		setPlan(t, d, "error", "", 10*time.Second)
		time.Sleep(9 * time.Second) // the first one's time is over
		wantPlan(t, d, "100:error", "", "1s")
		time.Sleep(time.Second)
		synctest.Wait()
		wantPlan(t, d, "20:delay,0.5:error", "2s", "")
		if d.Engine("web").Plan() != former {
			t.Error("the proxy has another plan than the one before")
		}
	})
}

func TestLastingPlanCancelsReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDaemon(t)
		put(t, d, controltest.Web())
		setPlan(t, d, "hang", "", 10*time.Second)
		setPlan(t, d, "delay", "", 0)
		inForce := d.Engine("web").Plan()
		wantPlan(t, d, "100:delay", "2s", "")
		time.Sleep(time.Minute)
		synctest.Wait()
		wantPlan(t, d, "100:delay", "2s", "")
		if d.Engine("web").Plan() != inForce {
			t.Error("the plan was put in force anew")
		}
	})
}

func TestApplyAndPlanForATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDaemon(t)
		apply(t, d, controltest.Web())
		engine := d.Engine("web")

		// The same configuration leaves it alone.
		setPlan(t, d, "hang", "", 10*time.Second)
		inForce := engine.Plan()
		same := controltest.Web()
		same.Settings["backend"] = option.Value{Text: "127.0.0.1:80", Place: "elsewhere"}
		same.Behaviors["delay"]["sleep"] = option.Value{Text: "2.0s"}
		apply(t, d, same)
		wantPlan(t, d, "100:hang", "", "10s")
		if engine.Plan() != inForce {
			t.Error("the plan was put in force anew")
		}

		// Another ends it, and its own plan stays.
		other := controltest.Web()
		other.Plan.Entries = other.Plan.Entries[1:]
		apply(t, d, other)
		wantPlan(t, d, "0.5:error", "", "")
		time.Sleep(time.Minute)
		synctest.Wait()
		wantPlan(t, d, "0.5:error", "", "")
		if d.Engine("web") != engine {
			t.Error("the proxy was made anew for a new plan")
		}
	})
}

func TestApplyKeepsWhatAPlanRemembers(t *testing.T) {
	d, _ := newDaemon(t)
	apply(t, d, controltest.Web())
	former := d.Engine("web").Plan()
	p := controltest.Web()
	p.Settings["timeout"] = option.Value{Text: "3s"}
	apply(t, d, p)
	if d.Engine("web").Plan() != former {
		t.Error("another timeout replaced the plan")
	}
}

func TestApplyUndoesLiveChanges(t *testing.T) {
	d, _ := newDaemon(t)
	apply(t, d, controltest.Web())
	setPlan(t, d, "hang", "", 0)
	if _, err := d.SetBackend(t.Context(), "", "127.0.0.1:99"); err != nil {
		t.Fatal(err)
	}
	apply(t, d, controltest.Web())
	wantPlan(t, d, "20:delay,0.5:error", "2s", "")
	if p, _ := d.Proxy(t.Context(), ""); p.Backend != "127.0.0.1:80" || d.Engine("web").Backend() != "127.0.0.1:80" {
		t.Errorf("the backend is still %s", p.Backend)
	}
}

func TestApplyTakesOptionsForLaterPlans(t *testing.T) {
	d, _ := newDaemon(t)
	apply(t, d, controltest.Web())
	p := controltest.Web()
	p.Behaviors["delay"]["sleep"] = option.Value{Text: "7"}
	apply(t, d, p)
	wantPlan(t, d, "20:delay,0.5:error", "7s", "")
	setPlan(t, d, "delay", "", 0)
	wantPlan(t, d, "100:delay", "7s", "")
}

func TestApplyMakesExactlyThese(t *testing.T) {
	d, _ := newDaemon(t)
	apply(t, d, proxy("a", "127.0.0.1:1"), proxy("b", "127.0.0.1:2"))
	b := d.Engine("b")
	apply(t, d, proxy("b", "127.0.0.1:2"), proxy("c", "127.0.0.1:3"))
	all, err := d.Proxies(t.Context())
	var got []string
	for _, p := range all {
		got = append(got, p.Name+" "+p.Proxy)
	}
	if diff := cmp.Diff([]string{"b 127.0.0.1:2", "c 127.0.0.1:3"}, got); diff != "" || err != nil {
		t.Errorf("%v, differs: %s", err, diff)
	}
	if d.Engine("b") != b {
		t.Error("b was made anew")
	}
	apply(t, d)
	if all, _ := d.Proxies(t.Context()); len(all) != 0 {
		t.Errorf("%d proxies are left", len(all))
	}
}

func TestApplyAllOrNothing(t *testing.T) {
	d, n := newDaemon(t)
	apply(t, d, proxy("a", "127.0.0.1:1"))
	before, err := d.Proxies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	taken, err := n.Listen(t.Context(), "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()

	changed := proxy("a", "127.0.0.1:1")
	changed.Plan = spec.Single("hang", nil, "")
	bad := proxy("bad", "127.0.0.1:2")
	bad.Place, bad.Plan = "f:9", spec.Single("hank", nil, "f:10")
	twice := proxy("a", "127.0.0.1:3")
	twice.Place = "f:11"
	clash := proxy("clash", "127.0.0.1:1")
	inUse := proxy("in-use", "127.0.0.1:9")

	for _, test := range []struct {
		proxies []spec.Proxy
		want    string
	}{
		{[]spec.Proxy{changed, bad}, `f:10: unknown behavior "hank": did you mean "hang"? known: delay, dummy, error, hang, slow_close`},
		{[]spec.Proxy{changed, twice}, `f:11: there are two proxies named a`},
		{[]spec.Proxy{changed, clash}, `proxy: 127.0.0.1:1 is the address of proxy a already`},
		{[]spec.Proxy{changed, proxy("new", "127.0.0.1:4"), inUse}, `proxy: cannot listen on 127.0.0.1:9: address already in use`},
		{[]spec.Proxy{proxy("new", "127.0.0.1:4"), inUse}, `proxy: cannot listen on 127.0.0.1:9: address already in use`},
	} {
		err := d.Apply(t.Context(), test.proxies)
		if err == nil || err.Error() != test.want || option.Errors(err) == nil {
			t.Errorf("error %v, want %s", err, test.want)
		}
		after, _ := d.Proxies(t.Context())
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("after %q things differ: %s", test.want, diff)
		}
	}
	if l, err := n.Listen(t.Context(), "127.0.0.1:4"); err != nil {
		t.Errorf("the address of a proxy that did not come to be is not free: %v", err)
	} else {
		l.Close()
	}
}

func TestManyAtOnce(t *testing.T) {
	d, _ := newDaemon(t)
	var wg sync.WaitGroup
	for i := range 8 {
		name := fmt.Sprintf("p%d", i%3)
		wg.Go(func() {
			for j := range 30 {
				p := proxy(name, fmt.Sprintf("127.0.0.1:%d", 1+i%3))
				ctx := context.Background()
				var err error
				switch j % 7 {
				case 0:
					_, err = d.Put(ctx, p)
				case 1, 2:
					_, err = d.SetPlan(ctx, name, control.PlanChange{Plan: spec.Single("hang", nil, ""), For: time.Millisecond})
				case 3:
					_, err = d.SetBackend(ctx, name, "127.0.0.1:5")
				case 4:
					_, err = d.Proxies(ctx)
				case 5:
					err = d.Apply(ctx, []spec.Proxy{p})
				case 6:
					err = d.Delete(ctx, name)
				}
				if err != nil && !errors.Is(err, control.ErrNoProxy) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestCloseDuringShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, n := controltest.NewDaemon(t, builtin.Registry())
		backend, _ := n.Listen(t.Context(), "127.0.0.1:80")
		defer backend.Close()
		put(t, d, proxy("web", "127.0.0.1:1"))
		client, err := n.Dial(t.Context(), "127.0.0.1:1")
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if conn, err := backend.Accept(); err == nil {
			defer conn.Close()
		}

		ended := make(chan error)
		go func() { ended <- d.Shutdown(context.Background()) }()
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatalf("Shutdown did not wait for the session: %v", err)
		default:
		}
		if _, err := d.Proxies(t.Context()); !errors.Is(err, control.ErrClosed) {
			t.Errorf("during Shutdown: %v", err)
		}
		d.Close()
		if err := <-ended; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
}

func TestShutdownTellsOfSessionsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, n := controltest.NewDaemon(t, builtin.Registry())
		backend, _ := n.Listen(t.Context(), "127.0.0.1:80")
		defer backend.Close()
		put(t, d, proxy("web", "127.0.0.1:1"))
		client, err := n.Dial(t.Context(), "127.0.0.1:1")
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if conn, err := backend.Accept(); err == nil {
			defer conn.Close()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := d.Shutdown(ctx); err == nil || !strings.HasPrefix(err.Error(), "proxy web: ") || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown = %v", err)
		}
	})
}

// TestWhatShipsCanBeSetBack: each option's value, as it is shown, is one that
// can be written.
func TestWhatShipsCanBeSetBack(t *testing.T) {
	d, _ := controltest.NewDaemon(t, builtin.Registry())
	web := proxy("web", "127.0.0.1:1")
	web.Settings["protocol"] = option.Value{Text: "http"} // some act on whole messages
	put(t, d, web)
	for _, kind := range builtin.Registry().Behaviors() {
		setPlan(t, d, kind.Name, "", 0)
		first, err := d.Proxy(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		plan := spec.Single(kind.Name, option.Values{}, "")
		for name, text := range first.Plan.Entries[0].Options {
			plan.Entries[0].Options[name] = option.Value{Text: text}
		}
		again, err := d.SetPlan(t.Context(), "", control.PlanChange{Plan: plan})
		if diff := cmp.Diff(first, again); diff != "" || err != nil {
			t.Errorf("%s: %v, differs: %s", kind.Name, err, diff)
		}
	}
}

// TestConfigurationChangesWhilePlanIsCompiled: what a plan's options are is a
// matter of the configuration in force when it is put there.
func TestConfigurationChangesWhilePlanIsCompiled(t *testing.T) {
	var meanwhile func()
	kind := vaurien.Kind{Name: "delay", New: func(set *option.Set) vaurien.Make {
		if f := meanwhile; f != nil {
			meanwhile = nil
			f()
		}
		var sleep string
		set.Text(&sleep, "sleep", "", "")
		return func(vaurien.Protocol) (vaurien.Behavior, error) { return vaurien.Chain(), nil }
	}}
	tcp := vaurien.ProtocolKind{Name: "tcp", New: func(*option.Set) func() vaurien.Protocol {
		return func() vaurien.Protocol { return vaurien.TCP{} }
	}}
	d, _ := controltest.NewDaemon(t, vaurien.NewRegistry([]vaurien.Kind{kind}, []vaurien.ProtocolKind{tcp}))
	p := proxy("web", "127.0.0.1:1")
	p.Behaviors = map[string]option.Values{"delay": {"sleep": {Text: "old"}}}
	put(t, d, p)
	p.Behaviors = map[string]option.Values{"delay": {"sleep": {Text: "new"}}}
	meanwhile = func() { put(t, d, p) }
	setPlan(t, d, "delay", "", 0)
	wantPlan(t, d, "100:delay", "new", "")
}

// slowEnd is an observer that holds up the end of each session.
type slowEnd struct{ release chan struct{} }

func (o slowEnd) SessionStart(*vaurien.Session)  {}
func (o slowEnd) SessionEnd(*vaurien.Session)    { <-o.release }
func (o slowEnd) Message(*vaurien.Session, bool) {}

func (o slowEnd) Fault(*vaurien.Session, string) {}

// TestDeleteDoesNotWait, but Close does.
func TestDeleteDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := controltest.NewNet()
		observer := slowEnd{make(chan struct{})}
		d := control.NewDaemon(builtin.Registry(), control.Options{
			Logger: slog.New(slog.DiscardHandler), Listen: n.Listen, Dial: n.Dial, Observer: observer,
		})
		put(t, d, proxy("web", "127.0.0.1:1"))
		client, err := n.Dial(t.Context(), "127.0.0.1:1")
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		synctest.Wait()
		if err := d.Delete(t.Context(), "web"); err != nil {
			t.Fatal(err)
		}
		put(t, d, proxy("web", "127.0.0.1:1")) // the address is free at once
		closed := make(chan struct{})
		go func() {
			d.Close()
			close(closed)
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close did not wait for the session of a proxy that was deleted")
		default:
		}
		close(observer.release)
		<-closed
	})
}
