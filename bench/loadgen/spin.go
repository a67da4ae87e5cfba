package main

import (
	"flag"
	"runtime"
	"time"
)

// spinMain uses all of one core, as fast as the scheduler lets it: what a run
// on a busy machine competes with. It is an ordinary process of ordinary
// priority, one for each core.
func spinMain(args []string) {
	fs := flag.NewFlagSet("spin", flag.ExitOnError)
	maxTime := fs.Duration("max-time", 10*time.Minute, "exit after this long, whatever happens")
	fs.Parse(args)
	runtime.GOMAXPROCS(1)
	// The clock is looked at each few hundred microseconds: reading it
	// oftener would only warm the vDSO.
	const turns = 1 << 20
	x := uint64(1)
	for begin := time.Now(); time.Since(begin) < *maxTime; {
		for range turns {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
		}
	}
	runtime.KeepAlive(x)
}
