package vaurien

import (
	"fmt"
	"sync/atomic"
	"testing"
)

// nothing is a behavior that is only drawn here.
type nothing struct{}

func (nothing) Points() Point                 { return Request }
func (nothing) Act(_ *Event, next Next) error { return next() }

// BenchmarkDice is the roll for an exchange, and a plan's draw with it: alone,
// and by all cores at once, each for a session of its own, which must share
// nothing.
func BenchmarkDice(b *testing.B) {
	proxy := &Proxy{dice: newDice(1, "default")}
	both := func(name string, roll func(s *Session, number uint64)) {
		b.Run(name+"/alone", func(b *testing.B) {
			b.ReportAllocs()
			s := &Session{proxy: proxy, number: 1}
			for n := uint64(1); b.Loop(); n++ {
				roll(s, n)
			}
		})
		b.Run(name+"/parallel", func(b *testing.B) {
			b.ReportAllocs()
			var sessions atomic.Uint64
			b.RunParallel(func(pb *testing.PB) {
				s := &Session{proxy: proxy, number: sessions.Add(1)}
				for n := uint64(1); pb.Next(); n++ {
					roll(s, n)
				}
			})
		})
	}
	both("roll", func(s *Session, number uint64) {
		if proxy.dice.roll(s.number, number, forChoice, 1) >= 1 {
			b.Error("a roll of 1 or more")
		}
	})
	both("rand", func(s *Session, number uint64) {
		if proxy.dice.rand(s.number, number, forDeed).Float64() >= 1 {
			b.Error("a number of 1 or more")
		}
	})
	for _, n := range []int{1, 10, 50} {
		choices := make([]Choice, n)
		for i := range choices {
			choices[i] = Choice{Weight: 100 / float64(n), Name: fmt.Sprint("b", i), Behavior: nothing{}}
		}
		plan := newInForce(NewPlan(OneOf(choices...)), 1)
		both(fmt.Sprint("one of ", n), func(s *Session, number uint64) {
			x := exchanges.Get().(*exchange) // as the engine has them
			x.number, x.plan = number, plan
			if drawn, _ := s.draw(x, number, plan.each, &x.request); drawn == nil && n == 1 {
				b.Error("nothing was drawn")
			}
			exchanges.Put(x)
		})
	}
}
