//go:build unix

package vaurien_test

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/redis"
)

// BenchmarkSetPlan puts a plan in the place of another like it while so many
// sessions are open: that rest, since nothing is done to them; that goroutines
// serve, since something is, and that the change calls back from their reads;
// and whose protocol is framed, which look at the plan at their next exchange.
func BenchmarkSetPlan(b *testing.B) {
	none := func() *vaurien.Plan { return vaurien.NewPlan(nil) }
	some := func() *vaurien.Plan { return vaurien.NewPlan(letsPass{}) }
	for _, of := range []struct {
		name  string
		loops bool
		plan  func() *vaurien.Plan
		proto vaurien.Protocol
	}{
		{"resting", runtime.GOOS == "linux", none, nil},
		{"acted on", false, some, nil},
		{"framed", false, some, new(redis.Protocol)},
	} {
		for _, sessions := range []int{0, 100, 1000} {
			b.Run(fmt.Sprintf("%s/%d sessions", of.name, sessions), func(b *testing.B) {
				first, second := of.plan(), of.plan()
				p := relay(b, of.loops, first, of.proto, answersLines)
				for range sessions {
					c := connected(b, p)
					defer c.Close()
					io.WriteString(c, oneGet)
					if _, err := io.ReadFull(c, make([]byte, len(oneOK))); err != nil {
						b.Fatal(err)
					}
				}
				if of.loops {
					settle(b, "sessions that are awake", 0, func() int { return sessions - p.Resting() })
				}
				b.ReportAllocs()
				for b.Loop() {
					p.SetPlan(second)
					first, second = second, first
				}
			})
		}
	}
}
