package behavior

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// Messages each 5 ms through a line that strays: the mean is what was asked for,
// however it is distributed, and order costs nothing. (Drawn anew for each
// message, the first would be 76 ms.)
func TestLatencyKeepsTheMean(t *testing.T) {
	for _, tt := range []struct {
		distribution    string
		latency, jitter time.Duration
	}{
		{"uniform", 50 * time.Millisecond, 50 * time.Millisecond},
		{"uniform", 500 * time.Millisecond, 100 * time.Millisecond},
		{"normal", 200 * time.Millisecond, 40 * time.Millisecond},
		{"pareto", 200 * time.Millisecond, 40 * time.Millisecond},
	} {
		l := &latency{delay: delay{sleep: tt.latency, jitter: tt.jitter, distribution: tt.distribution}}
		rng := rand.New(rand.NewPCG(5, 6))
		var p epoch
		var sum, free float64
		last, at := time.Time{}, time.Unix(0, 0)
		const n = 1_000_000
		for range n {
			lag := p.lag(l, at, rng)
			due := at.Add(lag)
			if due.Before(last) {
				due = last
			}
			sum, free = sum+float64(due.Sub(at)), free+float64(lag)
			last, at = due, at.Add(5*time.Millisecond)
		}
		drawn, cost := free/n, (sum-free)/n
		epochs := n * 5 * float64(time.Millisecond) / float64(l.epoch())
		if off := math.Abs(drawn - float64(tt.latency)); off > 2*float64(tt.jitter)/math.Sqrt(epochs) {
			t.Errorf("%s %v±%v: the mean drawn is %v", tt.distribution, tt.latency, tt.jitter, time.Duration(drawn))
		}
		if cost != 0 {
			t.Errorf("%s %v±%v: order costs %v", tt.distribution, tt.latency, tt.jitter, time.Duration(cost))
		}
	}
}

// In ten seconds, too, the mean is within a few per cent of the jitter.
func TestLatencyKeepsTheMeanOfSeconds(t *testing.T) {
	l := &latency{delay: delay{sleep: 50 * time.Millisecond, jitter: 50 * time.Millisecond, distribution: "uniform"}}
	rng := rand.New(rand.NewPCG(7, 8))
	worst := 0.0
	for range 1000 {
		var p epoch
		at, sum := time.Unix(0, 0), 0.0
		for range 2000 {
			sum += float64(p.lag(l, at, rng))
			at = at.Add(5 * time.Millisecond)
		}
		worst = max(worst, math.Abs(sum/2000-float64(l.sleep)))
	}
	if worst > 0.1*float64(l.jitter) {
		t.Errorf("the mean of ten seconds is off by up to %v", time.Duration(worst))
	}
}

// Messages that are far apart have draws of their own.
func TestLatencyOfSparseMessages(t *testing.T) {
	l := &latency{delay: delay{sleep: time.Second, jitter: 10 * time.Millisecond, distribution: "uniform"}}
	rng := rand.New(rand.NewPCG(1, 1))
	var p epoch
	seen := map[time.Duration]bool{}
	at := time.Unix(0, 0)
	for range 100 {
		seen[p.lag(l, at, rng)] = true
		at = at.Add(2 * l.epoch())
	}
	if len(seen) != 100 {
		t.Errorf("%d draws for 100 messages", len(seen))
	}
}

// A part of all packets is lost, whatever the correlation, and a loss follows a
// loss as it says.
func TestPacketLossChain(t *testing.T) {
	const n = 1_000_000
	for _, c := range []float64{0, 0.25, 0.9} {
		l := &packetLoss{rate: 0.1, correlation: c}
		rng := rand.New(rand.NewPCG(1, 2))
		var ch chain
		lost, pairs := 0, 0
		before := false
		for range n {
			is := ch.loses(l, rng)
			if is {
				lost++
				if before {
					pairs++
				}
			}
			before = is
		}
		if got := float64(lost) / n; math.Abs(got-0.1) > 0.006 {
			t.Errorf("correlation %v: %v is lost", c, got)
		}
		if got, want := float64(pairs)/float64(lost), 0.1+0.9*c; math.Abs(got-want) > 0.01 {
			t.Errorf("correlation %v: %v of the losses follow one, want %v", c, got, want)
		}
	}
}

// The distance between unsound bytes is geometric.
func TestGeometric(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	for _, p := range []float64{0.5, 0.1, 0.001} {
		const n = 200_000
		var sum float64
		for range n {
			sum += float64(geometric(p, rng))
		}
		if mean, want := sum/n, (1-p)/p; math.Abs(mean/want-1) > 0.02 {
			t.Errorf("p %v: the mean is %v, want %v", p, mean, want)
		}
	}
	if got := geometric(1, rng); got != 0 {
		t.Error(got)
	}
	if got := geometric(math.SmallestNonzeroFloat64, rng); got < 0 {
		t.Error(got)
	}
}

// Wakings that come late cost nothing in the end, and what makes up for them is
// no burst.
func TestPacerMakesUpForLateWakings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate = 1_000_000
		var p pacer
		begun := time.Now()
		sent, inTenth := 0, map[time.Duration]int{}
		for i := 0; time.Since(begun) < 100*time.Second; i++ {
			n, due := p.take(1<<20, rate, 0)
			time.Sleep(time.Until(due))
			if i%400 == 0 {
				time.Sleep(50 * time.Millisecond)
			}
			p.woke(due)
			sent += n
			inTenth[time.Since(begun)/(100*time.Millisecond)] += n
		}
		if off := math.Abs(float64(sent)/(rate*time.Since(begun).Seconds()) - 1); off > 0.001 {
			t.Errorf("the rate is off by %.3f%%", off*100)
		}
		for at, n := range inTenth {
			if float64(n) > 1.15*rate/10 {
				t.Errorf("%d bytes in a tenth of a second at %v", n, at*100*time.Millisecond)
			}
		}
	})
}

// Where all wakings are late, as with thousands of pacers on a busy machine, there
// are fewer of them, and the rate is kept.
func TestPacerWhereAllWakingsAreLate(t *testing.T) {
	for _, late := range []time.Duration{3 * time.Millisecond, 15 * time.Millisecond, 50 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			const rate = 10_000
			var p pacer
			rng := rand.New(rand.NewPCG(1, uint64(late)))
			begun := time.Now()
			sent, wakings := 0, 0
			for ; time.Since(begun) < 100*time.Second; wakings++ {
				n, due := p.take(1<<20, rate, 0)
				time.Sleep(time.Until(due))
				time.Sleep(late/2 + time.Duration(rng.Int64N(int64(late/2))))
				p.woke(due)
				sent += n
			}
			if off := math.Abs(float64(sent)/(rate*time.Since(begun).Seconds()) - 1); off > 0.005 {
				t.Errorf("late by %v, the rate is off by %.3f%%", late, off*100)
			}
			if most := int(100 * time.Second / late); wakings > most {
				t.Errorf("late by %v, it is woken %d times", late, wakings)
			}
		})
	}
}

// No rate overflows.
func TestPacerExtremes(t *testing.T) {
	for _, rate := range []int64{1, 7, 199, 201, 1e6, 1e12} {
		for _, burst := range []int64{0, 1, 1e12} {
			var p pacer
			for range 1000 {
				before := p.next
				n, due := p.take(1<<30, rate, burst)
				p.woke(time.Now().Add(-time.Minute))
				if n < 1 || due.Before(before) {
					t.Fatal(fmt.Sprint(rate, burst, n, due))
				}
			}
		}
	}
}
