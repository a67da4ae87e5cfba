package audit

import (
	"fmt"
	"iter"
	"runtime"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/ledger"
)

// busyRun is a run of n exchanges on 50 connections, 1 ms apart, with that many
// keys in turn. Every so many of a connection's exchanges one fails, and is made
// again.
func busyRun(n, keys, every int) iter.Seq2[ledger.Line, error] {
	const sessions = 50
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	deeds := []ledger.Deed{{Point: vaurien.Request, What: "fail", Detail: "loading", Times: 1}}
	return func(yield func(ledger.Line, error) bool) {
		give := func(e ledger.Entry) bool { return yield(ledger.Line{Entry: e}, nil) }
		give(ledger.Entry{Type: ledger.RunType, Time: start, Run: new(ledger.Run)})
		give(ledger.Entry{
			Type: ledger.ProxyType, Time: start, Proxy: "default", State: ledger.StateUp, Server: &ledger.Server{Protocol: "redis"},
		})
		var key [sessions]int
		next := 0
		for i := range n {
			s, number := i%sessions, i/sessions+1
			if number%every != 1 { // what follows a failure has its key
				key[s] = next % keys
				next++
			}
			e := ledger.Entry{
				Type: ledger.ExchangeType, Time: start.Add(time.Duration(i) * time.Millisecond), Proxy: "default",
				Session: uint64(s + 1), Client: "127.0.0.1:4711", Exchange: uint64(number), Verb: "GET",
				Attributes: []ledger.Attribute{{Name: "key", Value: fmt.Sprint("key:", key[s])}}, Digest: uint64(key[s] + 1),
				Plan: 1, Fate: ledger.Passed, Replied: time.Millisecond, Ended: time.Millisecond, Answered: true,
			}
			if number%every == 0 {
				e.Fate, e.Deeds, e.Forwarded = ledger.Failed, deeds, ledger.Never
			}
			if !give(e) {
				return
			}
		}
	}
}

// The memory is bounded by what is kept, not by how long the ledger is.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("a long ledger")
	}
	const n, most = 600_000, 120 << 20
	peak, seen := uint64(0), 0
	entries := func(yield func(ledger.Line, error) bool) {
		for l, err := range busyRun(n, 1<<40, 5) {
			if seen++; seen%100_000 == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
			if !yield(l, err) {
				return
			}
		}
	}
	r, err := Analyse(entries, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MB, %+v", peak>>20, r.Requests)
	if peak > most {
		t.Errorf("%d MB in use", peak>>20)
	}
	if q := r.Requests; q.Attempts != n || q.Recovered+q.Open != q.Failed || q.Open > 50 || q.Failed != n/5 || r.Late != 0 {
		t.Errorf("%+v", q)
	}
}

func BenchmarkAnalyse(b *testing.B) {
	b.ReportAllocs()
	if _, err := Analyse(busyRun(b.N, 10_000, 10), Options{}); err != nil {
		b.Fatal(err)
	}
}
