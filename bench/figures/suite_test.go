package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// testSuite has three rounds of ours and HAProxy's, the medians of which are
// known: ratios 0.5 and 0.4, CPU 21 and 20.
const testSuite = `{"machine":{"date":"2026-01-02","cpu":"A","cpus":2,"memory_gib":8,"kernel":"6.1","go":"1.26.8","vaurien":"abc","haproxy":"2.6"}}
{"cell":"rtt-64x64","peer":"vaurien","round":1,"side":"direct","m":{"msgs_s":100000}}
{"cell":"rtt-64x64","peer":"vaurien","round":1,"side":"proxy","m":{"msgs_s":50000,"proxy_cpu_ms_per_1k":21}}
{"cell":"rtt-64x64","peer":"haproxy","round":1,"side":"direct","m":{"msgs_s":100000}}
{"cell":"rtt-64x64","peer":"haproxy","round":1,"side":"proxy","m":{"msgs_s":40000,"proxy_cpu_ms_per_1k":20}}
{"cell":"rtt-64x64","peer":"vaurien","round":1,"side":"direct","m":{"msgs_s":50000}}
{"cell":"rtt-64x64","peer":"vaurien","round":1,"side":"proxy","m":{"msgs_s":10000,"proxy_cpu_ms_per_1k":40}}
{"cell":"rtt-64x64","peer":"vaurien","round":2,"side":"direct","m":{"msgs_s":80000}}
{"cell":"rtt-64x64","peer":"vaurien","round":2,"side":"proxy","m":{"msgs_s":48000,"proxy_cpu_ms_per_1k":20.5}}
{"cell":"rtt-64x64","peer":"haproxy","round":2,"side":"proxy","err":"start: exited"}
{"cell":"rtt-64x1k","peer":"vaurien","round":1,"side":"proxy","m":{"proxy_cpu_ms_per_1k":30}}
{"cell":"rtt-64x1k","peer":"haproxy","round":1,"side":"proxy","m":{"proxy_cpu_ms_per_1k":20}}
`

func testResults(t *testing.T) *suite {
	t.Helper()
	name := filepath.Join(t.TempDir(), "suite.jsonl")
	write(t, name, testSuite)
	s, err := readSuite(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMedianAndSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		median float64
		spread string
	}{
		{[]float64{3}, 3, ""},
		{[]float64{4, 1}, 2.5, ""},
		{[]float64{9, 1, 5}, 5, " [3 to 7]"},
		{[]float64{10, 10.1, 9.9, 10, 10}, 10, ""},
	} {
		s := newSample(c.values)
		if s.median() != c.median || s.spread() != c.spread {
			t.Errorf("%v: %v%q, want %v%q", c.values, s.median(), s.spread(), c.median, c.spread)
		}
	}
}

func TestReadings(t *testing.T) {
	s := testResults(t)
	r := reading{"rtt-64x64", ours, "msgs_s", ratio}
	if got := s.values(r).median(); got != 0.5 {
		t.Errorf("ratio %v, want 0.5: the median of the pairs' ratios, repeated rounds each with their own direct run", got)
	}
	r.view = overDirect
	if got := s.values(r).median(); got != -40000 {
		t.Errorf("over direct %v, want -40000", got)
	}
	if s.failed[cellPeer{"rtt-64x64", "haproxy"}] != 1 {
		t.Errorf("failed: %v, want one run of haproxy", s.failed)
	}
}

func TestNoisyRunsAreLeftOut(t *testing.T) {
	quieted := quiet([]pair{{other: 80}, {other: 10}, {other: 60}, {other: 70}, {other: 5}})
	if len(quieted) != 3 || quieted[2].other != 60 {
		t.Errorf("%v, want the three quietest", quieted)
	}
}

func TestCompareTable(t *testing.T) {
	got := compareTable(testResults(t))
	for _, want := range []string{
		"| | | Vaurien | HAProxy |\n|---|---|---|---|\n",
		"| round trips, 64 B, 64 connections | a second | 48000 [29000 to 49000] (0.50) | 40000 (0.40) |\n",
		"|  | CPU ms/1000 | 21 [20.8 to 30.5] | 20 |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "redis") {
		t.Errorf("a row of a cell that was not measured:\n%s", got)
	}
}

func TestTargetsTable(t *testing.T) {
	got := targetsTable(testResults(t))
	for _, want := range []string{
		"| round trips, 64 B, 64 connections | of direct | ≥ 0.4 (HAProxy) | 0.5",
		"| round trips, 64 B, 64 connections | CPU ms/1000 | ≤ 21 (1.05 × HAProxy) | 21 [20.8 to 30.5] | 3 | met |\n",
		"| round trips, 1 KiB, 64 connections | CPU ms/1000 | ≤ 22 (1.1 × HAProxy) | 30 | 1 | **not met** |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "nginx") || strings.Contains(got, "bulk") {
		t.Errorf("a goal that cannot be computed:\n%s", got)
	}
}

func TestStrictestBound(t *testing.T) {
	s := testResults(t)
	r := reading{"rtt-64x64", ours, perK, plain}
	g := goal{"", "", r, false, []bound{times(1, r, "haproxy"), {factor: 19}, times(2, r, "haproxy")}}
	if limit, _, ok := s.limit(g); limit != 19 || !ok {
		t.Errorf("at most %v, %v, want 19", limit, ok)
	}
	g.atLeast = true
	if limit, words, ok := s.limit(g); limit != 40 || words != " (2 × HAProxy)" || !ok {
		t.Errorf("at least %v%s, %v, want 40 (2 × HAProxy)", limit, words, ok)
	}
}

func TestVerdict(t *testing.T) {
	v := newSample([]float64{1, 2, 3, 4, 5})
	for _, c := range []struct {
		limit   float64
		atLeast bool
		want    string
	}{
		{3, true, "met"}, {3, false, "met"}, {4, true, "not met, within the quartiles"}, {4.5, true, "**not met**"}, {1.5, false, "**not met**"},
	} {
		if got := verdict(v, c.limit, c.atLeast); got != c.want {
			t.Errorf("%v, at least: %v: %q, want %q", c.limit, c.atLeast, got, c.want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.jsonl")
	for text, want := range map[string]string{
		`{"cell":"a","peer":"b","side":"proxy","m":{}}`: "loadgen machine",
		`{"curve":"connections"}`:                       "x.jsonl:1: no line of loadgen suite",
		"\nwind":                                        "x.jsonl:2: invalid",
	} {
		write(t, name, text)
		if _, err := readSuite(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", text, err, want)
		}
	}
}
