package vaurien_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
)

// keeping are toxics that keep bytes and their order; # is a number.
var keeping = []string{
	"latency latency=#ms jitter=#ms", "latency latency=#ms distribution=pareto jitter=#ms direction=to_client",
	"latency jitter=#ms direction=to_backend", "bandwidth rate=#00", "bandwidth rate=#000 burst=#00 shared=true",
	"bandwidth rate=0", "bandwidth rate=1 direction=to_client", "bandwidth rate=1000GB", "slicer average-size=# size-variation=#00 delay=#us",
	"slicer", "slicer average-size=1GiB size-variation=1GiB delay=#ms", "packet_loss loss-rate=0.# correlation=0.#", "packet_loss loss-rate=1",
	"slow_read rate=#0000", "slow_read rate=0 direction=to_backend", "slow_read rate=1", "slow_close delay=#ms", "slow_close delay=24h",
	"profile name=cable", "profile name=dial", "limit_data bytes=8000000000000000000", "reset_peer timeout=24h", "corrupt rate=0", "dummy",
	"max_connections connections=100",
}

// harming are toxics that do not.
var harming = []string{
	"corrupt rate=0.#", "limit_data bytes=#00", "limit_data bytes=0", "timeout timeout=#ms", "timeout", "timeout direction=to_client",
	"reset_peer timeout=#ms", "reset_peer", "max_connections connections=1", "refuse",
}

// probing remembers which sessions a toxic meets.
type probing struct {
	vaurien.Behavior
	met *sync.Map
}

func (p probing) OfConnection() bool { return true }
func (p probing) Select(e *vaurien.Event) vaurien.Behavior {
	p.met.Store(e.Session.Number(), true)
	return p.Behavior
}

// A modelToxics is a set of toxics to which things happen.
type modelToxics struct {
	t     *testing.T
	rng   *rand.Rand
	some  []string
	list  []vaurien.Toxic
	met   *sync.Map // nil: it does not matter
	names int
}

func (m *modelToxics) new(name string) vaurien.Toxic {
	text := m.some[m.rng.IntN(len(m.some))]
	for strings.Contains(text, "#") {
		text = strings.Replace(text, "#", strconv.Itoa(1+m.rng.IntN(9)), 1)
	}
	x := toxic(m.t, text)
	x.Name, x.Percent = name, []float64{0, 30, 60, 100}[m.rng.IntN(4)]
	if m.met != nil {
		x.Percent = 30
		x.Behavior = probing{x.Behavior, m.met}
	}
	return x
}

// change lets something happen to them, and returns the plan that they are then.
func (m *modelToxics) change() *vaurien.Plan {
	list := append([]vaurien.Toxic(nil), m.list...)
	i := 0
	if len(list) > 0 {
		i = m.rng.IntN(len(list))
	}
	switch what := m.rng.IntN(6); {
	case what < 2 || len(list) == 0:
		m.names++
		list = append(list[:i], append([]vaurien.Toxic{m.new(fmt.Sprint("t", m.names%7))}, list[i:]...)...)
	case what < 4:
		list = append(list[:i], list[i+1:]...)
	case what == 4:
		list[i] = m.new(list[i].Name)
	default:
		list = nil
	}
	m.list = list
	return vaurien.NewPlan(nil, list...)
}

// A talker is one connection's two ends, and what each says.
type talker struct {
	client, backend *memnet.Conn
	up, down        []byte
}

// say writes text with odd splits and pauses, and ends.
func say(c *memnet.Conn, text []byte, rng *rand.Rand) {
	for rest := text; len(rest) > 0; {
		n := min(1+rng.IntN(1+rng.IntN(20_000)), len(rest))
		if _, err := c.Write(rest[:n]); err != nil {
			return
		}
		rest = rest[n:]
		if rng.IntN(3) == 0 {
			time.Sleep(time.Duration(rng.IntN(200)) * time.Millisecond)
		}
	}
	if rng.IntN(4) == 0 {
		time.Sleep(time.Duration(rng.IntN(5)) * time.Second)
	}
	c.CloseWrite()
}

