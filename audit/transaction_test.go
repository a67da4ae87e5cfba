package audit

import (
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/ledger"
)

// An asked is an exchange of a run that is written by hand.
type asked struct {
	session uint64
	verb    string
	digest  uint64
	lost    bool // the answer is, and with it the connection
}

// written returns what there is to say of exchanges a second apart.
func written(t *testing.T, protocol string, all ...asked) *Report {
	t.Helper()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	numbers := make(map[uint64]uint64)
	lines := func(yield func(ledger.Line, error) bool) {
		give := func(e ledger.Entry) { yield(ledger.Line{Entry: e}, nil) }
		give(ledger.Entry{Type: ledger.RunType, Time: start, Run: new(ledger.Run)})
		give(ledger.Entry{Type: ledger.ProxyType, Time: start, Proxy: "p", State: ledger.StateUp, Server: &ledger.Server{Protocol: protocol}})
		for i, a := range all {
			now := start.Add(time.Duration(i) * time.Second)
			session := ledger.Entry{Type: ledger.SessionType, Time: now, Proxy: "p", Session: a.session, State: ledger.StateOpen}
			if numbers[a.session]++; numbers[a.session] == 1 {
				give(session)
			}
			e := ledger.Entry{
				Type: ledger.ExchangeType, Time: now, Proxy: "p", Session: a.session, Exchange: numbers[a.session], Verb: a.verb,
				Digest: a.digest, Fate: ledger.Passed, Replied: time.Millisecond, Ended: time.Millisecond, Answered: true,
			}
			if a.lost {
				e.Fate, e.Answered = ledger.Reset, false
				e.Deeds = []ledger.Deed{{Point: vaurien.Reply, What: "reset", Times: 1}}
			}
			if give(e); a.lost {
				session.State, session.Time = ledger.StateClosed, now.Add(time.Millisecond)
				give(session)
			}
		}
	}
	r, err := Analyse(lines, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A transaction whose commit's answer is lost is the same again if all that is
// said in it is.
func TestTransactions(t *testing.T) {
	for _, test := range []struct {
		name, protocol  string
		all             []asked
		count, harmless int
		recovered       int
	}{{
		"the same transaction", "postgres",
		[]asked{{1, "BEGIN", 1, false}, {1, "INSERT", 2, false}, {1, "COMMIT", 3, true}, {2, "BEGIN", 1, false}, {2, "INSERT", 2, false}, {2, "COMMIT", 3, false}},
		1, 0, 1,
	}, {
		"another transaction", "postgres",
		[]asked{{1, "BEGIN", 1, false}, {1, "INSERT", 2, false}, {1, "COMMIT", 3, true}, {2, "BEGIN", 1, false}, {2, "INSERT", 9, false}, {2, "COMMIT", 3, false}},
		0, 0, 0,
	}, {
		"it only read", "mysql",
		[]asked{{1, "BEGIN", 1, false}, {1, "SELECT", 2, false}, {1, "COMMIT", 3, true}, {2, "BEGIN", 1, false}, {2, "SELECT", 2, false}, {2, "COMMIT", 3, false}},
		0, 1, 1,
	}, {
		"a statement is rolled back with its connection", "mysql",
		[]asked{{1, "BEGIN", 1, false}, {1, "INSERT", 2, true}, {2, "BEGIN", 1, false}, {2, "INSERT", 2, false}, {2, "COMMIT", 3, false}},
		0, 1, 1,
	}, {
		"by itself", "mysql",
		[]asked{{1, "INSERT", 2, true}, {2, "INSERT", 2, false}},
		1, 0, 1,
	}, {
		"MULTI", "redis",
		[]asked{{1, "MULTI", 1, false}, {1, "INCR", 2, false}, {1, "EXEC", 3, true}, {2, "MULTI", 1, false}, {2, "INCR", 2, false}, {2, "EXEC", 3, false}},
		1, 0, 1,
	}, {
		"a mail", "smtp",
		[]asked{{1, "MAIL", 1, false}, {1, "RCPT", 2, false}, {1, "DATA", 3, true}, {2, "EHLO", 8, false}, {2, "MAIL", 1, false}, {2, "RCPT", 2, false}, {2, "DATA", 3, false}},
		1, 0, 1,
	}, {
		"a mail to another", "smtp",
		[]asked{{1, "MAIL", 1, false}, {1, "RCPT", 2, false}, {1, "DATA", 3, true}, {2, "EHLO", 8, false}, {2, "MAIL", 1, false}, {2, "RCPT", 7, false}, {2, "DATA", 3, false}},
		0, 0, 0,
	}} {
		t.Run(test.name, func(t *testing.T) {
			r := written(t, test.protocol, test.all...)
			if d := r.Doubles; d.Count != test.count || d.Harmless != test.harmless || r.Requests.Recovered != test.recovered {
				t.Errorf("%+v %+v", d, r.Requests)
			}
		})
	}
}

// What follows within the window only is a retry.
func TestWindow(t *testing.T) {
	gap := make([]asked, 70)
	for i := range gap {
		gap[i] = asked{3, "GET", uint64(100 + i), false}
	}
	lost, again := asked{1, "INCR", 2, true}, asked{2, "INCR", 2, false}
	for n, retries := range map[int]int{0: 1, 58: 1, 62: 0} {
		r := written(t, "redis", append(append([]asked{lost}, gap[:n]...), again)...)
		if q := r.Requests; q.Retries != retries || q.Recovered != retries || q.NotRetried != 1-retries {
			t.Errorf("after %d s: %+v", n+1, q)
		}
	}
}

// An order gives out what is not too late as it arrived, and counts the rest.
func TestOrder(t *testing.T) {
	var got []int64
	o := order{most: 4, next: func(a *attempt) { got = append(got, a.at) }}
	for _, at := range []int64{2, 1, 4, 3, 6, 5, 1} {
		o.add(attempt{at: at})
	}
	o.flush()
	want := []int64{1, 2, 3, 4, 1, 5, 6}
	if len(got) != len(want) || o.late != 1 {
		t.Fatalf("%v, %d late", got, o.late)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}
