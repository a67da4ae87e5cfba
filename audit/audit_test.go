package audit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
)

const ms = time.Millisecond

func exponential(base time.Duration, most time.Duration) func(int, *rand.Rand) time.Duration {
	return func(n int, _ *rand.Rand) time.Duration { return min(base<<(n-1), most) }
}

// jittered leaves a share of a wait as it is and draws the rest.
func jittered(share float64, wait func(int, *rand.Rand) time.Duration) func(int, *rand.Rand) time.Duration {
	return func(n int, dice *rand.Rand) time.Duration {
		d := float64(wait(n, dice))
		return time.Duration(d*share + d*(1-share)*dice.Float64())
	}
}

var policies = []struct {
	name           string
	wait           func(int, *rand.Rand) time.Duration
	policy, jitter string
	base, factor   float64
	step, cap      float64
	firstAtOnce    bool
}{
	{name: "immediate", wait: func(int, *rand.Rand) time.Duration { return 0 }, policy: PolicyImmediate},
	{name: "fixed", wait: exponential(100*ms, 100*ms), policy: PolicyFixed, jitter: JitterNone, base: 100},
	{name: "linear", wait: func(n int, _ *rand.Rand) time.Duration { return time.Duration(n) * 50 * ms },
		policy: PolicyLinear, jitter: JitterNone, base: 50, step: 50},
	{name: "exponential", wait: exponential(20*ms, time.Hour), policy: PolicyExponential, jitter: JitterNone, base: 20, factor: 2},
	{name: "tripling", wait: func(n int, _ *rand.Rand) time.Duration { return 10 * ms * time.Duration(math.Pow(3, float64(n-1))) },
		policy: PolicyExponential, jitter: JitterNone, base: 10, factor: 3},
	{name: "capped", wait: exponential(50*ms, 200*ms+50*ms), policy: PolicyExponential, jitter: JitterNone, base: 50, factor: 2, cap: 250},
	{name: "full jitter", wait: jittered(0, exponential(100*ms, time.Hour)), policy: PolicyExponential, jitter: JitterFull, base: 100, factor: 2},
	{name: "equal jitter", wait: jittered(.5, exponential(100*ms, time.Hour)), policy: PolicyExponential, jitter: JitterEqual, base: 100, factor: 2},
	{name: "fixed, full jitter", wait: jittered(0, exponential(200*ms, 200*ms)), policy: PolicyFixed, jitter: JitterFull, base: 200},
	{name: "first at once", wait: func(n int, _ *rand.Rand) time.Duration {
		if n == 1 {
			return 0
		}
		return 25 * ms << (n - 1)
	}, policy: PolicyExponential, jitter: JitterNone, base: 50, factor: 2, firstAtOnce: true},
}

// The policies of simulated clients are recognized, whatever the dice say.
func TestPolicies(t *testing.T) {
	const seeds = 12
	for _, p := range policies {
		t.Run(p.name, func(t *testing.T) {
			right := 0
			for seed := range uint64(seeds) {
				r := simulate(t, seed+1, "redis", "70:error", map[string]option.Values{"error": values("kind", "loading")}, Options{}, func(w *world) {
					var clients sync.WaitGroup
					for n := range 4 {
						c := w.client(p.wait, 7)
						clients.Go(func() {
							defer c.close()
							for i := range 40 {
								c.do(fmt.Sprintf("GET key:%d:%d", n, i))
								time.Sleep(50 * ms)
							}
						})
					}
					clients.Wait()
				})
				if r.Requests.Operations != 160 || r.Requests.Open != 0 || r.Requests.Repeated != 0 {
					t.Fatalf("seed %d: %+v", seed, r.Requests)
				}
				if len(r.Backoff) != 1 {
					t.Fatalf("seed %d: %d habits", seed, len(r.Backoff))
				}
				b := r.Backoff[0]
				// What is drawn from spans can only be estimated.
				near := func(got, want float64) bool {
					slack := .05
					if p.jitter != JitterNone {
						slack = .3
					}
					return want == 0 || math.Abs(got-want) <= slack*want+2
				}
				if b.Policy == p.policy && b.Jitter == p.jitter && near(b.Base, p.base) && near(b.Factor*100, p.factor*100) &&
					near(b.Step, p.step) && (b.Cap > 0) == (p.cap > 0) && near(b.Cap, p.cap) && b.FirstAtOnce == p.firstAtOnce {
					right++
				} else {
					t.Logf("seed %d: %s, %+v", seed, b.words(), b.Waits)
				}
				if testing.Verbose() && seed == 0 {
					t.Log(b.words())
				}
			}
			if right < seeds {
				t.Errorf("%d of %d are right", right, seeds)
			}
		})
	}
}

