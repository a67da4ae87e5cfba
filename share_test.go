package vaurien_test

import (
	"io"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/vaurien-proxy/vaurien"
)

// TestShared: of a draw's weights that share holds which is asked for, at the
// time of each roll; and the same rolls choose more as it grows.
func TestShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 400
		met := make(map[float64][]string)
		for _, share := range []float64{0, 0.25, 0.5, 1} {
			var now atomic.Uint64
			now.Store(math.Float64bits(1)) // what it is when the plan is made does not matter
			draw := vaurien.OneOf(vaurien.Choice{Weight: 60, Name: "a", Behavior: request("a")}, vaurien.Choice{Weight: 20, Name: "b", Behavior: request("b")})
			w := newWorld(t, vaurien.NewPlan(draw).Shared(func() float64 { return math.Float64frombits(now.Load()) }))
			now.Store(math.Float64bits(share))
			count := make(map[string]int)
			for range n {
				c := w.dial()
				server := w.accept()
				send(t, c, "-")
				c.CloseWrite()
				all, _ := io.ReadAll(server)
				met[share] = append(met[share], string(all))
				count[string(all)]++
				server.Close()
			}
			w.close()
			for outcome, weight := range map[string]float64{"a-": 0.6 * share, "b-": 0.2 * share} {
				if low, high := binomial(n, count[outcome], weight); low < 0.0005 || high < 0.0005 {
					t.Errorf("with a share of %v, %q was met %d times of %d", share, outcome, count[outcome], n)
				}
			}
		}
		for i := range n {
			if met[0][i] != "-" || met[0.25][i] != "-" && met[0.5][i] == "-" || met[0.5][i] != "-" && met[1][i] == "-" {
				t.Errorf("connection %d meets %q, %q, %q, %q as the share grows", i, met[0][i], met[0.25][i], met[0.5][i], met[1][i])
			}
		}
	})
}

// TestSharedToxics stay beside the draw, and what is no draw is left alone.
func TestSharedToxics(t *testing.T) {
	half := func() float64 { return 0.5 }
	toxic := vaurien.Toxic{Name: "t", Percent: 100, Behavior: request("t")}
	p := vaurien.NewPlan(vaurien.OneOf(), toxic).Shared(half)
	if got := p.Toxics(); len(got) != 1 || got[0].Name != "t" {
		t.Errorf("toxics %v", got)
	}
	p = vaurien.NewPlan(request("a"))
	if p.Shared(half) != p {
		t.Error("a plan that is no draw is another one")
	}
}
