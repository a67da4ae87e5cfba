package top

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// written is what is written of the tests' world.
func written(t *testing.T, asJSON bool) (out, err string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	l := NewLines(&stdout, &stderr, asJSON)
	l.zone = time.UTC
	gone, refused := errors.New("nobody answers"), errors.New("too many \x1b streams")
	for _, what := range []any{
		Looked{lookAfter(0)}, Looked{lookAfter(1)}, Happened{happenings()},
		NoAnswer{noon, gone}, NoAnswer{noon, gone}, Looked{lookAfter(2)},
		NoStream{refused}, NoStream{refused},
	} {
		if err := l.Hear(what); err != nil {
			t.Fatal(err)
		}
	}
	return stdout.String(), stderr.String()
}

func TestLines(t *testing.T) {
	out, complaints := written(t, false)
	want := `2026-11-22T12:00:01.000Z db dummy, 10 open, 0 exchanges/s, 0B/s to backend, 0B/s to client
2026-11-22T12:00:01.000Z old disabled, 0 open, 0 exchanges/s, 0B/s to backend, 0B/s to client
2026-11-22T12:00:01.000Z web 20:delay,5:error +1 toxic, 3 open, 1.2k exchanges/s, 87.9K/s to backend, 2.4M/s to client, faults/s delay 240, error 60, client p50 1.90ms p99 209ms, backend p50 1.79ms p99 1.95ms
2026-11-22T12:00:00.000Z web plan 20:delay,5:error, toxics slow
2026-11-22T12:00:00.100Z web 3.1 GET /slow: delayed by delay 200ms, over after 204ms
2026-11-22T12:00:00.400Z web 3.2 GET /cart/日本語のとても長い名前のページ: failed by error: fail bad-gateway, over after 2.00ms
2026-11-22T12:00:00.500Z web 3.3 GET /\x1b[2J\u202e\x00\xffbad: reset by abort: reset x2, over after 2.00ms
2026-11-22T12:00:00.700Z old 9 connection from 127.0.0.1:41001: delayed by slow
2026-11-22T12:00:00.900Z step 2 begins
`
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	if want := "vaurien: nobody answers; trying again\nvaurien: the server answers again\nvaurien: no events: too many \\x1b streams; trying again\n"; complaints != want {
		t.Errorf("got\n%s\nwant\n%s", complaints, want)
	}
}

func TestJSONLines(t *testing.T) {
	out, _ := written(t, true)
	types := make(map[string]int)
	for line := range strings.Lines(out) {
		var o struct {
			Type      string
			Proxy     string
			Exchanges float64                     `json:"exchanges_per_second"`
			Faults    map[string]float64          `json:"faults_per_second"`
			Client    *struct{ P50, P99 float64 } `json:"client_ms"`
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		types[o.Type]++
		if o.Type != "summary" || o.Proxy != "web" {
			continue
		}
		if o.Exchanges != 1200 || o.Faults["delay"] != 240 || o.Client.P50 < 1.7 || o.Client.P50 > 2 || o.Client.P99 < 190 {
			t.Errorf("%+v", o)
		}
	}
	if types["summary"] != 3 || types["exchange"] != 4 || types["plan"] != 1 || types["scenario"] != 1 || types["begun"] != 0 {
		t.Errorf("%v", types)
	}
}

// TestNobodyReads: the first write that fails ends it.
func TestNobodyReads(t *testing.T) {
	closed := errors.New("closed")
	for _, asJSON := range []bool{false, true} {
		for _, what := range []any{Looked{lookAfter(1)}, Happened{happenings()}} {
			l := NewLines(broken{closed}, broken{closed}, asJSON)
			if err := l.Hear(Looked{lookAfter(0)}); err != nil {
				t.Error(err)
			}
			if err := l.Hear(what); !errors.Is(err, closed) {
				t.Errorf("%T: %v", what, err)
			}
		}
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }
