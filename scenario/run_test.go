package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A board is a target that takes down what is put over its proxies, and when.
type board struct {
	mu      sync.Mutex
	began   time.Time
	proxies []string // the first is the default
	log     []string // "1.5s db: 20:delay 100:error"
	shares  map[string]func() float64
	refuse  func(proxy string, effects int) error // nil: nothing
}

func newBoard(proxies ...string) *board {
	return &board{began: time.Now(), proxies: proxies, shares: make(map[string]func() float64)}
}

func (b *board) Proxy(name string) (string, error) {
	if name == "" {
		return b.proxies[0], nil
	}
	if !slices.Contains(b.proxies, name) {
		return "", fmt.Errorf("no such proxy: %q", name)
	}
	return name, nil
}

func (b *board) Compile(_ string, c scenario.Change) (scenario.Effect, error) {
	var parts []string
	if c.Plan != nil {
		parts = append(parts, c.Plan.Draw())
		if c.Share != nil {
			b.mu.Lock()
			b.shares[c.Plan.Draw()] = c.Share
			b.mu.Unlock()
		}
	}
	for _, t := range c.Toxics {
		parts = append(parts, "+"+t.Behavior)
	}
	if c.Enabled != nil {
		parts = append(parts, fmt.Sprint("enabled=", *c.Enabled))
	}
	if c.Backend != nil {
		parts = append(parts, *c.Backend)
	}
	return strings.Join(parts, ","), nil
}

func (b *board) Put(_ context.Context, proxy string, effects []scenario.Effect) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	line := fmt.Sprintf("%v %s:", time.Since(b.began), proxy)
	for _, e := range effects {
		line += " " + e.(string)
	}
	b.log = append(b.log, line)
	if b.refuse != nil {
		return b.refuse(proxy, len(effects))
	}
	return nil
}

func (b *board) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.log)
}

func read(t *testing.T, text string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Read("s.yaml", []byte(text), builtin.Registry())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func begin(t *testing.T, b *board, text string, o scenario.Options) *scenario.Run {
	t.Helper()
	run, err := scenario.Start(read(t, text), b, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Stop("the test is over"); <-run.Done() })
	return run
}

