package control_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// asked is a proxy as populating asks for it.
func asked(name, listen, backend string, toxics ...spec.Toxic) spec.Proxy {
	return spec.Proxy{Name: name, Toxics: toxics, Settings: option.Values{
		"proxy": {Text: listen}, "backend": {Text: backend},
	}}
}

// twoProxies returns a daemon with a and b, each before a server of its name.
func twoProxies(t *testing.T) (d *control.Daemon, a, b control.Proxy) {
	t.Helper()
	d = newSocketDaemon(t)
	made, err := d.Populate(t.Context(), []spec.Proxy{
		asked("a", "127.0.0.1:0", echo(t, "a")), asked("b", "127.0.0.1:0", echo(t, "b")),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d, made[0], made[1]
}

// TestPopulateSwapsAddresses: two proxies take each other's address, and keep
// what populating cannot say of them.
func TestPopulateSwapsAddresses(t *testing.T) {
	d, a, b := twoProxies(t)
	single := func(behavior string) {
		t.Helper()
		if _, err := d.SetPlan(t.Context(), "a", control.PlanChange{Plan: spec.Single(behavior, nil, "")}); err != nil {
			t.Fatal(err)
		}
	}
	single("delay")
	h := control.NewToxiproxyHandler(d, control.HandlerOptions{})
	body := fmt.Sprintf(`[{"name":"a","listen":%q,"upstream":%q},{"name":"b","listen":%q,"upstream":%q}]`,
		b.Proxy, a.Backend, a.Proxy, b.Backend)
	if w := do(h, "POST", "/populate", body); w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	dial(t, a.Proxy, "b")
	now, err := d.Proxy(t.Context(), "a")
	if err != nil || now.Proxy != b.Proxy || now.Plan.Name() != "delay" || now.Seed != a.Seed {
		t.Errorf("a is %+v, %v", now, err)
	}
	single("dummy")
	dial(t, b.Proxy, "a")
}

// TestPopulateAllOrNothing: an address that cannot be had changes nothing, and
// what is the same stays as it is, connections and toxics included.
func TestPopulateAllOrNothing(t *testing.T) {
	d, a, b := twoProxies(t)
	if _, err := d.PutToxic(t.Context(), "a", late("slow", "1ms")); err != nil {
		t.Fatal(err)
	}
	conn := dial(t, a.Proxy, "a")
	before := marshal(states(t, d))
	taken := echo(t, "other")
	for _, list := range [][]spec.Proxy{
		{asked("a", a.Proxy, b.Backend, late("other", "2ms")), asked("c", taken, a.Backend)},
		{asked("a", b.Proxy, a.Backend), asked("b", taken, b.Backend)},
		{asked("a", "127.0.0.1:0", a.Backend), asked("b", "nowhere", b.Backend)},
		{asked("a", "127.0.0.1:0", a.Backend), asked("a", a.Proxy, a.Backend)},
		{asked("a", "127.0.0.1:0", a.Backend), asked("b", b.Proxy, b.Backend, spec.Toxic{Name: "x", Behavior: "nosuch"})},
	} {
		if _, err := d.Populate(t.Context(), list); err == nil {
			t.Errorf("%v: no error", list)
		}
		if after := marshal(states(t, d)); after != before {
			t.Errorf("%v: the proxies are\n%s\nand were\n%s", list, after, before)
		}
	}
	list := []spec.Proxy{asked("b", b.Proxy, b.Backend), asked("a", "localhost"+strings.TrimPrefix(a.Proxy, "127.0.0.1"), a.Backend)}
	if _, err := d.Populate(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	if after := marshal(states(t, d)); after != before {
		t.Errorf("the proxies are\n%s\nand were\n%s", after, before)
	}
	conn.wantEcho()
}

// states are all proxies, but for what counts.
func states(t *testing.T, d *control.Daemon) []control.Proxy {
	t.Helper()
	all, err := d.Proxies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		all[i].Stats = control.Stats{}
	}
	return all
}

// TestPopulateBesideOtherCalls: neither fails when toxics change meanwhile, and
// a daemon that is closed says so.
func TestPopulateBesideOtherCalls(t *testing.T) {
	d, a, b := twoProxies(t)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 50 {
				name := fmt.Sprint("t", i)
				if _, err := d.PutToxic(t.Context(), "a", late(name, "1ms")); err != nil && !errors.Is(err, control.ErrClosed) {
					t.Error(err)
				}
			}
		})
	}
	for i := range 20 {
		listen := []string{a.Proxy, b.Proxy}
		if i%2 == 0 {
			listen[0], listen[1] = listen[1], listen[0]
		}
		if _, err := d.Populate(t.Context(), []spec.Proxy{asked("a", listen[0], a.Backend), asked("b", listen[1], b.Backend)}); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	dial(t, a.Proxy, "a")
	dial(t, b.Proxy, "b")
	d.Close()
	if _, err := d.Populate(t.Context(), []spec.Proxy{asked("a", b.Proxy, a.Backend)}); !errors.Is(err, control.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestToxicsAreBounded: whoever adds them, and however.
func TestToxicsAreBounded(t *testing.T) {
	h, d, _ := newToxiproxy(t)
	run(t, h, []step{{"POST", "/proxies", redis, 201, redisState}})
	many := make([]spec.Toxic, spec.MaxToxics)
	for i := range many {
		many[i] = late(fmt.Sprint("t", i), "1ms")
	}
	if _, err := d.SetToxics(t.Context(), "redis", many); err != nil {
		t.Fatal(err)
	}
	run(t, h, []step{{"POST", "/proxies/redis/toxics", `{"type":"latency"}`, 400,
		toxiproxyFail(400, "bad request body: a proxy has at most 1000 toxics")}})
}
