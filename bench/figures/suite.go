package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// A pair is one run through a proxy and the direct one beside it. Either is nil
// where there was none: idle and rate cells have no direct run.
type pair struct {
	direct, proxy map[string]float64
	other         float64 // % of the machine that others used, of the worse run
}

// cellPeer names the runs of one peer in one cell.
type cellPeer struct{ cell, peer string }

// suite is the results of loadgen suite.
type suite struct {
	machine facts
	pairs   map[cellPeer][]pair
	failed  map[cellPeer]int
	peers   []string // in the order they came
}

// record is a line of them; the names are those of loadgen suite.
type record struct {
	Cell  string             `json:"cell"`
	Peer  string             `json:"peer"`
	Side  string             `json:"side"` // direct or proxy
	Other float64            `json:"other_cpu_pct"`
	Err   string             `json:"err"`
	M     map[string]float64 `json:"m"`
}

// A run during which others used more than this % of the machine is left out,
// noisiest first, while enough are left; loadgen report does the same.
const (
	noisy  = 50
	enough = 3
)

func readSuite(name string) (*suite, error) {
	s := &suite{pairs: map[cellPeer][]pair{}, failed: map[cellPeer]int{}}
	// A direct run comes right before the one through the proxy.
	direct := map[cellPeer]record{}
	err := eachLine(name, func(line []byte) error {
		if s.machine.add(line) {
			return nil
		}
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		k := cellPeer{r.Cell, r.Peer}
		switch {
		case r.Cell == "" || r.Peer == "" || r.Side != "direct" && r.Side != "proxy":
			return fmt.Errorf("no line of loadgen suite, which has cell, peer and side (direct or proxy)")
		case r.Side == "direct":
			direct[k] = r
			return nil
		case r.M == nil:
			s.failed[k]++
		default:
			d := direct[k]
			s.pairs[k] = append(s.pairs[k], pair{direct: d.M, proxy: r.M, other: max(r.Other, d.Other)})
		}
		delete(direct, k)
		if !slices.Contains(s.peers, r.Peer) {
			s.peers = append(s.peers, r.Peer)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(s.machine.seen) == 0 {
		return nil, fmt.Errorf("%s: no line says what machine it is of: loadgen machine writes it", name)
	}
	for k, pairs := range s.pairs {
		s.pairs[k] = quiet(pairs)
	}
	return s, nil
}

// quiet leaves out the noisiest runs.
func quiet(pairs []pair) []pair {
	slices.SortStableFunc(pairs, func(a, b pair) int {
		switch {
		case a.other < b.other:
			return -1
		case a.other > b.other:
			return 1
		}
		return 0
	})
	for len(pairs) > enough && pairs[len(pairs)-1].other > noisy {
		pairs = pairs[:len(pairs)-1]
	}
	return pairs
}

// A view is how a figure of a pair is looked at.
type view int

const (
	plain      view = iota
	ratio           // to the direct run
	overDirect      // less the direct run's
	size            // without its sign
)

// A reading is one figure of one peer in one cell.
type reading struct {
	cell, peer, metric string
	view               view
}

// values are a reading's, of all runs that have it.
func (s *suite) values(r reading) sample {
	var values []float64
	for _, p := range s.pairs[cellPeer{r.cell, r.peer}] {
		v, ok := p.proxy[r.metric]
		d, has := p.direct[r.metric]
		switch {
		case !ok:
			continue
		case r.view == ratio:
			if !has || d <= 0 {
				continue
			}
			v /= d
		case r.view == overDirect:
			if !has {
				continue
			}
			v -= d
		case r.view == size:
			v = max(v, -v)
		}
		values = append(values, v)
	}
	return newSample(values)
}

// eachLine gives the lines of a file that are not empty, and says where one is
// that is refused.
func eachLine(name string, use func([]byte) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		if err := use(lines.Bytes()); err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