func show(t *testing.T, r *Report) {
	if testing.Verbose() {
		r.WriteText(os.Stderr, 100)
		_ = t
	}
}

// What the clients of a run did is counted as it was.
func TestTallies(t *testing.T) {
	r := simulate(t, 3, "redis", "60:error", map[string]option.Values{"error": values("kind", "loading")}, Options{}, func(w *world) {
		ok, failed := 0, 0
		c := w.client(exponential(20*ms, time.Hour), 3)
		defer c.close()
		for i := range 100 {
			if c.do(fmt.Sprintf("GET key:%d", i)) {
				ok++
			} else {
				failed++
			}
		}
		t.Logf("%d ok, %d failed", ok, failed)
		w.applied["ok"], w.applied["failed"] = ok, failed
	})
	q := r.Requests
	if q.Operations != 100 || q.FirstOK+q.Failed != 100 || q.Recovered+q.GaveUp != q.Failed || q.NotRetried+q.Open+q.Repeated != 0 ||
		q.Attempts != q.Operations+q.Retries || r.Recovery[0].Waited.Gaps != q.Recovered {
		t.Errorf("%+v", q)
	}
	if f := finding(r, GaveUp); f == nil || f.Text != fmt.Sprintf("%d operations gave up after retries, most of them after 3 attempts", q.GaveUp) {
		t.Errorf("%+v", f)
	}
	show(t, r)
}

// Clients without retries, and loops, are not taken for clients that retry.
func TestLoops(t *testing.T) {
	loop := func(keys int, pause time.Duration, workers int, wait func(int, *rand.Rand) time.Duration) *Report {
		return simulate(t, 5, "redis", "20:error", map[string]option.Values{"error": values("kind", "loading")}, Options{}, func(w *world) {
			var all sync.WaitGroup
			for range workers {
				c := w.client(wait, 4)
				all.Go(func() {
					defer c.close()
					for i := range 200 {
						c.do(fmt.Sprintf("GET key:%d", i%keys))
						time.Sleep(pause)
					}
				})
				time.Sleep(7 * ms)
			}
			all.Wait()
		})
	}
	for _, test := range []struct {
		name          string
		keys, workers int
		pause         time.Duration
	}{
		{"one key, at once", 1, 1, 0}, {"one key, slowly", 1, 1, 100 * ms}, {"many keys", 20, 1, 10 * ms}, {"workers", 1, 5, 30 * ms},
	} {
		t.Run(test.name, func(t *testing.T) {
			if q := loop(test.keys, test.pause, test.workers, nil).Requests; q.Retries > q.Operations/50 {
				t.Errorf("without retries: %+v", q)
			}
			q := loop(test.keys, test.pause, test.workers, exponential(300*ms, time.Hour)).Requests
			if q.Operations < test.workers*198 || q.Recovered < q.Failed*9/10 {
				t.Errorf("with retries: %+v", q)
			}
		})
	}
}

