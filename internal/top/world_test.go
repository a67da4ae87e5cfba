package top

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/scenario"
)

// noon is when the tests' world begins.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// lookAfter is a look at three proxies, so many seconds after noon.
func lookAfter(seconds int) Look {
	n := uint64(seconds)
	took := func(per uint64, indexes ...int32) Histogram {
		h := Histogram{schema: 3, buckets: make(map[int32]uint64)}
		for _, i := range indexes {
			h.buckets[i] = per * n
		}
		return h
	}
	web := control.Proxy{
		Name: "web", Proxy: "127.0.0.1:8000", Configured: "localhost:8000", Backend: "localhost:80",
		Enabled: true, Protocol: "http", Draw: "exchange", Seed: 42,
		Plan: control.Plan{Draw: "20:delay,5:error", Entries: []control.PlanEntry{
			{Weight: 20, Name: "delay", Options: map[string]string{"sleep": "200ms", "jitter": "0s"}},
			{Weight: 5, Name: "error", Options: map[string]string{"kind": "bad-gateway"}},
		}},
		Toxics: []control.Toxic{{Name: "slow", Behavior: "latency", Percent: 50, Options: map[string]string{"latency": "100ms"}}},
		Stats: control.Stats{
			Open: 3, Sessions: 12, Exchanges: 1000 + 1200*n, ToBackend: 90_000 * n, ToClient: 2_500_000 * n,
			Faults: map[string]uint64{"delay": 240 * n, "error": 60 * n},
		},
	}
	db := control.Proxy{
		Name: "db", Proxy: "127.0.0.1:3307", Configured: "127.0.0.1:3307", Backend: "db.internal:3306",
		Enabled: true, Protocol: "mysql", Draw: "exchange", Seed: 42, Stats: control.Stats{Open: 10, Sessions: 10},
	}
	old := control.Proxy{Name: "old", Proxy: "127.0.0.1:9000", Configured: "127.0.0.1:9000", Backend: "127.0.0.1:9001", Protocol: "tcp", Draw: "connection"}
	return Look{
		At: noon.Add(time.Duration(seconds) * time.Second), Proxies: []control.Proxy{db, old, web},
		Latencies: map[string]Latencies{"web": {
			Client: Histogram{schema: 3, buckets: map[int32]uint64{-72: 900 * n, -18: 300 * n}}, Backend: took(600, -73, -72),
		}},
	}
}

// what happens in the tests' world.
func happenings() []ledger.Entry {
	at := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
	get := func(n, exchange uint64, path string, ms int) ledger.Entry {
		return ledger.Entry{
			Number: n, Type: ledger.ExchangeType, Time: at(ms), Proxy: "web", Session: 3, Exchange: exchange, Client: "127.0.0.1:41000",
			Verb: "GET", Attributes: []ledger.Attribute{{Name: "method", Value: "GET"}, {Name: "path", Value: path}}, Plan: 1,
			Forwarded: ledger.Never, Replied: ledger.Never, Ended: 2 * time.Millisecond, Answered: true,
		}
	}
	late := get(2, 1, "/slow", 100)
	late.Behavior, late.Fate, late.Forwarded, late.Replied, late.Ended = "delay", ledger.Delayed, 200*time.Millisecond, 203*time.Millisecond, 204*time.Millisecond
	late.Deeds = []ledger.Deed{{Point: vaurien.Request, What: "delay", Times: 1, At: 200 * time.Millisecond, For: 200 * time.Millisecond, Late: 80 * time.Microsecond}}
	failed := get(3, 2, "/cart/日本語のとても長い名前のページ", 400)
	failed.Behavior, failed.Fate = "error", ledger.Failed
	failed.Deeds = []ledger.Deed{{Point: vaurien.Request, What: "fail", Detail: "bad-gateway", Times: 1}}
	evil := get(4, 3, "/\x1b[2J\u202e\x00\xffbad", 500)
	evil.Behavior, evil.Fate = "abort", ledger.Reset
	evil.Deeds = []ledger.Deed{{Point: vaurien.Reply, What: "reset", Times: 2}}
	hung := get(5, 4, "/hang", 600)
	hung.Type, hung.Behavior, hung.Fate, hung.Ended = ledger.BegunType, "hang", "", ledger.Never
	raw := ledger.Entry{Number: 6, Type: ledger.ExchangeType, Time: at(700), Proxy: "old", Session: 9, Client: "127.0.0.1:41001",
		Behavior: "slow", Fate: ledger.Delayed, Forwarded: ledger.Never, Replied: ledger.Never, Ended: ledger.Never}
	return []ledger.Entry{
		{Number: 1, Type: ledger.PlanType, Time: at(0), Proxy: "web", InPlan: &ledger.Plan{Number: 1, Text: "20:delay,5:error", Toxics: []ledger.Choice{{Name: "slow"}}}},
		late, failed, evil, hung, raw,
		{Number: 7, Type: ledger.ScenarioType, Time: at(900), Kind: "step", Text: "step 2 begins"},
	}
}

// newScreen is a screen of the tests' world after a second in it.
func newScreen(t *testing.T, width, height int) *Screen {
	s := NewScreen(t.Context(), &fakeServer{}, "http://localhost:8080")
	s.zone = time.UTC
	send(s, tea.WindowSizeMsg{Width: width, Height: height}, Looked{lookAfter(0)}, Looked{lookAfter(1)}, Happened{happenings()})
	return s
}

// send sends messages, and the answers to what they ask for.
func send(s *Screen, all ...any) {
	for _, msg := range all {
		if _, ask := s.Update(msg); ask != nil {
			if answer := ask(); answer != nil {
				s.Update(answer)
			}
		}
	}
}

// press presses keys: words such as enter, or the characters of other words.
func press(s *Screen, keys string) {
	named := map[string]rune{
		"up": tea.KeyUp, "down": tea.KeyDown, "tab": tea.KeyTab, "enter": tea.KeyEnter, "esc": tea.KeyEscape,
		"pgdown": tea.KeyPgDown, "end": tea.KeyEnd, "home": tea.KeyHome, "backspace": tea.KeyBackspace, "space": tea.KeySpace,
	}
	for word := range strings.FieldsSeq(keys) {
		if code, is := named[word]; is {
			send(s, tea.KeyPressMsg{Code: code})
			continue
		}
		for _, r := range word {
			send(s, tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
}

// played is a scenario in its second step.
func played() scenario.State {
	return scenario.State{
		ID: "1", Name: "black friday", State: scenario.Running, Elapsed: "12s", Left: "48s",
		Steps: []scenario.StepState{
			{Number: 1, Name: "warm", Does: "pause", State: scenario.Over},
			{Number: 2, Name: "slow", Proxy: "web", Does: "ramp 0% -> 50% over 30s", State: scenario.Active, Left: "18s", Percent: "20.0%"},
		},
		Rails: []scenario.RailState{{Rail: "http://localhost/health", State: "failing", Failures: 1, Limit: 3}},
	}
}

func many(n int) Look {
	l := lookAfter(2)
	for i := range n {
		p := l.Proxies[0]
		p.Name = fmt.Sprintf("p%03d", i)
		l.Proxies = append(l.Proxies, p)
	}
	return l
}
