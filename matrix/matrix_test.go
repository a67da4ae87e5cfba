package matrix

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// proxy returns a proxy of that name, before nobody.
func proxy(name, protocol string) spec.Proxy {
	p := spec.Proxy{Name: name}.Clone()
	p.Settings["protocol"] = option.Value{Text: protocol}
	p.Settings["backend"] = option.Value{Text: "127.0.0.1:9"}
	return p
}

// parse returns the matrix of a file.
func parse(t *testing.T, text string) (*Matrix, error) {
	t.Helper()
	r := builtin.Registry()
	f, err := spec.Parse("m.yaml", []byte(text), config.Words(r))
	if err != nil {
		t.Fatal(err)
	}
	return New(r, f.Proxies, f.Matrix, nil, nil)
}

// What is tried by default can be tried, with every protocol there is.
func TestDefaults(t *testing.T) {
	r := builtin.Registry()
	for _, k := range r.Protocols() {
		m, err := New(r, []spec.Proxy{proxy("x", k.Name)}, nil, nil, nil)
		if err != nil {
			t.Errorf("%s: %v", k.Name, err)
			continue
		}
		seen := map[string]bool{}
		for _, c := range m.Cases {
			if seen[c.Name] || c.Doc == "" || !c.Listed || !isName(c.Name) {
				t.Errorf("%s: %q is there twice, is not said what it is, or cannot be a name", k.Name, c.Name)
			}
			seen[c.Name] = true
		}
		for _, name := range []string{"restart", "hang", "commit-unknown"} {
			if !seen[name] {
				t.Errorf("%s: there is no %s", k.Name, name)
			}
		}
	}
	for name := range effects {
		if _, err := r.Protocol(name, nil, ""); err != nil {
			t.Error(err)
		}
	}
}

func ids(m *Matrix) []string {
	var out []string
	for _, c := range m.Cases {
		out = append(out, c.ID())
	}
	return out
}

