package scenario_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/scenario"
	"github.com/vaurien-proxy/vaurien/spec"
)

func TestReadWrong(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", `s.yaml: is empty: write steps: [{at: 10s, behavior: 20:delay, for: 30s}]`},
		{"name: x", `s.yaml:1: steps: is missing: write steps: [{at: 10s, behavior: 20:delay, for: 30s}]`},
		{"- x", `s.yaml:1: scenario: takes keys and values, not a list`},
		{"steps: 3", `s.yaml:1: steps: takes a list: write [{at: 10s, behavior: 20:delay, for: 30s}]`},
		{"steps: []", `s.yaml:1: steps: takes a list: write [{at: 10s, behavior: 20:delay, for: 30s}]`},
		{"stesp: []", `s.yaml:1: stesp: unknown: did you mean "steps"?`},
		{"on-end: keep\nsteps: [{for: 1s}]", `s.yaml:1: on-end: "keep": write restore: what was there before is always put back`},
		{"steps: [{for: 1s, for: 2s}]", `s.yaml:1: for: given already, at s.yaml:1`},
		{"steps: [{at: -1s, for: 1s}]", `s.yaml:1: at: -1s: write a time from 0s to 720h`},
		{"steps: [{for: 1ms}]", `s.yaml:1: for: 1ms: write a time from 10ms to 720h`},
		{"steps: [{for: soon}]", `s.yaml:1: for: "soon" is not a duration: write seconds (2, 0.5) or a number with a unit (150ms, 2m, 1h)`},
		{"steps: [{behavior: delay}]", `s.yaml:1: step 1 has no end: write for: 30s, until: released or until: end`},
		{"steps: [{until: never}]", `s.yaml:1: until: "never": write released, until somebody lets it go, or end, until the others are over`},
		{"steps: [{for: 1s, until: end}, {for: 1s, at: 0s}]", `s.yaml:1: until: end does not go with for: write one of the two`},
		{"steps: [{until: end, behavior: delay}]", `s.yaml:1: the scenario never ends, for each of its steps lasts until the end: give one of them for or until: released`},
		{"steps:\n  - {until: end, behavior: delay}\n  - {for: 1s}", `s.yaml:3: begins when the step before it is over, which lasts until the end: write at`},
		{"steps:\n  - {repeat: forever, for: 1s}\n  - {for: 1s}", `s.yaml:3: begins when the step before it is over, which is repeated forever: write at`},
		{"steps:\n  - {name: a, for: 1s}\n  - {name: a, for: 1s}", `s.yaml:3: name: "a" is the name of the step at s.yaml:2 already`},
		{"steps: [{behavior: 120:delay, for: 1s}]", `s.yaml:1: 120:delay: a percentage is from 0 to 100`},
		{"steps: [{behavior: [{weight: 5}], for: 1s}]", `s.yaml:1: behavior: names no behavior: write {weight: 20, name: delay}`},
		{"steps: [{behavior: delay, options: {error: {code: 500}}, for: 1s}]", `s.yaml:1: options: error is not in the plan 100:delay`},
		{"steps: [{options: {error: {code: 500}}, for: 1s}]", `s.yaml:1: options: goes with behavior: it has the options of those that are named there`},
		{"steps: [{behavior: delay, ramp: up, for: 1s}]", `s.yaml:1: ramp: "up" is not a ramp: write PERCENT -> PERCENT over TIME, as in 0 -> 50% over 1m`},
		{"steps: [{behavior: delay, ramp: 0 -> 101 over 1s, for: 1s}]", `s.yaml:1: ramp: "0 -> 101 over 1s" is not a ramp: write PERCENT -> PERCENT over TIME, as in 0 -> 50% over 1m`},
		{"steps: [{enabled: false, ramp: 0 -> 10 over 1s, for: 1s}]", `s.yaml:1: ramp: goes with behavior: it is the percentage of the exchanges that meet it`},
		{"steps: [{behavior: delay, ramp: 0 -> 10 over 2s, for: 1s}]", `s.yaml:1: ramp: takes 2s, and the step only 1s`},
		{"steps: [{toxics: [], for: 1s}]", `s.yaml:1: toxics: takes a list: write [{behavior: latency, latency: 100ms}]`},
		{"steps: [{toxics: [{percent: 5}], for: 1s}]", `s.yaml:1: toxics: names no behavior: write [{behavior: latency, percent: 50, latency: 100ms}]`},
		{"steps: [{backend: nowhere, for: 1s}]", `s.yaml:1: backend: "nowhere" is not an address: write HOST:PORT, as in localhost:8000`},
		{"steps: [{enabled: maybe, for: 1s}]", `s.yaml:1: enabled: "maybe" is not a yes or no: write true or false`},
		{"steps: [{proxy: db, for: 1s}]", `s.yaml:1: proxy: nothing is done to db: write behavior, toxics, enabled or backend`},
		{"steps: [{steps: [{for: 1s}], for: 1s}]", `s.yaml:1: steps: a group has only name, at, repeat, every and steps: write the rest in its steps`},
		{"steps: [{repeat: 0, for: 1s}]", `s.yaml:1: repeat: "0" is not how often: write a number from 1 to 1000000, or forever`},
		{"steps: [{every: 2s, for: 1s}]", `s.yaml:1: every: goes with repeat: write how often, as in repeat: 3, or repeat: forever`},
		{"steps: [{repeat: 2, every: 2s, steps: [{for: 1s}, {for: 2s}]}]", `s.yaml:1: every: 2s is too often: a round takes 3s`},
		{"steps: [{for: 1s}]\nrails: {}", `s.yaml:2: rails: takes a list: write [{probe: http://localhost:9000/health, every: 2s}, {command: ./check.sh}, {lease: 15s}]`},
		{"steps: [{for: 1s}]\nrails: [{probe: localhost}]", `s.yaml:2: probe: "localhost" is not a URL: write one such as http://localhost:9000/health`},
		{"steps: [{for: 1s}]\nrails: [{probe: 'http://a', expect: 700}]", `s.yaml:2: expect: "700" is not an HTTP status: write one, as in 200, or a class, as in 2xx`},
		{"steps: [{for: 1s}]\nrails: [{command: x, expect: 200}]", `s.yaml:2: expect: goes with probe: a command is to end with the exit status 0`},
		{"steps: [{for: 1s}]\nrails: [{command: x, probe: 'http://a'}]", `s.yaml:2: rails: a rail is one of probe, command and lease: write [{probe: http://localhost:9000/health, every: 2s}, {command: ./check.sh}, {lease: 15s}]`},
		{"steps: [{for: 1s}]\nrails: [{command: x, failures: 0}]", `s.yaml:2: failures: "0" is not how many failures in a row are too many: write a number from 1 to 1000`},
		{"steps: [{for: 1s}]\nrails: [{lease: 15s, every: 1s}]", `s.yaml:2: rails: a lease has nothing else`},
		{"steps: [{for: 1s}]\nrails:\n  - {lease: 15s}\n  - {lease: 15s}", `s.yaml:4: lease: there is one already`},
		{"steps: [{for: 1s}]\n---\nsteps: []", `s.yaml:2: a second document begins: write all in one`},
	} {
		_, err := scenario.Read("s.yaml", []byte(test.text), builtin.Registry())
		if err == nil {
			t.Errorf("%s\nis taken for right", test.text)
		} else if option.Errors(err) == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s\n%v\nwant\n%s", test.text, err, test.want)
		}
	}
}