// Many who ask for the same, each on a connection of its own, while another
// waits for a late answer, do not retry.
func TestParallel(t *testing.T) {
	for _, behavior := range []string{"delay", "hang"} {
		t.Run(behavior, func(t *testing.T) {
			r := simulate(t, 6, "http", "20:"+behavior, nil, Options{}, func(w *world) {
				var all sync.WaitGroup
				for range 10 {
					c := w.client(nil, 1)
					c.web, c.timeout = true, 20*time.Second
					all.Go(func() {
						for range 30 {
							c.do("GET / HTTP/1.1\r\nHost: a\r\n")
							c.close()
							time.Sleep(time.Duration(c.dice.IntN(60)) * ms)
						}
					})
				}
				all.Wait()
			})
			if q := r.Requests; q.Operations < 295 || q.Retries > 5 || q.NotRetried > 5 {
				t.Errorf("%+v", q)
			}
		})
	}
}

// A write whose answer is lost, and that is made again, is found; and only it.
func TestRepeatedWrites(t *testing.T) {
	for _, test := range []struct{ protocol, write, harmless string }{
		{"redis", "INCR n:%d", "SET s:%d x"},
		{"http", "POST /orders/%d HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n", "PUT /orders/%d HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"},
	} {
		t.Run(test.protocol, func(t *testing.T) {
			doubled := 0
			r := simulate(t, 11, test.protocol, "30:commit-unknown", nil, Options{}, func(w *world) {
				c := w.client(jittered(0, exponential(50*ms, time.Second)), 5)
				c.web = test.protocol == "http"
				defer c.close()
				for i := range 60 {
					c.do(fmt.Sprintf(test.write, i))
					c.do(fmt.Sprintf(test.harmless, i))
				}
				time.Sleep(time.Second)
				w.mu.Lock()
				defer w.mu.Unlock()
				for line, n := range w.applied {
					if n > 1 && (line[0] == 'I' || line[:2] == "PO") {
						doubled++
					}
				}
			})
			d := r.Doubles
			if doubled == 0 || d.Count != doubled || d.Certain != doubled || d.Harmless == 0 || len(d.List) != doubled {
				t.Errorf("%d were done twice: %+v", doubled, d)
			}
			if r.Verdict[0].ID != RepeatedWrites || len(r.Failing([]string{RepeatedWrites, Storm})) != 1 {
				t.Errorf("%+v", r.Verdict)
			}
			show(t, r)
		})
	}
}

// Many clients that meet an outage and retry at once make a storm; with full
// jitter and few attempts they do not.
func TestStorms(t *testing.T) {
	run := func(wait func(int, *rand.Rand) time.Duration, most int) *Report {
		return simulate(t, 2, "redis", "dummy", nil, Options{}, func(w *world) {
			var clients sync.WaitGroup
			for n := range 40 {
				c := w.client(wait, most)
				clients.Go(func() {
					defer c.close()
					time.Sleep(time.Duration(c.dice.IntN(100)) * ms)
					for i := range 80 {
						c.do(fmt.Sprintf("GET key:%d:%d", n, i))
						time.Sleep(80*ms + time.Duration(c.dice.IntN(40))*ms)
					}
				})
			}
			time.Sleep(3 * time.Second)
			w.plan("100:error")
			time.Sleep(2 * time.Second)
			w.plan("dummy")
			clients.Wait()
		})
	}
	r := run(func(int, *rand.Rand) time.Duration { return 10 * ms }, 1000)
	if f := finding(r, Storm); f == nil || r.Load.Peak.Amplification < 5 {
		t.Errorf("a storm is not seen: %+v", r.Load.Peak)
	}
	if f := finding(r, NoJitter); f == nil {
		t.Errorf("%+v", r.Verdict)
	}
	if q := r.Recovery[0]; q.Longest < 1900 || q.Longest > 2200 || q.First == nil || *q.First > 100 {
		t.Errorf("%+v", q)
	}
	show(t, r)
	r = run(jittered(0, exponential(400*ms, 5*time.Second)), 4)
	if f := finding(r, Storm); f != nil {
		t.Errorf("%+v", f)
	}
	show(t, r)
}