func TestFile(t *testing.T) {
	m, err := parse(t, `
proxies:
  db: {backend: "localhost:1", protocol: redis, proxy: "localhost:6000", behavior: 20:delay, toxics: [{behavior: latency}]}
  web: {backend: "localhost:2", enabled: false}
matrix:
  repeat: 3
  run-timeout: 5
  expect: survive
  failures:
    - error:no*
    - failure: error:noauth
      expect: {result: fail, status: 3, output: denied}
    - hang
    - behavior: slow-close
      delay: 2s
    - {name: pair, toxics: [{behavior: refuse}, {behavior: latency, percent: 50, latency: 1s}], proxies: w*, when: {replies: 2, after: 1s, for: 3s}}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"db/error:noauth", "db/error:nopermission", "db/error:noreplicas", "db/error:noscript", "db/error:noproto", "db/hang", "db/slow-close",
		"web/hang", "web/slow-close", "web/pair",
	}
	if got := ids(m); !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if m.Settings.Repeat != 3 || m.Settings.Timeout != 5*time.Second {
		t.Errorf("%+v", m.Settings)
	}
	if want := []string{"the behavior 20:delay of proxy db", "1 toxics of proxy db"}; !slices.Equal(m.SetAside, want) {
		t.Errorf("set aside: %q", m.SetAside)
	}
	for _, p := range m.Proxies {
		if len(p.Plan.Entries)+len(p.Toxics) > 0 || p.Settings["proxy"].Text != "127.0.0.1:0" {
			t.Errorf("%+v is not plain", p)
		}
	}
	for id, want := range map[string]string{
		"db/error:noauth":   "error kind=noauth | fail, status 3, output matching denied | false",
		"db/error:noscript": "error kind=noscript | survive | true",
		"db/slow-close":     "slow_close delay=2s | survive | false",
		"web/pair":          "refuse + 50% latency latency=1s; after 2 replies, 1s later, for 3s | survive | false",
	} {
		c := m.Cases[slices.Index(ids(m), id)]
		if got := fmt.Sprintf("%s | %s | %v", c.What(), m.Expectation(c), c.Listed); got != want {
			t.Errorf("%s: %s\nwant %s", id, got, want)
		}
	}
}

func TestSelect(t *testing.T) {
	tests := []struct {
		only, skip []string
		want       []string
	}{
		{nil, []string{"web", "*delay"}, []string{"db/hang"}},
		{[]string{"hang"}, nil, []string{"db/hang", "web/hang"}},
		{[]string{"db/*", "web/hang"}, []string{"db/hang"}, []string{"db/delay", "web/hang"}},
	}
	for _, test := range tests {
		m, err := parse(t, "proxies: {db: {backend: 'a:1'}, web: {backend: 'a:2', proxy: 'a:3'}}\nmatrix: {failures: [hang, delay]}")
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Select(test.only, test.skip); err != nil || !slices.Equal(ids(m), test.want) {
			t.Errorf("only %q, skip %q: %q, %v", test.only, test.skip, ids(m), err)
		}
	}
}

// ended is a run that ended in so many seconds, with so many hits.
func ended(status int, seconds float64, hits uint64) *Run {
	stats := control.Stats{Sessions: 1, Exchanges: 4, Faults: map[string]uint64{}}
	if hits > 0 {
		stats.Faults["delay"] = hits
	}
	return &Run{Attempt: 1, Status: status, Seconds: seconds, Hits: hits, Proxies: []control.Proxy{{Name: "db", Stats: stats}}}
}

func timedOut(seconds float64) *Run {
	r := ended(143, seconds, 1)
	r.TimedOut = true
	return r
}

func TestJudge(t *testing.T) {
	three := 3
	survive, fail := Expectation{Result: Survive}, Expectation{Result: Fail}
	tests := []struct {
		name    string
		runs    []*Run
		expect  Expectation
		listed  bool
		outcome string
		broken  string
	}{
		{"succeeds", []*Run{ended(0, 1, 1)}, survive, false, Survived, ""},
		{"succeeds, should not", []*Run{ended(0, 1, 1)}, fail, false, Survived, unexpected},
		{"fails", []*Run{ended(1, 1, 1)}, fail, false, Failed, ""},
		{"fails, should not", []*Run{ended(1, 1, 1)}, survive, false, Failed, unexpected},
		{"fails, nobody cares", []*Run{ended(1, 1, 1)}, Expectation{}, false, Failed, ""},
		{"fails once", []*Run{ended(0, 1, 1), ended(1, 1, 1), ended(0, 1, 1)}, survive, false, Failed, unexpected},
		{"fails with 3", []*Run{ended(3, 1, 1)}, Expectation{Result: Fail, Status: &three}, false, Failed, ""},
		{"fails with 1", []*Run{ended(1, 1, 1)}, Expectation{Result: Fail, Status: &three}, false, Failed, unexpected},
		{"does not end", []*Run{ended(1, 1, 1), timedOut(60)}, fail, false, TimedOut, unexpected},
		{"does not end, nobody cares", []*Run{timedOut(60)}, Expectation{Result: Any}, false, TimedOut, ""},
		{"slow", []*Run{ended(0, 5, 1)}, Expectation{Result: Survive, MaxSlowdown: 2}, false, Survived, "it took 2.5 times as long"},
		{"slow once", []*Run{ended(0, 5, 1), ended(0, 3, 1), ended(0, 3, 1)}, Expectation{Result: Survive, MaxSlowdown: 2}, false, Survived, ""},
		{"not hit", []*Run{ended(0, 1, 0)}, survive, false, NotReached, "nothing was hit, so that nothing is known"},
		{"not hit, of a list", []*Run{ended(0, 1, 0)}, survive, true, NotReached, ""},
		{"not hit, nobody cares", []*Run{ended(0, 1, 0)}, Expectation{}, false, NotReached, ""},
		{"hit once", []*Run{ended(0, 1, 0), ended(0, 1, 1)}, survive, false, Survived, ""},
	}
	for _, test := range tests {
		control := &Control{Runs: []*Run{ended(0, 2, 0)}, Median: 2}
		c := &Cell{Proxy: "db", Runs: test.runs, expect: test.expect, control: control}
		c.spec.Listed = test.listed
		c.judge()
		if c.Outcome != test.outcome || c.Broken != test.broken {
			t.Errorf("%s: %s, %q; want %s, %q", test.name, c.Outcome, c.Broken, test.outcome, test.broken)
		}
	}
}

// sample is a report with one of everything, and an output that means ill.
func sample() *Report {
	r := &Report{
		Command: []string{"sh", "-c", "echo </title>"}, Seconds: 9, Seed: 7, Attempts: 2, Parallel: 1, Timeout: 60,
		Started:  time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
		Control:  Control{Runs: []*Run{ended(0, 1, 0), ended(0, 3, 0)}, Median: 2},
		Backends: []Backend{{"db", "localhost:1", "redis"}, {"web", "localhost:2", "http"}},
		Unused:   []Unused{{"web", "VAURIEN_WEB_ADDR"}},
	}
	add := func(proxy, failure string, expect Expectation, runs ...*Run) *Cell {
		c := &Cell{Proxy: proxy, Failure: failure, Doc: "what it is", What: "delay", Outcome: NotRun, Runs: runs, Expected: expect.String(),
			Again: "vaurien matrix --only " + proxy + "/" + failure, expect: expect, control: &r.Control}
		c.spec = Case{proxy, Failure{Name: failure, Listed: true}}
		r.Cells = append(r.Cells, c)
		return c
	}
	add("db", "delay", Expectation{}, ended(0, 6, 2), ended(0, 4, 2))
	bad := add("db", "hang", Expectation{Result: Survive}, ended(1, 0.5, 1), timedOut(60))
	bad.Runs[1].Tail = []string{"]]></system-out><x>", "</pre><script>alert(1)</script>"}
	add("db", "error:moved", Expectation{Result: Survive}, ended(0, 1, 0), ended(0, 1, 0))
	add("web", "delay", Expectation{}).skipped = true
	add("web", "late", Expectation{})
	r.finish()
	return r
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	if err := sample().WriteText(&b); err != nil {
		t.Fatal(err)
	}
	const want = `Without a failure: it succeeds 2 times of 2, in 2s (median)

db (localhost:1, redis)
  delay        survived     5s      x2.5  delay 4
  hang         timed out    30.25s        UNEXPECTED; 2 of 2 failed; delay 2
  error:moved  not reached  1s            8 exchanges passed, and none that this happens to

web (localhost:2, http)
  delay  not reached      the command does not connect to web
  late   not run

db/hang: timed out: still running after 1m; expected: survive
  what it is (delay)
  | ]]></system-out><x>
  | </pre><script>alert(1)</script>