func wantLines(t *testing.T, b *board, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, b.lines()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTimelines plays scenarios to their ends, in no time.
func TestTimelines(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"one", `steps: [{at: 10s, behavior: 20:delay, for: 30s}]`,
			[]string{"10s db: 20:delay", "40s db:"}},
		{"one after the other, without a gap", `steps: [{behavior: delay, for: 1s}, {behavior: error, for: 2s}, {for: 1s}, {behavior: hang, for: 1}]`,
			[]string{"0s db: 100:delay", "1s db: 100:error", "3s db:", "4s db: 100:hang", "5s db:"}},
		{"the last one on top, and what it was on when it ends", `
steps:
  - {at: 0s, behavior: delay, for: 10s}
  - {at: 2s, behavior: error, for: 3s}`,
			[]string{"0s db: 100:delay", "2s db: 100:delay 100:error", "5s db: 100:delay", "10s db:"}},
		{"the one beneath ends first", `
steps:
  - {at: 0s, behavior: delay, for: 3s}
  - {at: 2s, behavior: error, for: 3s}`,
			[]string{"0s db: 100:delay", "2s db: 100:delay 100:error", "3s db: 100:error", "5s db:"}},
		{"several proxies", `
steps:
  - {at: 0s, proxy: cache, enabled: false, for: 3s}
  - {at: 1s, backend: "localhost:9", for: 1s}
  - {proxy: cache, toxics: [{behavior: latency}], for: 1s}`,
			[]string{"0s cache: enabled=false", "1s db: localhost:9", "2s db:", "2s cache: enabled=false +latency", "3s cache:"}},
		{"repeated", `steps: [{behavior: delay, for: 1s, repeat: 3, every: 10s}, {behavior: error, for: 1s}]`,
			[]string{"0s db: 100:delay", "1s db:", "10s db: 100:delay", "11s db:", "20s db: 100:delay", "21s db: 100:error", "22s db:"}},
		{"a group, repeated without a pause", `
steps:
  - repeat: 2
    steps:
      - {at: 1s, behavior: delay, for: 1s}
      - {at: 1s, behavior: error, for: 2s}`,
			[]string{"1s db: 100:delay 100:error", "2s db: 100:error", "3s db:", "4s db: 100:delay 100:error", "5s db: 100:error", "6s db:"}},
		{"until the end", `
steps:
  - {at: 0s, behavior: delay, until: end}
  - {at: 1s, behavior: error, for: 1s}`,
			[]string{"0s db: 100:delay", "1s db: 100:delay 100:error", "2s db:"}},
		{"until the end of the group", `
steps:
  - steps:
      - {at: 0s, behavior: delay, until: end}
      - {at: 9s, behavior: hang, until: end}
      - {at: 1s, behavior: error, for: 1s}
  - {for: 10s}`,
			[]string{"0s db: 100:delay", "1s db: 100:delay 100:error", "2s db:"}},
		{"JSON", `{"name": "j", "steps": [{"behavior": [{"name": "delay", "weight": 5, "sleep": 2}], "for": "1s"}], "on-end": "restore"}`,
			[]string{"0s db: 5:delay", "1s db:"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBoard("db", "cache")
				run := begin(t, b, test.text, scenario.Options{})
				<-run.Done()
				got := b.lines()
				if last := got[len(got)-1]; !strings.HasSuffix(last, ":") {
					t.Errorf("something is left: %s", last)
				}
				if state := run.State(); state.State != scenario.Over || state.Live() || state.Reason != "" {
					t.Errorf("state %+v", state)
				}
				// What is restored at the end may be restored twice.
				got = slices.CompactFunc(got, func(a, b string) bool { return strings.HasSuffix(a, ":") && a == b })
				restored := len(got)
				for restored > len(test.want) && strings.HasSuffix(got[restored-1], ":") {
					restored--
				}
				if diff := cmp.Diff(test.want, got[:restored]); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard("db")
		run := begin(t, b, `steps: [{for: 10s}, {behavior: error, ramp: 10 → 50% over 40s, for: 1m}]`, scenario.Options{})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		share := b.shares["100:error"]
		for _, test := range []struct {
			after time.Duration
			want  float64
		}{{0, 0.10}, {10 * time.Second, 0.20}, {25 * time.Second, 0.45}, {5 * time.Second, 0.50}, {15 * time.Second, 0.50}} {
			time.Sleep(test.after)
			if got := share(); fmt.Sprintf("%.6f", got) != fmt.Sprintf("%.6f", test.want) {
				t.Errorf("after %v more the share is %v, want %v", test.after, got, test.want)
			}
		}
		if step := run.State().Steps[1]; step.Percent != "50.0%" || step.Left != "5s" {
			t.Errorf("%+v", step)
		}
		if n := len(b.lines()); n != 1 {
			t.Errorf("the ramp was put over the proxy %d times: %q", n, b.lines())
		}
	})
}

func TestReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard("db")
		run := begin(t, b, `
steps:
  - {name: hold, behavior: hang, until: released}
  - {behavior: error, for: 1s}
  - {at: 5s, behavior: delay, for: 1h, until: released, name: other}`, scenario.Options{})
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if err := run.Release("hodl"); !errors.Is(err, scenario.ErrNoStep) || !strings.Contains(err.Error(), `"hold" (active), "other" (active)`) {
			t.Error(err)
		}
		if err := run.Release("hold"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := run.Release("hold"); !errors.Is(err, scenario.ErrNoStep) {
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
		if err := run.Release("3"); err != nil {
			t.Fatal(err)
		}
		<-run.Done()
		wantLines(t, b, "0s db: 100:hang", "5s db: 100:hang 100:delay", "6s db: 100:delay 100:error", "7s db: 100:delay", "8s db:")
		if err := run.Release("hold"); !errors.Is(err, scenario.ErrNoStep) {
			t.Error(err)
		}
	})
}

func TestStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard("db")
		run := begin(t, b, `steps: [{behavior: hang, for: 1h}, {behavior: error, for: 1s}]`, scenario.Options{ID: "7"})
		time.Sleep(1500 * time.Millisecond)
		run.Stop("enough")
		run.Stop("again")
		<-run.Done()
		wantLines(t, b, "0s db: 100:hang", "1.5s db:")
		s := run.State()
		if s.ID != "7" || s.State != scenario.Stopped || s.Reason != "enough" || s.Elapsed != "1.5s" ||
			s.Steps[0].State != scenario.Stopped || s.Steps[1].State != scenario.Skipped {
			t.Errorf("%+v", s)
		}
	})
}

// TestStates compares what is shown, times and all.
func TestStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := begin(t, newBoard("db"), `
name: n
steps:
  - {behavior: 20:delay, for: 10s}
  - {at: 30s, toxics: [{behavior: latency, percent: 5}], enabled: false, for: 2500ms, repeat: 2}
rails: [{lease: 1h}]`, scenario.Options{})
		time.Sleep(1200 * time.Millisecond)
		s := run.State()
		want := scenario.State{
			Name: "n", State: scenario.Running, Began: s.Began, Elapsed: "1.2s", Left: "34s",
			Lease: &scenario.LeaseState{Every: "1h", Left: "59m59s"},
			Steps: []scenario.StepState{
				{Number: 1, Name: "step 1", Place: "s.yaml:4", Proxy: "db", Does: "20:delay", State: scenario.Active, Left: "9s"},
				{Number: 2, Name: "step 2", Place: "s.yaml:5", Proxy: "db", Does: "toxic 5% latency, disabled", State: scenario.Pending, BeginsIn: "29s"},
			},
			Rails: []scenario.RailState{},
		}
		if diff := cmp.Diff(want, s); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard("db")
		run := begin(t, b, "steps: [{behavior: hang, for: 1h}]\nrails: [{lease: 15s}]", scenario.Options{})
		for range 3 {
			time.Sleep(14 * time.Second)
			run.Renew()
		}
		<-run.Done()
		wantLines(t, b, "0s db: 100:hang", "57s db:")
		if s := run.State(); s.State != scenario.Tripped || s.Reason != "the lease of 15s was not renewed" {
			t.Errorf("%+v", s)
		}
	})
}

// TestStepFails: a step that cannot be made ends the scenario, and the rest is
// put back.
func TestStepFails(t *testing.T) {
	const text = `
steps:
  - {at: 0s, proxy: cache, behavior: hang, for: 1h}
  - {at: 1s, behavior: error, for: 1h}`
	t.Run("refused", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBoard("db", "cache")
			b.refuse = func(proxy string, effects int) error {
				if proxy == "db" && effects > 0 {
					return errors.New("no")
				}
				return nil
			}
			run := begin(t, b, text, scenario.Options{})
			<-run.Done()
			wantLines(t, b, "0s cache: 100:hang", "1s db: 100:error", "1s cache:", "1s db:")
			s := run.State()
			if s.State != scenario.Failed || s.Reason != "step 2 (s.yaml:4): no" || s.Steps[1].State != scenario.Failed || s.Steps[0].State != scenario.Stopped {
				t.Errorf("%+v", s)
			}
		})
	})
	t.Run("gone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBoard("db", "cache")
			run := begin(t, b, text, scenario.Options{})
			time.Sleep(500 * time.Millisecond)
			run.Gone("elsewhere")
			run.Gone("db")
			<-run.Done()
			wantLines(t, b, "0s cache: 100:hang", "500ms cache:")
			if s := run.State(); s.State != scenario.Failed || s.Reason != "step 2 (s.yaml:4): proxy db is gone" {
				t.Errorf("%+v", s)
			}
		})
	})
	t.Run("not put back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBoard("db", "cache")
			b.refuse = func(proxy string, effects int) error {
				if effects == 0 {
					return errors.New("address in use")
				}
				return nil
			}
			run := begin(t, b, `steps: [{enabled: false, for: 1s}, {for: 1s}]`, scenario.Options{})
			<-run.Done()
			s := run.State()
			if s.State != scenario.Failed || len(s.Problems) != 1 || s.Problems[0] != "proxy db is not what it was before: address in use" {
				t.Errorf("%+v", s)
			}
		})
	})
}

