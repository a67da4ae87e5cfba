package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 1_500_000, time.UTC)

// entries has one of each type, as it is written.
var entries = []struct {
	entry Entry
	line  string
}{{
	Entry{Type: RunType, Time: noon, Run: &Run{Version: "1.2", Seed: 42, PID: 7, Continues: true}},
	`{"type":"run","time":"2026-01-02T12:00:00.0015Z","version":"1.2","seed":42,"pid":7,"continues":true}`,
}, {
	Entry{Type: ProxyType, Time: noon, Proxy: "db", Server: &Server{"127.0.0.1:8000", "localhost:80", "redis", "exchange", 42}, State: StateUp},
	`{"type":"proxy","time":"2026-01-02T12:00:00.0015Z","proxy":"db","listen":"127.0.0.1:8000","backend":"localhost:80","protocol":"redis","draw":"exchange","seed":42,"state":"up"}`,
}, {
	Entry{Type: PlanType, Time: noon, Proxy: "db", InPlan: &Plan{
		Number: 2, Text: "20:delay,0.5:error",
		Behaviors: []Choice{
			{Name: "delay", Weight: 20, Options: map[string]string{"sleep": "2s", "jitter": "0s"}},
			{Name: "error", Weight: 0.5, Options: map[string]string{"match": `key == "a"`}},
		},
		Toxics: []Choice{{Name: "slow", Behavior: "bandwidth", Weight: 100, Options: map[string]string{}}},
	}},
	`{"type":"plan","time":"2026-01-02T12:00:00.0015Z","proxy":"db","plan":2,"text":"20:delay,0.5:error",` +
		`"behaviors":[{"name":"delay","weight":20,"options":{"jitter":"0s","sleep":"2s"}},{"name":"error","weight":0.5,"options":{"match":"key == \"a\""}}],` +
		`"toxics":[{"name":"slow","behavior":"bandwidth","weight":100,"options":{}}]}`,
}, {
	Entry{Type: SessionType, Time: noon, Proxy: "db", Session: 3, Client: "127.0.0.1:4711", State: StateClosed, ToBackend: 10, Exchanges: 2},
	`{"type":"session","time":"2026-01-02T12:00:00.0015Z","proxy":"db","session":3,"client":"127.0.0.1:4711","state":"closed","bytes_to_backend":10,"bytes_to_client":0,"exchanges":2}`,
}, {
	Entry{
		Type: BegunType, Number: 17, Time: noon, Proxy: "db", Session: 3, Exchange: 7, Client: "[::1]:4711", Verb: "GET", Digest: 1, Plan: 2, Behavior: "delay",
		Forwarded: Never, Replied: Never, Ended: Never,
	},
	`{"type":"begun","time":"2026-01-02T12:00:00.0015Z","id":17,"proxy":"db","session":3,"exchange":7,"client":"[::1]:4711","verb":"GET","digest":"0000000000000001","plan":2,"behavior":"delay"}`,
}, {
	touched(),
	`{"type":"exchange","time":"2026-01-02T12:00:00.0015Z","proxy":"db","session":3,"exchange":7,"client":"127.0.0.1:4711","verb":"GET",` +
		`"attributes":{"path":"/x","size":-3,"quiet":true},"digest":"fedcba9876543210","plan":2,"behavior":"delay","fate":"delayed",` +
		`"deeds":[{"point":"request","what":"delay","times":1,"at_ms":2,"for_ms":2000.1,"late_ms":0.2},{"point":"reply","what":"fail","detail":"no","times":2,"at_ms":0}],` +
		`"forwarded_ms":0,"replied_ms":1.234,"ended_ms":1.3,"answered":true}`,
}, {
	Entry{Type: ScenarioType, Time: noon, Kind: "step", Text: "slow"},
	`{"type":"scenario","time":"2026-01-02T12:00:00.0015Z","kind":"step","text":"slow"}`,
}, {
	Entry{Type: LostType, Time: noon, Count: 5, Reason: LostSlow},
	`{"type":"lost","time":"2026-01-02T12:00:00.0015Z","count":5,"reason":"slow"}`,
}}

func touched() Entry {
	return Entry{
		Type: ExchangeType, Time: noon, Proxy: "db", Session: 3, Exchange: 7, Client: "127.0.0.1:4711", Verb: "GET",
		Attributes: []Attribute{{"path", "/x"}, {"size", int64(-3)}, {"quiet", true}},
		Digest:     0xfedcba9876543210, Plan: 2, Behavior: "delay", Fate: Delayed,
		Deeds: []Deed{
			{Point: vaurien.Request, What: "delay", Times: 1, At: 2 * time.Millisecond, For: 2000*time.Millisecond + 100*time.Microsecond, Late: 200 * time.Microsecond},
			{Point: vaurien.Reply, What: "fail", Detail: "no", Times: 2},
		},
		Forwarded: 0, Replied: 1234 * time.Microsecond, Ended: 1300 * time.Microsecond, Answered: true,
	}
}

