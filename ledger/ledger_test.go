package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// add adds n exchanges of a session.
func add(l *Ledger, session uint64, n int) {
	for i := range n {
		l.Add(Entry{Type: ExchangeType, Proxy: "db", Session: session, Exchange: uint64(i + 1), Verb: "GET", Fate: Passed})
	}
}

// told says what entries are, in short: s.x, or lost and how many.
func told(entries []Entry) (out []string) {
	for _, e := range entries {
		switch e.Type {
		case LostType:
			out = append(out, fmt.Sprintf("lost %d (%s)", e.Count, e.Reason))
		case ExchangeType:
			out = append(out, fmt.Sprintf("%d.%d", e.Session, e.Exchange))
		default:
			out = append(out, string(e.Type))
		}
	}
	return out
}

// all reads until there is nothing.
func all(s *Subscription) (out []string) {
	for {
		batch := s.Ready()
		if len(batch) == 0 {
			return out
		}
		out = append(out, told(batch)...)
	}
}

func TestSubscription(t *testing.T) {
	for _, test := range []struct {
		name   string
		before int
		after  uint64
		more   int
		want   []string
	}{
		{"all that there is", 2, 0, 1, []string{"1.1", "1.2", "2.1"}},
		{"news only", 2, Newest, 2, []string{"2.1", "2.2"}},
		{"a resumption", 3, 2, 1, []string{"1.3", "2.1"}},
		{"a resumption that comes too late", 7, 1, 0, []string{"lost 2 (slow)", "1.4", "1.5", "1.6", "1.7"}},
		{"the oldest that there is", 7, 0, 0, []string{"1.4", "1.5", "1.6", "1.7"}},
		{"one that is too slow", 2, 0, 6, []string{"lost 4 (slow)", "2.3", "2.4", "2.5", "2.6"}},
		{"a number of another run", 2, 50, 0, []string{"1.1", "1.2"}},
		{"nothing", 0, 0, 0, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := New(Options{Keep: 4})
			add(l, 1, test.before)
			s := l.Subscribe(test.after, Filter{})
			add(l, 2, test.more)
			if diff := cmp.Diff(test.want, all(s)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFilter(t *testing.T) {
	l := New(Options{})
	l.Add(Entry{Type: PlanType, Proxy: "db", InPlan: &Plan{Number: 1}})
	l.Add(Entry{Type: PlanType, Proxy: "web", InPlan: &Plan{Number: 1}})
	l.Add(Entry{Type: ExchangeType, Proxy: "db", Session: 1, Exchange: 1, Verb: "GET", Fate: Passed})
	l.Add(Entry{Type: BegunType, Proxy: "db", Session: 1, Exchange: 2, Verb: "GET", Behavior: "slow+delay"})
	l.Add(Entry{Type: ExchangeType, Proxy: "db", Session: 1, Exchange: 2, Verb: "GET", Behavior: "slow+delay", Fate: Delayed, Deeds: make([]Deed, 1)})
	l.Add(Entry{Type: ExchangeType, Proxy: "db", Session: 2, Exchange: 1, Verb: "SET", Behavior: "error", Fate: Failed})
	l.Add(Entry{Type: ExchangeType, Proxy: "web", Session: 2, Exchange: 1, Verb: "POST", Fate: Passed})
	for _, test := range []struct {
		filter Filter
		want   string
	}{
		{Filter{}, "[plan plan 1.1 begun 1.2 2.1 2.1]"},
		{Filter{Types: []Type{ExchangeType}}, "[1.1 1.2 2.1 2.1]"},
		{Filter{Proxies: []string{"db"}}, "[plan 1.1 begun 1.2 2.1]"},
		{Filter{Proxies: []string{"db"}, Sessions: []uint64{1}}, "[plan 1.1 begun 1.2]"},
		{Filter{Verbs: []string{"set", "POST"}}, "[plan plan 2.1 2.1]"},
		{Filter{Behaviors: []string{"delay"}}, "[plan plan begun 1.2]"},
		{Filter{Behaviors: []string{"del"}}, "[plan plan]"},
		{Filter{Fates: []Fate{Failed}}, "[plan plan begun 2.1]"},
		{Filter{Touched: true, Types: []Type{ExchangeType}}, "[1.2 2.1]"},
	} {
		if got := fmt.Sprint(all(l.Subscribe(0, test.filter))); got != test.want {
			t.Errorf("%+v: %s, want %s", test.filter, got, test.want)
		}
	}
}

func TestNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Options{})
		s := l.Subscribe(0, Filter{})
		start := time.Now()
		go func() {
			time.Sleep(time.Second)
			add(l, 1, 3)
		}()
		batch, err := s.Next(t.Context())
		if got := fmt.Sprint(told(batch)); err != nil || got != "[1.1 1.2 1.3]" {
			t.Errorf("%s, %v", got, err)
		}
		if took := time.Since(start); took != time.Second+gather {
			t.Errorf("took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if batch, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) || batch != nil {
			t.Errorf("%v, %v", batch, err)
		}
	})
}

// A burst wakes those who let entries come together.
func TestNextDoesNotSleepThroughABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Options{Keep: 400})
		s := l.Subscribe(0, Filter{})
		s.gather = time.Hour
		start := time.Now()
		go func() {
			for range 250 {
				time.Sleep(time.Millisecond)
				add(l, 1, 1)
			}
		}()
		n := 0
		for n <= 100 {
			batch, err := s.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			n += len(batch)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("took %v", took)
		}
		time.Sleep(time.Second) // for who adds to end
	})
}

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Options{})
		s := l.Subscribe(0, Filter{})
		s.Limit(4)
		add(l, 1, 5) // nothing was done to them: two may pass
		for i := range 5 {
			l.Add(Entry{Type: ExchangeType, Session: 2, Exchange: uint64(i + 1), Behavior: "delay"})
		}
		l.Add(Entry{Type: PlanType, InPlan: new(Plan)})
		if got := fmt.Sprint(all(s)); got != "[1.1 1.2 2.1 2.2 plan]" {
			t.Error(got)
		}
		time.Sleep(time.Second)
		add(l, 3, 1)
		if got := fmt.Sprint(all(s)); got != "[lost 6 (sampled) 3.1]" {
			t.Error(got)
		}
	})
}