To run one of them again: vaurien matrix --only db/hang

Nothing connected to web, so that its failures were not tried: does the command read VAURIEN_WEB_ADDR?

5 failures in 9s: 1 survived, 1 timed out, 2 not reached, 1 not run; 1 not as expected
`
	if b.String() != want {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
}

func TestJUnit(t *testing.T) {
	var b bytes.Buffer
	if err := sample().WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if got.Tests != 6 || got.Failures != 1 || len(got.Suites) != 3 {
		t.Errorf("%+v", got)
	}
	db := got.Suites[1]
	if db.Name != "db" || db.Tests != 3 || db.Failures != 1 || db.Skipped != 1 || db.Time != "72.500" || db.Timestamp != "2026-11-22T10:00:00" {
		t.Errorf("%+v", db)
	}
	hang := db.Cases[1]
	if hang.Failure == nil || hang.Failure.Message != "timed out: still running after 1m; expected: survive" ||
		!strings.Contains(hang.Failure.Text, "]]></system-out><x>") || !strings.Contains(hang.Failure.Text, "to run it again: vaurien matrix --only db/hang") {
		t.Errorf("%+v", hang.Failure)
	}
}

func TestHTML(t *testing.T) {
	var b bytes.Buffer
	if err := sample().WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{"survived<small>x2.5</small>", "does the command read <code>VAURIEN_WEB_ADDR</code>?", "1 not as expected", "&lt;/pre&gt;&lt;script&gt;alert"} {
		if !strings.Contains(page, want) {
			t.Errorf("it does not say %q:\n%s", want, page)
		}
	}
	for _, no := range []string{"<script>alert", "echo </title>", "ZgotmplZ", "src=", "@import", "http://", "https://"} {
		if strings.Contains(page, no) {
			t.Errorf("it says %q", no)
		}
	}
}

func TestJSON(t *testing.T) {
	text, err := json.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Held  bool
		Cells []struct {
			Proxy, Failure, Outcome, Broken string
			Slowdown                        float64
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Held || len(got.Cells) != 5 || got.Cells[0].Slowdown != 2.5 || got.Cells[1].Broken == "" || got.Cells[4].Outcome != NotRun {
		t.Errorf("%+v", got)
	}
}