func TestEntries(t *testing.T) {
	for _, test := range entries {
		line := string(test.entry.AppendJSON(nil))
		if line != test.line {
			t.Errorf("%s:\n got %s\nwant %s", test.entry.Type, line, test.line)
		}
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
		want := test.entry
		if want.Type != ExchangeType && want.Type != BegunType {
			want.Forwarded, want.Replied, want.Ended = Never, Never, Never
		}
		got, err := Decode([]byte(test.line))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", test.entry.Type, err, diff)
		}
	}
}

// What a text holds, encoding/json reads and Decode do too, and so does Decode what
// encoding/json writes.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a", "\"\\\x00\x1f\x7f\n\r\t\b", "\xff\xfe é \u2028 😀", "a\xed\xa0\x80b", "</script>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := Entry{Type: ExchangeType, Time: noon, Verb: s, Attributes: []Attribute{{"key", s}}}
		line := e.AppendJSON(nil)
		var std struct {
			Verb       string
			Attributes map[string]string
		}
		if err := json.Unmarshal(line, &std); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got, err := Decode(line)
		if err != nil || got.Verb != std.Verb || std.Attributes["key"] != std.Verb || got.Attributes[0].Value != std.Verb {
			t.Fatalf("%q: %+v, %v; encoding/json says %q", line, got, err, std.Verb)
		}
		quoted, _ := json.Marshal(s)
		var want string
		json.Unmarshal(quoted, &want)
		got, err = Decode([]byte(`{"type":"exchange","time":"2026-01-02T12:00:00Z","verb":` + string(quoted) + `}`))
		if err != nil || got.Verb != want {
			t.Fatalf("%s: %q, %v", quoted, got.Verb, err)
		}
	})
}

// Whatever a line is, Decode does not panic, and what it takes is written and
// read again as it is.
func FuzzDecode(f *testing.F) {
	for _, test := range entries {
		f.Add([]byte(test.line))
	}
	for _, s := range []string{"", "{", "[]", `{"type":"x"}`, `{"type":1}`, `{"type":"lost","count":-1}`, `{"type":"lost","x":[[{"a":"\ud83d\ude00"}]]} x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := Decode(line)
		if err != nil || !utf8.Valid(line) {
			return
		}
		again, err := Decode(e.AppendJSON(nil))
		if err != nil {
			t.Fatalf("%q became %q: %v", line, e.AppendJSON(nil), err)
		}
		if diff := cmp.Diff(string(e.AppendJSON(nil)), string(again.AppendJSON(nil))); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestReader(t *testing.T) {
	good := entries[5].line + "\n"
	for _, test := range []struct{ name, text, want string }{
		{"good", good + "\n" + good, ""},
		{"no end", good + good[:50], ""},
		{"a bad line", good + "{\"type\":}\n" + good, `run.jsonl:2: column 9: '}' where '"' should be`},
		{"no ledger", "hello\n", `run.jsonl:1: column 1: 'h' where '{' should be`},
		{"no ledger, no end", "hello", `run.jsonl:1: column 1: 'h' where '{' should be`},
		{"other JSON", `{"time":"2026-01-02T12:00:00Z"}` + "\n", `run.jsonl:1: not an entry of a ledger: it has no type`},
		{"a bad time", `{"type":"lost","time":"noon"}` + "\n", `run.jsonl:1: column 23: a time should be here, as in 2026-01-02T15:04:05.123Z`},
		{"a bad number", `{"type":"lost","count":-1}` + "\n", `run.jsonl:1: column 24: a whole number should be here`},
		{"two entries", entries[7].line + good, `run.jsonl:1: column 77: something follows the entry`},
		{"a long line", strings.Repeat(" ", longestLine+1) + good, `run.jsonl:1: a line is longer than 1048576 bytes`},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := NewReader(strings.NewReader(test.text), "run.jsonl")
			var err error
			n := 0
			for _, err = range r.All() {
				n++
			}
			if test.want == "" {
				if err != nil || n == 0 || r.Cut() != (test.name == "no end") {
					t.Errorf("%v; %d entries; cut: %v", err, n, r.Cut())
				}
				return
			}
			wrong, ok := errors.AsType[*option.Error](err)
			if !ok || wrong.Error() != test.want {
				t.Errorf("error %v\nwant  %s", err, test.want)
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	one := touched()
	passed := one
	passed.Deeds, passed.Behavior, passed.Fate, passed.Attributes = nil, "", Passed, one.Attributes[:1]
	for _, c := range []struct {
		name  string
		entry Entry
	}{{"passed", passed}, {"touched", one}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, 4096)
			for b.Loop() {
				buf = c.entry.AppendJSON(buf[:0])
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	line := []byte(entries[5].line + "\n")
	b.ReportAllocs()
	b.SetBytes(int64(len(line)))
	file := bytes.Repeat(line, 1000)
	for n := 0; n < b.N; n += 1000 {
		r := NewReader(bytes.NewReader(file), "")
		for {
			if _, err := r.Read(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}