// TestRails: they are looked at before the first step, and a failure that lasts
// ends the scenario at once. Real time passes here, for a real server answers.
func TestRails(t *testing.T) {
	var mu sync.Mutex
	status := 500
	set := func(s int) { mu.Lock(); status = s; mu.Unlock() }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.WriteHeader(status)
	}))
	defer server.Close()
	b := newBoard("db")
	flag := filepath.Join(t.TempDir(), "well")
	if err := os.WriteFile(flag, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`
steps: [{behavior: hang, for: 1h}]
rails:
  - {probe: "%s", every: 100ms, expect: 204, failures: 1000}
  - {command: "test -f %s || { echo it is gone >&2; exit 3; }", every: 100ms, failures: 2}`, server.URL, flag)
	run := begin(t, b, text, scenario.Options{})
	until(t, func() bool { return run.State().Rails[0].Failures >= 2 })
	if s := run.State(); s.State != scenario.Checking || len(b.lines()) != 0 || s.Rails[0].State != "failing" || s.Rails[0].Last != "answered 500 Internal Server Error, not 204" {
		t.Errorf("%+v, %q", s, b.lines())
	}
	set(204)
	until(t, func() bool { return run.State().State == scenario.Running && len(b.lines()) == 1 })
	if s := run.State(); s.Rails[0].State != "holds" || s.Rails[1].State != "holds" || s.Rails[1].Last != "exit status 0" {
		t.Errorf("%+v", s.Rails)
	}
	os.Remove(flag)
	<-run.Done()
	s := run.State()
	if s.State != scenario.Tripped || !strings.HasSuffix(s.Reason, ": 2 failures in a row: exit status 3: it is gone") || s.Rails[1].State != "tripped" {
		t.Errorf("%+v", s)
	}
	if lines := b.lines(); len(lines) != 2 || !strings.HasSuffix(lines[1], "db:") {
		t.Errorf("%q", lines)
	}
}

// TestRailThatHangs: what takes too long has failed, and what it started is
// ended.
func TestRailThatHangs(t *testing.T) {
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer server.Close()
	defer close(hang)
	for _, rail := range []string{"command: sleep 1000", "probe: " + server.URL} {
		run := begin(t, newBoard("db"), "steps: [{behavior: hang, for: 1h}]\nrails:\n  - "+rail+"\n    timeout: 20ms\n    failures: 1", scenario.Options{})
		<-run.Done()
		if s := run.State(); s.State != scenario.Tripped || !strings.HasSuffix(s.Reason, ": took longer than 20ms") || s.Began != nil {
			t.Errorf("%+v", s)
		}
	}
}

func TestCallerRunsCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := begin(t, newBoard("db"), "steps: [{behavior: hang, for: 1s}]\nrails: [{command: exit 1, failures: 1}]", scenario.Options{CallerRuns: true})
		<-run.Done()
		if s := run.State(); s.State != scenario.Over || s.Rails[0].State != "caller" {
			t.Errorf("%+v", s)
		}
	})
}

// TestNotes: what happens is told once, in its order; a ramp does not flood.
func TestNotes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var notes []string
		run := begin(t, newBoard("db"), `steps: [{name: more, behavior: error, ramp: 0 -> 50% over 1m, for: 2m}]`,
			scenario.Options{Note: func(n scenario.Note) { notes = append(notes, n.Kind+": "+n.Text) }})
		<-run.Done()
		want := []string{"began: scenario began", "step: more began: proxy db: 100:error, ramp 0% -> 50% over 1m", "step: more is over", "ended: scenario over"}
		if diff := cmp.Diff(want, notes); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// until waits until a condition holds that a real process brings about.
func until(t *testing.T, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatal("it does not come about")
		}
		time.Sleep(5 * time.Millisecond)
	}
}