// streamModel runs connections while toxics come, change and go.
func streamModel(t *testing.T, seed uint64, protocol vaurien.Protocol, harm bool) {
	rng := rand.New(rand.NewPCG(seed, 21))
	sub := func() *rand.Rand { return rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64())) }
	m := &modelToxics{t: t, rng: sub(), some: keeping}
	if harm {
		m.some, m.met = harming, new(sync.Map)
	}
	var first *vaurien.Plan
	if !harm { // else all must have been let in
		first = m.change()
	}
	w := newWorldWith(t, first, func(_ *world, c *vaurien.Config) {
		if protocol != nil {
			c.Protocol = protocol
		}
	}, []string{"read-ahead=64KiB", "read-ahead=1MiB"}[rng.IntN(2)], "seed="+strconv.FormatUint(seed+1, 10))
	defer w.close()

	var all []*talker
	for range 5 {
		k := &talker{client: w.dial(), backend: w.accept()}
		if protocol != nil {
			k.up, k.down = linesOf(rng)
		} else {
			k.up, k.down = noiseOf(rng), noiseOf(rng)
		}
		all = append(all, k)
	}
	done := make(chan struct{})
	var chaos, talks sync.WaitGroup
	every := 1 + rng.IntN(2000)
	chaos.Go(func() {
		for range 200 {
			select {
			case <-done:
				return
			case <-time.After(time.Duration(m.rng.IntN(every)) * time.Millisecond):
				w.proxy.SetPlan(m.change())
			}
		}
		w.proxy.SetPlan(nil) // what is stalled may end
	})
	if harm {
		r := sub()
		chaos.Go(func() { visit(w, r, done) })
	}

	var upTotal, downTotal uint64
	for i, k := range all {
		upTotal, downTotal = upTotal+uint64(len(k.up)), downTotal+uint64(len(k.down))
		r1, r2 := sub(), sub()
		talks.Go(func() { say(k.client, k.up, r1) })
		check := func(c *memnet.Conn, want []byte, whose string) {
			c.SetReadDeadline(time.Now().Add(1000 * time.Hour))
			got, err := io.ReadAll(c)
			if m.meets(i + 1) {
				return
			}
			if protocol == (lines{anyOrder: true}) {
				got, want = sorted(got), sorted(want)
			}
			if err != nil || !bytes.Equal(got, want) {
				at := 0
				for at < min(len(got), len(want)) && got[at] == want[at] {
					at++
				}
				t.Errorf("seed %d: connection %d: %s: %d bytes of %d came, the same up to %d; %v", seed, i, whose, len(got), len(want), at, err)
			}
		}
		talks.Go(func() { check(k.client, k.down, "reply") })
		if protocol == nil {
			talks.Go(func() { say(k.backend, k.down, r2) })
			talks.Go(func() { check(k.backend, k.up, "request") })
			continue
		}
		talks.Go(func() { // a reply to each line, as soon as it is there
			var got []byte
			r := bufio.NewReader(k.backend)
			replies := bytes.SplitAfter(k.down, []byte("\n"))
			for {
				line, err := r.ReadBytes('\n')
				got = append(got, line...)
				if err != nil {
					break
				}
				if r2.IntN(3) == 0 {
					time.Sleep(time.Duration(r2.IntN(100)) * time.Millisecond)
				}
				id, _, _ := strings.Cut(string(line), " ")
				if n, err := strconv.Atoi(id); err == nil && n > 0 && n < len(replies) {
					k.backend.Write(replies[n-1])
				}
			}
			want := k.up
			if protocol == (lines{anyOrder: true}) {
				got, want = sorted(got), sorted(want)
			}
			if !m.meets(i+1) && !bytes.Equal(got, want) {
				t.Errorf("seed %d: connection %d: %d bytes of requests came, of %d", seed, i, len(got), len(k.up))
			}
			k.backend.CloseWrite()
		})
	}
	talks.Wait()
	close(done)
	chaos.Wait()
	w.proxy.SetPlan(nil)
	for _, k := range all {
		k.client.Close()
		k.backend.Close()
	}
	time.Sleep(time.Minute)
	synctest.Wait()
	st := w.proxy.Stats()
	if st.Open != 0 {
		t.Errorf("seed %d: %d sessions are open", seed, st.Open)
	}
	if !harm && (st.ToBackend != upTotal || st.ToClient != downTotal) {
		t.Errorf("seed %d: %d and %d bytes are counted, want %d and %d", seed, st.ToBackend, st.ToClient, upTotal, downTotal)
	}
	if logs := w.logs.String(); strings.Contains(logs, "panic") || strings.Contains(logs, "goes on as tcp") {
		t.Errorf("seed %d:\n%s", seed, logs)
	}
}

