package main

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseCounts(t *testing.T) {
	got, err := parseCounts("1, 200,5000")
	if err != nil || !slices.Equal(got, []int{1, 200, 5000}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", "0", "1,,2", "many", "-1"} {
		if _, err := parseCounts(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestParseLoads(t *testing.T) {
	for _, good := range []string{"idle", "busy", "idle,busy"} {
		if got, err := parseLoads(good); err != nil || strings.Join(got, ",") != good {
			t.Errorf("%q: %v, %v", good, got, err)
		}
	}
	for _, bad := range []string{"", "idle,", "lazy"} {
		if _, err := parseLoads(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// TestTimingCurves holds every curve to what the program needs of it: a load
// whose mode there is, and a proxy set to what the load expects.
func TestTimingCurves(t *testing.T) {
	for _, c := range timingCurves() {
		for _, n := range []int{1, 200, 5000} {
			r := c.run(n)
			switch c.fault {
			case "delay":
				if r.delayMS == 0 || c.direct(n).delayMS != 0 {
					t.Errorf("%s: the proxy delays by %v ms, the direct run by %v", c.name, r.delayMS, c.direct(n).delayMS)
				}
			case "rate":
				if total := r.rate * float64(n); r.rate == 0 || total > 60e6 {
					t.Errorf("%s: %v bytes/s in all at %d connections", c.name, total, n)
				}
			case "reset":
				if len(r.env) != 1 || !strings.HasSuffix(r.env[0], "="+flagOf(r.args, "-after")) {
					t.Errorf("%s: the proxy is told %v, the load %v", c.name, r.env, r.args)
				}
			default:
				t.Errorf("%s: the peers know no fault %q", c.name, c.fault)
			}
		}
	}
}

// flagOf returns what follows a flag.
func flagOf(args []string, name string) string {
	if i := slices.Index(args, name); i >= 0 && i+1 < len(args) {
		return args[i+1]
	}
	return ""
}

func TestResetPlan(t *testing.T) {
	good := resetPlan{conns: 1, total: 1, after: time.Second}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for flag, bad := range map[string]resetPlan{
		"-conns": {total: 1, after: time.Second},
		"-total": {conns: 1, after: time.Second},
		"-after": {conns: 1, total: 1},
	} {
		if err := bad.check(); err == nil || !strings.HasPrefix(err.Error(), flag) {
			t.Errorf("%s: %v", flag, err)
		}
	}
}

// steps are arrivals of n bytes each period.
func steps(count, n int, period time.Duration) []arrival {
	var ev []arrival
	for i := range count {
		ev = append(ev, arrival{time.Duration(i+1) * period, n})
	}
	return ev
}

func TestArrivalRate(t *testing.T) {
	// Even steps have their exact rate, wherever the measured time ends.
	for _, count := range []int{2, 3, 600} {
		if got, ok := arrivalRate(steps(count, 500, 5*time.Millisecond)); !ok || math.Abs(got-1e5) > 1e-6 {
			t.Errorf("%d steps: %v, %v", count, got, ok)
		}
	}
	if _, ok := arrivalRate(steps(1, 500, time.Second)); ok {
		t.Error("one arrival has a rate")
	}
}

func TestPaceSum(t *testing.T) {
	even := steps(600, 500, 5*time.Millisecond)       // 100 KB/s
	coarse := steps(30, 10_000, 100*time.Millisecond) // the same in steps of 100 ms
	slow := steps(600, 250, 5*time.Millisecond)       // half of it
	var r paceResult
	r.sum([][]arrival{even, coarse, slow, nil}, 1e5)
	if r.ErrPct != 0 || r.WorstPct != -50 || r.Errors != 1 {
		t.Errorf("off by %v %%, at worst %v %%, %d without a rate", r.ErrPct, r.WorstPct, r.Errors)
	}
	// A window that is exactly as long as two steps are apart holds three.
	if r.P50In10 != 1.5 || r.MaxIn10 != 10 || r.MaxIn100 != 2 {
		t.Errorf("in 10 ms %v and %v, in 100 ms %v", r.P50In10, r.MaxIn10, r.MaxIn100)
	}
}
