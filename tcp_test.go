package vaurien_test

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

func TestTCPPassesBothWaysAndHalfCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		defer w.close()
		c := w.dial()
		b := w.accept()
		send(t, c, "hello")
		expect(t, b, "hello")
		c.CloseWrite()
		expectEnd(t, b, io.EOF)
		send(t, b, "and goodbye")
		expect(t, c, "and goodbye")
		b.CloseWrite()
		expectEnd(t, c, io.EOF)
		synctest.Wait()
		if st := w.proxy.Stats(); st.Open != 0 || st.Sessions != 1 || st.ToBackend != 5 || st.ToClient != 11 {
			t.Errorf("stats: %+v", st)
		}
	})
}

func TestTCPDelayIsALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:delay", "delay.sleep=2"))
		defer w.close()
		c := w.dial()
		b := w.accept()
		start := time.Now()
		send(t, c, "a")
		time.Sleep(time.Second)
		send(t, c, "b")
		expect(t, b, "a")
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("a came after %v", d)
		}
		expect(t, b, "b")
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("b came after %v", d)
		}
		send(t, b, "reply")
		expect(t, c, "reply")
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("the reply came after %v", d)
		}
	})
}

func TestTCPDelayAfterTheBackend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:delay", "delay.sleep=150ms", "delay.before=false"))
		defer w.close()
		c := w.dial()
		b := w.accept()
		start := time.Now()
		send(t, c, "q")
		expect(t, b, "q")
		if d := time.Since(start); d != 0 {
			t.Errorf("the request came after %v", d)
		}
		send(t, b, "r")
		expect(t, c, "r")
		if d := time.Since(start); d != 150*time.Millisecond {
			t.Errorf("the reply came after %v", d)
		}
		// The end of the stream keeps its place behind what is delayed.
		send(t, b, "last")
		b.CloseWrite()
		expect(t, c, "last")
		expectEnd(t, c, io.EOF)
		if d := time.Since(start); d != 300*time.Millisecond {
			t.Errorf("the end came after %v", d)
		}
	})
}

func TestTCPJitterDoesNotAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:delay", "delay.sleep=50ms", "delay.jitter=50ms"))
		defer w.close()
		c := w.dial()
		b := w.accept()
		start := time.Now()
		const n = 1000
		for range n {
			send(t, c, "x")
			synctest.Wait() // a piece each
		}
		got := make([]byte, n)
		if _, err := io.ReadFull(b, got); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d > 100*time.Millisecond {
			t.Errorf("%d pieces that came together took %v; each is due within 100ms", n, d)
		}
	})
}

func TestTCPBlackoutClosesAtAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:blackout"))
		defer w.close()
		expectEnd(t, w.dial(), io.EOF)
	})
}

func TestTCPErrorAnswersNoise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs [2][]byte
		for i := range runs {
			w := newWorld(t, plan(t, "100:error"))
			c := w.dial()
			b := w.accept()
			send(t, c, "hello")
			runs[i] = make([]byte, 1000)
			if _, err := io.ReadFull(c, runs[i]); err != nil {
				t.Fatal(err)
			}
			c.Close()
			expectEnd(t, b, io.EOF) // nothing was passed on
			w.close()
		}
		if string(runs[0]) != string(runs[1]) {
			t.Error("two runs with one seed gave different noise")
		}
	})
}

func TestTCPInjectKeepsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:error", "error.inject=true"))
		defer w.close()
		c := w.dial()
		b := w.accept()
		send(t, c, "q")
		expect(t, b, "q")
		send(t, b, "beginning-and-end!")
		b.CloseWrite()
		got, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		const half = len("beginning-and-end!") / 2
		if len(got) < 18+64 || string(got[:half])+string(got[len(got)-half:]) != "beginning-and-end!" {
			t.Errorf("received %q", got)
		}
	})
}

func TestTCPHangReadsAndNeverAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:hang"))
		defer w.close()
		c := w.dial()
		w.accept()
		big := make([]byte, 1<<20) // more than anything holds
		if _, err := c.Write(big); err != nil {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Now().Add(24 * time.Hour))
		if n, err := c.Read(big); n != 0 || !err.(net.Error).Timeout() {
			t.Fatalf("read %d, %v; want silence", n, err)
		}
		c.SetReadDeadline(time.Time{})
		w.proxy.SetPlan(nil)
		expectEnd(t, c, io.EOF)
	})
}

func TestTCPAbortLetsTheRequestThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:abort"))
		defer w.close()
		c := w.dial()
		b := w.accept()
		send(t, c, "commit")
		expect(t, b, "commit")
		send(t, b, "done")
		expectEnd(t, c, io.EOF)
	})
}

// An hour's delay is over when the plan is, and nothing is lost.
func TestPlanChangeFreesSleepers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:delay", "delay.sleep=1h"))
		defer w.close()
		c := w.dial()
		b := w.accept()
		start := time.Now()
		for _, s := range []string{"one ", "two ", "three"} {
			send(t, c, s)
			synctest.Wait()
		}
		w.proxy.SetPlan(nil)
		expect(t, b, "one two three")
		send(t, c, " four")
		expect(t, b, " four")
		if d := time.Since(start); d != 0 {
			t.Errorf("it took %v", d)
		}
	})
}

// A session that is relayed untouched meets the new plan at once.
func TestPlanChangeTakesHoldOfRelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		defer w.close()
		c := w.dial()
		b := w.accept()
		send(t, c, "q")
		expect(t, b, "q")
		synctest.Wait()
		for _, before := range []string{"true", "false"} {
			w.proxy.SetPlan(plan(t, "100:delay", "delay.sleep=1s", "delay.before="+before))
			start := time.Now()
			send(t, c, "q")
			expect(t, b, "q")
			send(t, b, "r")
			expect(t, c, "r")
			if d := time.Since(start); d != time.Second {
				t.Errorf("before=%s: an exchange took %v", before, d)
			}
		}
		w.proxy.SetPlan(plan(t, "100:blackout"))
		send(t, c, "q")
		expectEnd(t, c, io.EOF)
		expectEnd(t, b, io.EOF)
	})
}

func TestTransientIsOverAfterItsCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:transient", "transient.agitate=2"))
		defer w.close()
		for range 2 {
			c := w.dial()
			w.accept()
			send(t, c, "q")
			if _, err := io.ReadFull(c, make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
			c.Close()
		}
		c := w.dial()
		b := w.accept()
		send(t, c, "q")
		expect(t, b, "q")
		synctest.Wait()
		if f := w.proxy.Stats().Faults; f["transient"] != 2 {
			t.Errorf("faults: %v", f)
		}
	})
}

func TestDrawExchangeRollsWhenTheClientSpeaksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:error", "error.warmup=2"), "draw=exchange")
		defer w.close()
		c := w.dial()
		b := w.accept()
		for range 2 {
			send(t, c, "q1")
			expect(t, b, "q1")
			send(t, c, "q2") // the same exchange
			expect(t, b, "q2")
			send(t, b, "r")
			expect(t, c, "r")
		}
		send(t, c, "q")
		if _, err := io.ReadFull(c, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		if st := w.proxy.Stats(); st.Exchanges != 3 || st.Faults["error"] != 1 {
			t.Errorf("stats: %+v", st)
		}
	})
}