// meets reports whether one of them has ever met a session.
func (m *modelToxics) meets(session int) bool {
	if m.met == nil {
		return false
	}
	_, met := m.met.Load(uint64(session))
	return met
}

// visit makes connections, of which some are let in, and leaves them.
func visit(w *world, rng *rand.Rand, done <-chan struct{}) {
	go func() {
		for {
			b, err := w.back.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(b, b); b.Close() }()
		}
	}()
	for range 50 {
		select {
		case <-done:
			return
		case <-time.After(time.Duration(rng.IntN(1000)) * time.Millisecond):
		}
		c, err := w.front.Dial()
		if err != nil {
			return
		}
		c.SetDeadline(time.Now().Add(time.Duration(rng.IntN(1000)) * time.Millisecond))
		fmt.Fprintf(c, "1 GET %s\n", strings.Repeat("x", rng.IntN(10_000)))
		if rng.IntN(2) == 0 {
			c.CloseWrite()
		}
		io.CopyN(io.Discard, c, int64(rng.IntN(1000)))
		if rng.IntN(2) == 0 {
			c.SetLinger(0)
		}
		c.Close()
	}
}

// noiseOf returns some bytes.
func noiseOf(rng *rand.Rand) []byte {
	b := make([]byte, rng.IntN(60_000))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// linesOf returns requests of the lines protocol and a reply for each.
func linesOf(rng *rand.Rand) (requests, replies []byte) {
	for i := range 1 + rng.IntN(40) {
		pad := func() string { return strings.Repeat("x", rng.IntN(1+rng.IntN(3000))) }
		requests = fmt.Appendf(requests, "%d GET %s\n", i+1, pad())
		replies = fmt.Appendf(replies, "%d answer %s\n", i+1, pad())
	}
	return requests, replies
}

// sorted returns text with its lines in an order of their own.
func sorted(text []byte) []byte {
	all := bytes.SplitAfter(text, []byte("\n"))
	slices.SortFunc(all, bytes.Compare)
	return bytes.Join(all, nil)
}

// TestStreamModel lets random toxics come, change and go while connections talk,
// tcp and framed. Those that keep bytes keep them, their order, their end and
// their count; beside those that do not, the connections that none of them has
// met are whole; and all sessions end. VAURIEN_TEST_SEEDS is how many runs there are.
func TestStreamModel(t *testing.T) {
	many := uint64(30)
	if s := os.Getenv("VAURIEN_TEST_SEEDS"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		many = n
	}
	for seed := range many {
		for name, protocol := range map[string]vaurien.Protocol{"tcp": nil, "lines": lines{}, "any order": lines{anyOrder: true}} {
			for _, harm := range []bool{false, true} {
				t.Run(fmt.Sprint(name, "/", map[bool]string{true: "harming", false: "keeping"}[harm], "/", seed), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { streamModel(t, seed, protocol, harm) })
				})
			}
		}
		if t.Failed() {
			return
		}
	}
}
