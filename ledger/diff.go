package ledger

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// A Difference is an exchange to which two runs did not do the same.
type Difference struct {
	Proxy    string
	Life     int // how often the proxy had begun to listen: the first is 1
	Session  uint64
	Exchange uint64
	A, B     string // what became of it; empty: the run does not have it
}

// String tells a difference in a line.
func (d Difference) String() string {
	life := ""
	if d.Life > 1 {
		life = fmt.Sprintf(" (listening for the %d. time)", d.Life)
	}
	return fmt.Sprintf("%s%s %d.%d: %s, then %s", d.Proxy, life, d.Session, d.Exchange,
		cmp.Or(d.A, "is not there"), cmp.Or(d.B, "is not there"))
}

// A Comparison is what Compare finds.
type Comparison struct {
	Exchanges   int // how many there are in the two runs together, each counted once
	Touched     int // of those, to how many something was done
	Differ      int
	Differences []Difference // the first of them, by proxy, session and exchange
	Lost        [2]uint64    // entries that the ledgers lost
}

// Compare compares two runs by what was done to each exchange, whenever and for
// how long. It returns at most as many differences as most says.
func Compare(a, b iter.Seq2[Line, error], most int) (*Comparison, error) {
	t := tale{words: make(map[string]uint32), known: []string{""}, exchanges: make(map[exchangeKey][2]uint32)}
	out := new(Comparison)
	for i, run := range []iter.Seq2[Line, error]{a, b} {
		lost, err := t.read(run, i)
		if err != nil {
			return nil, err
		}
		out.Lost[i] = lost
	}
	for key, now := range t.exchanges {
		out.Exchanges++
		if !t.untouched(now[0]) || !t.untouched(now[1]) {
			out.Touched++
		}
		if now[0] == now[1] {
			continue
		}
		out.Differ++
		out.Differences = append(out.Differences, Difference{
			key.proxy, key.life, key.session, key.exchange, t.known[now[0]], t.known[now[1]],
		})
		if len(out.Differences) > 2*most+1000 {
			out.first(most)
		}
	}
	out.first(most)
	return out, nil
}

// first leaves the first of the differences.
func (c *Comparison) first(most int) {
	slices.SortFunc(c.Differences, func(a, b Difference) int {
		return cmp.Or(strings.Compare(a.Proxy, b.Proxy), cmp.Compare(a.Life, b.Life),
			cmp.Compare(a.Session, b.Session), cmp.Compare(a.Exchange, b.Exchange))
	})
	c.Differences = c.Differences[:min(len(c.Differences), most)]
}

type exchangeKey struct {
	proxy             string
	life              int
	session, exchange uint64
}

// A tale is what two runs did to each exchange. The words for it are few, and
// kept once.
type tale struct {
	words     map[string]uint32
	known     []string // by what words says; 0 is for what is not there
	exchanges map[exchangeKey][2]uint32
}

// read reads the run that is to be a (0) or b (1).
func (t *tale) read(run iter.Seq2[Line, error], which int) (lost uint64, err error) {
	lives := make(map[string]int)
	began := make(map[string]int64)
	for l, err := range run {
		if err != nil {
			return 0, err
		}
		switch l.Type {
		case LostType:
			lost += l.Count
		case ProxyType:
			if at := l.Time.UnixNano(); l.State == StateUp && at > began[l.Proxy] {
				lives[l.Proxy]++
				began[l.Proxy] = at
			}
		case ExchangeType:
			key := exchangeKey{l.Proxy, lives[l.Proxy], l.Session, l.Exchange}
			both := t.exchanges[key]
			did := l.did()
			if before := t.known[both[which]]; before != "" {
				did = before + " and " + did // a connection under another plan
			}
			both[which] = t.word(did)
			t.exchanges[key] = both
		}
	}
	return lost, nil
}

func (t *tale) word(text string) uint32 {
	n, is := t.words[text]
	if !is {
		n = uint32(len(t.known))
		t.words[text] = n
		t.known = append(t.known, text)
	}
	return n
}

func (t *tale) untouched(n uint32) bool { return !strings.Contains(t.known[n], "(") }

// did says what was done to an exchange: GET failed (request fail readonly). Waits
// of one whose connection was ended are left out: whether they were over by then is
// a matter of moments.
func (e *Entry) did() string {
	var deeds []string
	ended := e.Fate == Closed || e.Fate == Reset
	for _, d := range e.Deeds {
		if ended && (d.What == "delay" || d.What == "pace" || d.What == "hold") {
			continue
		}
		deeds = append(deeds, strings.TrimSpace(pointName(d.Point)+" "+d.What+" "+d.Detail))
	}
	slices.Sort(deeds)
	text := strings.TrimSpace(e.Verb + " " + string(e.Fate))
	if deeds == nil {
		return text
	}
	return text + " (" + strings.Join(slices.Compact(deeds), ", ") + ")"
}
