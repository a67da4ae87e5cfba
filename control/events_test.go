package control_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// eventServer serves the API of a daemon with a ledger.
func eventServer(t *testing.T, l *ledger.Ledger, o control.HandlerOptions) *httptest.Server {
	d, _ := controltest.NewDaemon(t, controltest.Registry())
	o.Ledger = l
	s := httptest.NewUnstartedServer(nil)
	s.Config = control.NewServer(control.NewHandler(d, o))
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func someExchanges(l *ledger.Ledger, from, to int) {
	for n := from; n <= to; n++ {
		l.Add(ledger.Entry{Type: ledger.ExchangeType, Proxy: "db", Session: 1, Exchange: uint64(n), Verb: "GET", Fate: ledger.Passed})
	}
}

func TestLook(t *testing.T) {
	l := ledger.New(ledger.Options{Keep: 10})
	someExchanges(l, 1, 12)
	s := eventServer(t, l, control.HandlerOptions{})
	for query, want := range map[string]string{
		"":                   "3 4 5 6 7 8 9 10 11 12",
		"&limit=2":           "11 12",
		"&since=10":          "11 12",
		"&since=1h":          "3 4 5 6 7 8 9 10 11 12",
		"&since=1h&limit=1":  "12",
		"&since=0s":          "",
		"&verb=set":          "",
		"&verb=SET,get":      "3 4 5 6 7 8 9 10 11 12",
		"&touched=true":      "",
		"&since=1&limit=100": "lost:1 3 4 5 6 7 8 9 10 11 12",
	} {
		answer, err := http.Get(s.URL + "/events?format=json" + query)
		if err != nil {
			t.Fatal(err)
		}
		var look control.Look
		err = json.NewDecoder(answer.Body).Decode(&look)
		answer.Body.Close()
		var got []string
		for _, e := range look.Events {
			if e.Type == ledger.LostType {
				got = append(got, fmt.Sprint("lost:", e.Count))
			} else {
				got = append(got, fmt.Sprint(e.Number))
			}
		}
		if s := strings.Join(got, " "); err != nil || s != want || look.Last != 12 {
			t.Errorf("%s: %s (last %d), %v; want %s", query, s, look.Last, err, want)
		}
	}
}

func TestEventQueries(t *testing.T) {
	s := eventServer(t, ledger.New(ledger.Options{}), control.HandlerOptions{})
	for query, want := range map[string]string{
		"format=xml":             `?format: "xml" is none; known: events, json`,
		"type=exchanges":         `?type: "exchanges" is none: did you mean "exchange"? known: run, proxy, plan, session, begun, exchange, scenario, lost`,
		"fate=failed,rest":       `?fate: "rest" is none: did you mean "reset"? known: passed, delayed, altered, unfinished, held, dropped, failed, closed, reset`,
		"session=first":          `?session: "first" is not a session's number`,
		"touched=perhaps":        `?touched: "perhaps" is not a yes or no: write true or false`,
		"limit=5":                `?limit: is for format=json: a stream is limited by rate`,
		"format=json&limit=0":    `?limit: "0" is not a whole number from 1 to 10000`,
		"format=json&rate=5":     `?rate: is for streams: format=json is limited by limit`,
		"rate=-1":                `?rate: "-1" is not a whole number from 1 to 100000`,
		"since=yesterday":        `?since: "yesterday" is neither an event's number, nor a time (2026-01-02T15:04:05Z), nor how long ago (30s)`,
		"fates=failed":           `?fates: unknown parameter: did you mean "fate"?; known: format, limit, rate, since, type, proxy, session, verb, behavior, fate, touched`,
		"format=json&proxy=&x=1": `?x: unknown parameter; known: format, limit, rate, since, type, proxy, session, verb, behavior, fate, touched`,
	} {
		answer, err := http.Get(s.URL + "/events?" + query)
		if err != nil {
			t.Fatal(err)
		}
		var failed struct{ Error string }
		err = json.NewDecoder(answer.Body).Decode(&failed)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusBadRequest || failed.Error != want {
			t.Errorf("%s: %s: %v\n got %s\nwant %s", query, answer.Status, err, failed.Error, want)
		}
	}
}

// eventStream reads events as a browser does.
type eventStream struct {
	t     *testing.T
	body  io.ReadCloser
	lines *bufio.Scanner
}

func openEvents(t *testing.T, url string, header http.Header) *eventStream {
	t.Helper()
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	request.Header = header
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s %s", answer.Status, answer.Header)
	}
	s := &eventStream{t, answer.Body, bufio.NewScanner(answer.Body)}
	if got := s.next(); got != "retry: 1000" {
		t.Fatalf("the stream begins with %q", got)
	}
	return s
}

// next returns the next event's lines, without its data.
func (s *eventStream) next() string {
	var lines []string
	for s.lines.Scan() {
		line := s.lines.Text()
		if line == "" {
			return strings.Join(lines, " ")
		}
		if !strings.HasPrefix(line, "data: ") {
			lines = append(lines, line)
		}
	}
	return "the end"
}

func TestStream(t *testing.T) {
	l := ledger.New(ledger.Options{Keep: 10})
	s := eventServer(t, l, control.HandlerOptions{})
	someExchanges(l, 1, 3)
	news := openEvents(t, s.URL+"/events", nil)
	someExchanges(l, 4, 4)
	if got := news.next(); got != "id: 4 event: exchange" {
		t.Error(got)
	}
	all := openEvents(t, s.URL+"/events?since=2&type=exchange", nil)
	if got := all.next(); got != "id: 3 event: exchange" {
		t.Error(got)
	}
	resumed := openEvents(t, s.URL+"/events?since=0", http.Header{"Last-Event-Id": {"3"}})
	if got := resumed.next(); got != "id: 4 event: exchange" {
		t.Error(got)
	}
}

func TestStreamsAreGuarded(t *testing.T) {
	s := eventServer(t, ledger.New(ledger.Options{}), control.HandlerOptions{Token: "s3cret"})
	for _, header := range []http.Header{
		{},
		{"Authorization": {"Bearer s3cret"}, "Origin": {"http://evil.example"}},
		{"Authorization": {"Bearer s3cret"}, "Sec-Fetch-Site": {"cross-site"}},
	} {
		request, _ := http.NewRequest(http.MethodGet, s.URL+"/events", nil)
		request.Header = header
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusUnauthorized && answer.StatusCode != http.StatusForbidden {
			t.Errorf("%v: %s", header, answer.Status)
		}
	}
	openEvents(t, s.URL+"/events", http.Header{"Authorization": {"Bearer s3cret"}})
}

func TestTooManyStreams(t *testing.T) {
	s := eventServer(t, ledger.New(ledger.Options{}), control.HandlerOptions{})
	for range 100 {
		openEvents(t, s.URL+"/events", nil)
	}
	answer, err := http.Get(s.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusServiceUnavailable {
		t.Error(answer.Status)
	}
}

// A stream goes on for longer than the server's limits for requests, and says
// something though nothing happens.
func TestStreamOutlivesTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := controltest.NewDaemon(t, controltest.Registry())
		l := ledger.New(ledger.Options{})
		listener := memnet.Listen("127.0.0.1:80")
		server := control.NewServer(control.NewHandler(d, control.HandlerOptions{Ledger: l}))
		done := make(chan error)
		go func() { done <- server.Serve(listener) }()
		conn, err := listener.Dial()
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		s := &eventStream{t, answer.Body, bufio.NewScanner(answer.Body)}
		s.next()
		start := time.Now()
		for range 10 {
			if got := s.next(); got != ":" {
				t.Fatal(got)
			}
		}
		if took := time.Since(start); took != 150*time.Second {
			t.Errorf("10 heartbeats in %v", took)
		}
		someExchanges(l, 1, 1)
		if got := s.next(); got != "id: 1 event: exchange" {
			t.Error(got)
		}
		server.Close()
		<-done
		conn.Close()
		synctest.Wait()
	})
}

// The daemon tells of its proxies and plans, completely enough to make them
// again.
func TestAccount(t *testing.T) {
	l := ledger.New(ledger.Options{})
	n := controltest.NewNet()
	d := control.NewDaemon(controltest.Registry(), control.Options{Ledger: l, Listen: n.Listen, Dial: n.Dial})
	defer d.Close()
	ctx := context.Background()
	p := controltest.Web()
	p.Toxics = []spec.Toxic{{Name: "slow", Behavior: "delay", Percent: 50}}
	if _, err := d.Put(ctx, p); err != nil {
		t.Fatal(err)
	}
	plan := spec.Single("delay", option.Values{"sleep": {Text: "7s"}}, "")
	d.SetPlan(ctx, "web", control.PlanChange{Plan: plan})
	d.SetBackend(ctx, "web", "localhost:99")
	d.SetToxics(ctx, "web", nil)
	d.SetEnabled(ctx, "web", false)
	d.SetPlan(ctx, "web", control.PlanChange{Plan: spec.Single("dummy", nil, "")})
	d.SetEnabled(ctx, "web", true)
	d.Delete(ctx, "web")
	var got []string
	s := l.Subscribe(0, ledger.Filter{})
	for batch := s.Ready(); len(batch) > 0; batch = s.Ready() {
		for _, e := range batch {
			switch {
			case e.Server != nil:
				got = append(got, e.State+" "+e.Server.Backend)
			case e.InPlan != nil:
				line := fmt.Sprintf("plan %d %s", e.InPlan.Number, e.InPlan.Text)
				for _, t := range e.InPlan.Toxics {
					line += fmt.Sprintf(" %s(%s)=%v", t.Name, t.Behavior, t.Weight)
				}
				for _, b := range e.InPlan.Behaviors {
					line += " " + b.Options["sleep"]
				}
				got = append(got, strings.TrimSpace(line))
			}
		}
	}
	want := `up 127.0.0.1:80
plan 1 20:delay,0.5:error slow(delay)=50 2s
plan 2 100:delay slow(delay)=50 7s
changed localhost:99
plan 3 100:delay 7s
gone localhost:99
up localhost:99
plan 2 100:dummy
gone localhost:99`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
}