// Clients that failed together and wait alike come back together.
func TestTogether(t *testing.T) {
	run := func(wait func(int, *rand.Rand) time.Duration) *Report {
		return simulate(t, 2, "redis", "100:error", nil, Options{}, func(w *world) {
			var clients sync.WaitGroup
			for n := range 50 {
				c := w.client(wait, 3)
				clients.Go(func() {
					defer c.close()
					c.do(fmt.Sprintf("GET key:%d", n))
				})
			}
			clients.Wait()
		})
	}
	if r := run(exponential(500*ms, time.Hour)); finding(r, AtOnce) == nil || r.Load.Together.Largest != 50 {
		t.Errorf("%+v", r.Load.Together)
	}
	if r := run(jittered(0, exponential(2*time.Second, time.Hour))); finding(r, AtOnce) != nil {
		t.Errorf("%+v", r.Load.Together)
	}
}

// How long a client waits shows where the proxy sees it leave, and else by its
// retry.
func TestTimeouts(t *testing.T) {
	for _, test := range []struct {
		behavior string
		atMost   bool
		wait     float64
	}{{"hang", true, 2100}, {"drop", false, 2000}, {"delay", true, 2100}} {
		t.Run(test.behavior, func(t *testing.T) {
			options := map[string]option.Values{"delay": values("sleep", "30s")}
			r := simulate(t, 4, "redis", "20:"+test.behavior, options, Options{}, func(w *world) {
				c := w.client(exponential(100*ms, 100*ms), 4)
				defer c.close()
				for i := range 30 {
					c.do(fmt.Sprintf("GET key:%d", i))
				}
			})
			show(t, r)
			if len(r.Timeouts) != 1 || math.Abs(r.Timeouts[0].Wait-test.wait) > 20 || r.Timeouts[0].AtMost != test.atMost || r.Timeouts[0].Times < 3 {
				t.Fatalf("%+v", r.Timeouts)
			}
			if q := r.Requests; q.Operations != 30 || q.Recovered != q.Failed || q.Failed < 3 {
				t.Errorf("%+v", q)
			}
			if b := r.Backoff; test.atMost != (b == nil) || b != nil && math.Abs(b[0].Waits[0].Median-100) > 2 {
				t.Errorf("%+v", b)
			}
		})
	}
}

// Connections that are refused are attempts too.
func TestConnecting(t *testing.T) {
	for _, protocol := range []string{"redis", "tcp"} {
		t.Run(protocol, func(t *testing.T) {
			r := simulate(t, 4, protocol, "dummy", nil, Options{}, func(w *world) {
				c := w.client(exponential(200*ms, time.Hour), 8)
				defer c.close()
				c.do("GET a")
				for range 3 {
					w.plan("100:refuse")
					c.close()
					time.AfterFunc(4*time.Second, func() { w.plan("dummy") })
					c.do("GET b")
					time.Sleep(time.Second)
				}
			})
			q := r.Connects
			if q.Failed != 3 || q.Recovered != 3 || q.Retries != 15 || q.Operations != 4 {
				t.Errorf("%+v", q)
			}
			if len(r.Backoff) != 1 || r.Backoff[0].Policy != PolicyExponential || r.Backoff[0].What != connectionLabel {
				t.Errorf("%+v", r.Backoff)
			}
			show(t, r)
		})
	}
}

func TestRetryAfter(t *testing.T) {
	run := func(wait time.Duration) *Report {
		return simulate(t, 4, "http", "40:error", map[string]option.Values{"error": values("kind", "too-many-requests")}, Options{}, func(w *world) {
			c := w.client(func(int, *rand.Rand) time.Duration { return wait }, 6)
			c.web = true
			defer c.close()
			for i := range 40 {
				c.do(fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: a\r\n", i))
			}
		})
	}
	early, obeyed := run(100*ms), run(time.Second)
	if f := finding(early, RetryAfter); f == nil || f.Severity != Bad || early.Told[0].Obeyed != 0 || early.Told[0].TooEarly < 10 {
		t.Errorf("%+v %+v", f, early.Told)
	}
	if f := finding(obeyed, RetryAfter); f == nil || f.Severity != Good || obeyed.Told[0].TooEarly != 0 {
		t.Errorf("%+v %+v", f, obeyed.Told)
	}
}
