package vaurien_test

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// Alarms go off once, never early, and not at all when they are stopped.
func TestFineClock(t *testing.T) {
	goroutines, fds := runtime.NumGoroutine(), descriptors(t)
	clock, err := vaurien.NewClock()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			a := clock.NewAlarm()
			for range 100 {
				due := time.Now().Add(time.Duration(rng.IntN(3000)-100) * time.Microsecond)
				a.Set(due)
				if rng.IntN(4) == 0 {
					a.Stop()
					select {
					case <-a.C():
						t.Error("an alarm that was stopped went off")
					default:
					}
					continue
				}
				<-a.C()
				if early := time.Until(due); early > 0 {
					t.Errorf("an alarm went off %v early", early)
				}
			}
		})
	}
	wg.Wait()
	if err := clock.Close(); err != nil {
		t.Error(err)
	}
	waitFor(t, "nothing is left", func() bool { return runtime.NumGoroutine() <= goroutines && descriptors(t) <= fds })
}