// Subscriptions that nobody reads hold up nobody, and each that is read again
// is told of all that it missed.
func TestStuckSubscriptions(t *testing.T) {
	const adders, each = 4, 25_000
	l := New(Options{Keep: 1000})
	stuck := l.Subscribe(0, Filter{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	counts := make(chan uint64)
	for range 3 {
		s := l.Subscribe(0, Filter{})
		go func() {
			var n uint64
			for {
				batch, err := s.Next(ctx)
				if err != nil {
					for batch := s.Ready(); len(batch) > 0; batch = s.Ready() {
						n += count(batch)
					}
					counts <- n
					return
				}
				n += count(batch)
			}
		}()
	}
	var wg sync.WaitGroup
	for a := range adders {
		wg.Go(func() { add(l, uint64(a+1), each) })
	}
	wg.Wait()
	cancel()
	for range 3 {
		if n := <-counts; n != adders*each {
			t.Errorf("a reader was told of %d entries, of %d", n, adders*each)
		}
	}
	var n uint64
	for batch := stuck.Ready(); len(batch) > 0; batch = stuck.Ready() {
		n += count(batch)
	}
	if n != adders*each {
		t.Errorf("the stuck reader was told of %d entries, of %d", n, adders*each)
	}
}

// count counts entries, the lost ones too.
func count(batch []Entry) (n uint64) {
	for _, e := range batch {
		if e.Type == LostType {
			n += e.Count
		} else {
			n++
		}
	}
	return n
}

func TestBatchesAreTheReaders(t *testing.T) {
	l := New(Options{Keep: 2})
	l.Add(touched())
	s := l.Subscribe(0, Filter{})
	batch := s.Ready()
	for range 5 {
		l.Add(Entry{Type: ExchangeType, Deeds: []Deed{{What: "other"}}, Attributes: []Attribute{{"other", "x"}}})
	}
	want := touched()
	want.Number = 1
	if diff := cmp.Diff(want, batch[0]); diff != "" {
		t.Error(diff)
	}
}

func TestNilLedger(t *testing.T) {
	var l *Ledger
	l.Add(Entry{Type: PlanType})
}