// TestReadHostile: what is small and would grow large, or has no end, is
// refused soon.
func TestReadHostile(t *testing.T) {
	tower := "a0: &a0 {for: 1s}\n"
	for i := 1; i <= 9; i++ {
		tower += fmt.Sprintf("a%d: &a%d {steps: [%s]}\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10))
	}
	for _, text := range []string{
		tower + "steps: [*a9]",
		"steps: &s [{steps: *s}]",
		"steps: [" + strings.Repeat("{for: 1s}, ", 1001) + "]",
		"steps: [{for: 1s, toxics: [" + strings.Repeat("{behavior: latency}, ", 1001) + "]}]",
		"steps: " + strings.Repeat("[{steps: ", 5000),
		strings.Repeat(" ", spec.MaxFile+1),
	} {
		began := time.Now()
		if _, err := scenario.Read("s.yaml", []byte(text), builtin.Registry()); option.Errors(err) == nil {
			t.Errorf("%.60s: %v", text, err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%.60s: took %v", text, took)
		}
	}
}

func TestLength(t *testing.T) {
	for _, test := range []struct {
		text string
		want time.Duration
	}{
		{"steps: [{for: 1s}, {for: 2s}]", 3 * time.Second},
		{"steps: [{at: 5s, for: 1s}, {at: 2s, for: 2s}]", 6 * time.Second},
		{"steps: [{for: 1s, repeat: 3, every: 10s}]", 21 * time.Second},
		{"steps: [{repeat: 2, steps: [{for: 1s}, {for: 1s}]}, {at: 0s, until: end}]", 4 * time.Second},
		{"steps: [{until: released}]", -1},
		{"steps: [{for: 1s, repeat: forever}]", -1},
		{"steps: [{for: 720h, repeat: 1000000}, {for: 720h}]", 100 * 365 * 24 * time.Hour},
	} {
		got, known := read(t, test.text).Length()
		if !known {
			got = -1
		}
		if got != test.want {
			t.Errorf("%s: %v, want %v", test.text, got, test.want)
		}
	}
}

func TestCheckProxies(t *testing.T) {
	reg := builtin.Registry()
	proxies := []spec.Proxy{
		{Name: "db", Settings: option.Values{"protocol": {Text: "postgres"}}},
		{Name: "web", Settings: option.Values{"protocol": {Text: "http"}}},
	}
	for _, test := range []struct {
		text    string
		proxies []spec.Proxy
		want    string
	}{
		{"steps: [{behavior: delay, for: 1s}]", nil, ""},
		{"steps: [{behavior: dely, for: 1s}]", nil, `s.yaml:1: unknown behavior "dely"`},
		{"steps: [{toxics: [{behavior: latency, latncy: 1s}], for: 1s}]", nil, `s.yaml:1: latncy: unknown option: did you mean "latency"?`},
		{"steps: [{behavior: delay, for: 1s}]", proxies, `s.yaml:1: proxy: there is no proxy "default"; known: db, web`},
		{"steps: [{behavior: delay, for: 1s}]", proxies[:1], ""},
		{"steps: [{proxy: web, behavior: error, options: {error: {kind: deadlock}}, for: 1s}]", proxies, `s.yaml:1: kind: `},
		{"steps: [{proxy: db, behavior: error, options: {error: {kind: deadlock}}, for: 1s}]", proxies, ""},
	} {
		err := read(t, test.text).CheckProxies(reg, test.proxies)
		if test.want == "" && err != nil || test.want != "" && (option.Errors(err) == nil || !strings.HasPrefix(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %s", test.text, err, test.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("steps: [{at: 1s, behavior: 20:delay, options: {delay: {sleep: 2}}, ramp: 0 -> 5 over 1s, for: 1s}]\nrails: [{lease: 5s}]"))
	reg := builtin.Registry()
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := scenario.Read("s.yaml", text, reg)
		if err == nil {
			s.Length()
			s.Lines()
		}
	})
}
