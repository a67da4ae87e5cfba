package metrics

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
)

// TestBounds: whatever names there are, the series are limited.
func TestBounds(t *testing.T) {
	r := NewRecorder()
	for i := range 3 * mostProxies {
		if p := r.proxy(fmt.Sprint("p", i)); (p == nil) != (i >= mostProxies) {
			t.Fatalf("proxy %d is %v", i, p)
		}
	}
	p := r.proxy("p0")
	for i := range 3 * mostBehaviors {
		b := p.behavior(fmt.Sprint("b", i))
		if want := fmt.Sprint("b", i); i < mostBehaviors && b.label != want || i >= mostBehaviors && b.label != other {
			t.Fatalf("behavior %d is %q", i, b.label)
		}
		b.added().Observe(1)
	}
	b := p.behavior("b0")
	for i := range 3 * mostDeeds {
		b.count(&vaurien.Deed{What: "fail", Detail: fmt.Sprint("k", i), Times: 1})
		b.count(&vaurien.Deed{What: fmt.Sprint("w", i), Detail: "from the traffic", Times: 1})
	}
	reg := registry(Options{Proxies: lister{"p0"}, Recorder: r})
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	most := map[string]int{
		"vaurien_client_latency_seconds": 1, // the others are gone
		"vaurien_added_delay_seconds":    mostBehaviors + 1,
		"vaurien_deeds_total":            mostDeeds + 1,
	}
	for _, f := range families {
		want, ok := most[f.GetName()]
		if n := len(f.GetMetric()); ok && n != want {
			t.Errorf("%s has %d series, want %d", f.GetName(), n, want)
		}
		for _, m := range f.GetMetric() {
			if strings.Contains(m.String(), "from the traffic") {
				t.Errorf("a series has what somebody said: %v", m)
			}
		}
		delete(most, f.GetName())
	}
	if len(most) > 0 {
		t.Errorf("there are no %v", most)
	}
}

// TestInvalidNames: a name that cannot be a label's value costs no panic.
func TestInvalidNames(t *testing.T) {
	r := NewRecorder()
	b := r.proxy("p\xff").behavior("b\xff")
	b.added().Observe(1)
	b.count(&vaurien.Deed{What: "w\xff", Times: 1})
	r.keep(map[string]bool{})
	if p, ok := r.proxies.get("p\xff"); ok {
		t.Errorf("there is %v", p)
	}
}

// A capture keeps the first Record of an exchange that is over, as far as it
// stays valid.
type capture struct {
	Recorder
	once   sync.Once
	record vaurien.Record
	done   chan struct{}
}

func (c *capture) Record(r *vaurien.Record) {
	if r.Ended.IsZero() || r.Exchange == 0 {
		return
	}
	c.once.Do(func() {
		c.record = *r
		c.record.Deeds = append([]vaurien.Deed(nil), r.Deeds...)
		close(c.done)
	})
}

// captured returns a Record of an exchange that met a behavior.
func captured(t testing.TB, behavior string, options option.Values) *vaurien.Record {
	c := &capture{done: make(chan struct{})}
	w := newWorld(t, c)
	w.proxy("web", nil)
	w.plan("web", behavior, options)
	w.get("web", 1)
	<-c.done
	return &c.record
}

// TestAllocations: measuring an exchange allocates nothing.
func TestAllocations(t *testing.T) {
	for _, x := range []*vaurien.Record{
		captured(t, "dummy", nil),
		captured(t, "delay", option.Values{"sleep": {Text: "1ms"}}),
		captured(t, "error", nil),
	} {
		r := NewRecorder()
		if n := testing.AllocsPerRun(1000, func() { r.Record(x) }); n != 0 {
			t.Errorf("%q: %v allocations", x.Behavior, n)
		}
	}
}

// BenchmarkRecord is what an exchange costs.
func BenchmarkRecord(b *testing.B) {
	for _, c := range []struct {
		behavior string
		options  option.Values
	}{{"dummy", nil}, {"delay", option.Values{"sleep": {Text: "1ms"}}}} {
		x := captured(b, c.behavior, c.options)
		b.Run(c.behavior, func(b *testing.B) {
			r := NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				r.Record(x)
			}
		})
	}
}

// A lister lists proxies of those names.
type lister []string

func (l lister) Proxies(context.Context) ([]control.Proxy, error) {
	var all []control.Proxy
	for _, name := range l {
		all = append(all, control.Proxy{Name: name})
	}
	return all, nil
}
