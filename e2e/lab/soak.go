package lab

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Soaked starts the proxy with a control server. It returns a function that
// puts a plan in force, in JSON as PUT /proxies/NAME/plan takes it.
func Soaked(t testing.TB, args ...string) (p *Process, addr string, plan func(string)) {
	t.Helper()
	port := FreePort(t)
	p, addr = Vaurien(t, append(args, "--http", "--http-port", port)...)
	p.Wait(`(control API started)`)
	return p, addr, func(plan string) {
		req, err := http.NewRequest("PUT", "http://127.0.0.1:"+port+"/proxies/default/plan", strings.NewReader(plan))
		if err != nil {
			t.Error(err)
			return
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", plan, body)
		}
	}
}

// Soak puts plans in force at random, each for a moment, and calls work all the
// while from several goroutines, each with its own number and source of
// chance. Then dummy is the plan, and work must end.
func Soak(t testing.TB, put func(string), plans []string, workers int, work func(worker int, rng *rand.Rand)) {
	t.Helper()
	const long = 4 * time.Second
	var seed uint64 = uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	stop, ended := make(chan struct{}), make(chan int, workers)
	for i := range workers {
		go func() {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			for {
				select {
				case <-stop:
					ended <- i
					return
				default:
					work(i, rng)
				}
			}
		}()
	}
	rng := rand.New(rand.NewPCG(seed, 1<<32))
	for end := time.Now().Add(long); time.Now().Before(end); {
		put(plans[rng.IntN(len(plans))])
		<-time.After(time.Duration(20+rng.IntN(200)) * time.Millisecond)
	}
	close(stop)
	put(`{"plan": "dummy"}`)
	running := make(map[int]bool)
	for i := range workers {
		running[i] = true
	}
	for late := time.After(Patience); len(running) > 0; {
		select {
		case i := <-ended:
			delete(running, i)
		case <-late:
			panic(fmt.Sprintf("workers %v wait for ever", running)) // with what all goroutines do
		}
	}
}

// SoakPlans are plans for Soak. match, if it is not empty, says which requests
// are met with errors; delays, stalls and the like meet all.
func SoakPlans(match string) []string {
	var plans []string
	for _, p := range []struct{ draw, options string }{
		{"dummy", ""},
		{"30:delay", `"delay": {"sleep": "3ms"}`},
		{"30:delay", `"delay": {"sleep": "3ms", "before": false}`},
		{"20:error", `"error": {MATCH}`},
		{"20:error", `"error": {MATCH}`},
		{"10:delay,20:error", `"delay": {"sleep": "2ms"}, "error": {MATCH}`},
		{"5:commit-unknown", ""},
		{"5:commit-unknown", `"commit-unknown": {"how": "hang"}`},
		{"5:cut", ""},
		{"5:cut", `"cut": {"how": "reset"}`},
		{"20:stall", `"stall": {"for": "5ms"}`},
		{"2:stall", ""},
		{"5:blackout", ""},
		{"2:hang", ""},
		{"5:abort", ""},
		{"10:transient", `"transient": {MATCH}`},
		{"10:stall,10:error,2:cut,2:blackout,10:delay", `"stall": {"for": "2ms"}, "error": {MATCH}, "delay": {"sleep": "1ms"}`},
	} {
		m := ""
		if match != "" {
			m = fmt.Sprintf(`"match": %q`, match)
		}
		plans = append(plans, fmt.Sprintf(`{"plan": %q, "options": {%s}}`, p.draw, strings.ReplaceAll(p.options, "MATCH", m)))
	}
	return plans
}
