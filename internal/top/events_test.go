package top

import (
	"testing"

	"github.com/vaurien-proxy/vaurien/ledger"
)

func began(number, exchange uint64) ledger.Entry {
	return ledger.Entry{Number: number, Type: ledger.BegunType, Proxy: "web", Session: 1, Exchange: exchange, Behavior: "delay"}
}

func ended(number, exchange uint64) ledger.Entry {
	e := began(number, exchange)
	e.Type, e.Fate = ledger.ExchangeType, ledger.Delayed
	return e
}

// fates are what is shown of the rows.
func (ev *events) fates() []string {
	var out []string
	for i := range ev.rows {
		out = append(out, ev.rows[i].number()+" "+ev.rows[i].fate())
	}
	return out
}

func TestRows(t *testing.T) {
	var ev events
	want := func(fates ...string) {
		t.Helper()
		got := ev.fates()
		if len(got) != len(fates) {
			t.Fatalf("got %q, want %q", got, fates)
		}
		for i := range got {
			if got[i] != fates[i] {
				t.Fatalf("got %q, want %q", got, fates)
			}
		}
	}
	ev.add([]ledger.Entry{began(1, 1), began(2, 2), ended(3, 1)})
	want("1.1 delayed", "1.2 acting") // an end takes the place of its beginning
	ev.add([]ledger.Entry{{Type: ledger.LostType, Number: 3, Count: 7}})
	want("1.1 delayed", "1.2 unknown")
	ev.add([]ledger.Entry{ended(4, 2), began(5, 3)})
	want("1.1 delayed", "1.2 delayed", "1.3 acting") // it was not lost after all
	if ev.lost != 7 {
		t.Errorf("%d lost", ev.lost)
	}
	// The server was started anew: 1.3 is another exchange now.
	ev.add([]ledger.Entry{began(1, 3), ended(2, 3)})
	want("1.1 delayed", "1.2 delayed", "1.3 unknown", "1.3 delayed")
}

// TestRowsAreBounded: only the newest are kept, and what acts is not forgotten
// for it, nor remembered for ever.
func TestRowsAreBounded(t *testing.T) {
	var ev events
	n := uint64(0)
	for range 10 {
		var some []ledger.Entry
		for range 300 {
			n++
			some = append(some, began(n, n))
		}
		ev.add(some)
	}
	if len(ev.rows) != mostRows || len(ev.acting) != mostRows || ev.rows[0].Row != 2001 || ev.row(2000) != nil || ev.row(3001) != nil {
		t.Fatalf("%d rows, %d acting, the first is %d", len(ev.rows), len(ev.acting), ev.rows[0].Row)
	}
	ev.add([]ledger.Entry{ended(n+1, 2500), ended(n+2, 1)})
	if r := ev.row(2500); r.fate() != "delayed" {
		t.Error(r.fate())
	}
	if r := ev.rows[len(ev.rows)-1]; r.Exchange != 1 || r.fate() != "delayed" {
		t.Errorf("%+v", r)
	}
}
