//go:build linux

package vaurien_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// waitFor waits until ready, or fails the test.
func waitFor(t testing.TB, what string, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ready(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// echoes serves clients of l what they say, and ends when they do.
func echoes(t testing.TB, l net.Listener) {
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
}

func dialTo(t testing.TB, address string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

// Connections rest while nothing is done to them, also when something was done
// before, and wake when something is to be done.
func TestRests(t *testing.T) {
	l := listen(t)
	echoes(t, l)
	late := plan(t, "100:delay", "delay.sleep=1ms")
	p := start(t, l.Addr().String(), nil)
	if portable {
		t.Skip("nothing rests")
	}
	c := dialTo(t, p.Addr().String())
	talk := func() {
		t.Helper()
		if _, err := io.WriteString(c, "hello"); err != nil {
			t.Fatal(err)
		}
		expect(t, c, "hello")
	}
	talk()
	waitFor(t, "it rests", func() bool { return p.Resting() == 1 })
	for range 20 {
		p.SetPlan(late)
		waitFor(t, "it is awake", func() bool { return p.Resting() == 0 })
		talk()
		p.SetPlan(nil)
		waitFor(t, "it rests again", func() bool { return p.Resting() == 1 })
		talk()
	}
	if got := p.Stats().ToBackend; got != 41*5 {
		t.Errorf("counted %d bytes to the backend, want %d", got, 41*5)
	}
}

// Whatever passes while connections rest, wake and rest again arrives whole, in
// order and with its end: in both directions, in small pieces and in bulk, with
// receivers that are slow.
func TestRestsUnderWay(t *testing.T) {
	l := listen(t)
	echoes(t, l)
	p := start(t, l.Addr().String(), nil)
	plans := []*vaurien.Plan{nil, nil, plan(t, "100:delay", "delay.sleep=0.001"), plan(t, "50:delay", "delay.sleep=0.002"), nil}
	done := make(chan struct{})
	var changes sync.WaitGroup
	changes.Add(1)
	go func() {
		defer changes.Done()
		rng := rand.New(rand.NewPCG(1, 2))
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Duration(rng.IntN(5000)) * time.Microsecond):
				p.SetPlan(plans[rng.IntN(len(plans))])
			}
		}
	}()
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := talkAtRandom(p.Addr().String(), uint64(i)); err != nil {
				t.Errorf("connection %d: %v", i, err)
			}
		}()
	}
	wg.Wait()
	close(done)
	changes.Wait()
	waitFor(t, "all have ended", func() bool { return p.Stats().Open == 0 })
}

// talkAtRandom sends bytes to an echo, in pieces and with pauses at random, ends
// its stream, and checks what comes back and that it ends.
func talkAtRandom(address string, seed uint64) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	c := conn.(*net.TCPConn)
	defer c.Close()
	c.SetDeadline(time.Now().Add(60 * time.Second))
	rng := rand.New(rand.NewPCG(seed, 1))
	said := make([]byte, 1+rng.IntN(6<<20))
	for i := range said {
		said[i] = byte(rng.Uint32())
	}
	failed := make(chan error, 1)
	go func() {
		rng := rand.New(rand.NewPCG(seed, 2))
		for left := said; len(left) > 0; {
			n := min(1+rng.IntN(1<<rng.IntN(20)), len(left))
			if _, err := c.Write(left[:n]); err != nil {
				failed <- err
				return
			}
			if left = left[n:]; rng.IntN(8) == 0 {
				time.Sleep(time.Duration(rng.IntN(3000)) * time.Microsecond)
			}
		}
		failed <- c.CloseWrite()
	}()
	heard := make([]byte, len(said))
	for n := 0; n < len(heard); {
		k, err := c.Read(heard[n:min(len(heard), n+1+rng.IntN(1<<rng.IntN(20)))])
		if n += k; err != nil {
			return fmt.Errorf("after %d of %d bytes: %w", n, len(heard), errors.Join(err, <-failed))
		}
		if rng.IntN(16) == 0 {
			time.Sleep(time.Duration(rng.IntN(3000)) * time.Microsecond)
		}
	}
	if !bytes.Equal(heard, said) {
		return errors.New("other bytes came back")
	}
	if n, err := c.Read(heard[:1]); n != 0 || err != io.EOF {
		return fmt.Errorf("then %d bytes more and %w", n, err)
	}
	return <-failed
}

// What a receiver has not taken when its session wakes, copied or spliced,
// passes all the same.
func TestWakesWithBytesInHand(t *testing.T) {
	if portable {
		t.Skip("nothing rests")
	}
	const most = 24 << 20
	for _, piece := range []int{50 << 10, 8 << 20} {
		l := listen(t)
		p := start(t, l.Addr().String(), nil)
		c := dialTo(t, p.Addr().String())
		backend, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer backend.Close()
		waitFor(t, "it rests", func() bool { return p.Resting() == 1 })
		said := sha256.New()
		sent := make(chan error)
		go func() {
			random := rand.NewChaCha8([32]byte{byte(piece >> 10)})
			b := make([]byte, piece)
			var err error
			for all := 0; err == nil && all < most; all += piece {
				random.Read(b)
				said.Write(b)
				_, err = backend.Write(b)
				for p.Resting() > 0 && p.Stats().FromBackend < uint64(all) {
					time.Sleep(time.Millisecond) // one piece at a time, until no more are taken
				}
			}
			backend.Close()
			sent <- err
		}()
		still, last := 0, uint64(0)
		waitFor(t, "the receiver is behind", func() bool {
			st := p.Stats()
			if still++; st.FromBackend != last || st.FromBackend == st.ToClient {
				still, last = 0, st.FromBackend
			}
			return still > 50
		})
		p.SetPlan(plan(t, "100:delay", "delay.sleep=1ms"))
		waitFor(t, "it is awake", func() bool { return p.Resting() == 0 })
		heard := sha256.New()
		n, err := io.Copy(heard, c)
		if serr := <-sent; serr != nil || err != nil || !bytes.Equal(heard.Sum(nil), said.Sum(nil)) {
			t.Errorf("in pieces of %d came %d bytes, not the same, %v, %v", piece, n, serr, err)
		}
	}
}

// Sessions are spread over the loops, whoever lets them in, and are all gone
// from them in the end.
func TestLoopsShare(t *testing.T) {
	if portable {
		t.Skip("there are none")
	}
	l := listen(t)
	echoes(t, l)
	p := start(t, l.Addr().String(), nil)
	var clients []net.Conn
	for range 40 {
		clients = append(clients, dialTo(t, p.Addr().String()))
	}
	waitFor(t, "all rest", func() bool { return p.Resting() == len(clients) })
	check := func() {
		t.Helper()
		n := p.LoopSessions()
		if sum, apart := n[0]+n[1], max(n[0]-n[1], n[1]-n[0]); sum != int64(len(clients)) || apart > vaurien.Imbalance+1 {
			t.Errorf("%d sessions are %d on the loops", len(clients), n)
		}
	}
	check()
	p.SetPlan(plan(t, "100:delay", "delay.sleep=1ms"))
	waitFor(t, "all are awake", func() bool { return p.Resting() == 0 })
	if n := p.LoopSessions(); n[0] != 0 || n[1] != 0 {
		t.Errorf("of sessions that are awake the loops have %d", n)
	}
	p.SetPlan(nil)
	waitFor(t, "all rest again", func() bool { return p.Resting() == len(clients) })
	check()
	for _, c := range clients {
		c.Close()
	}
	waitFor(t, "all are gone", func() bool { n := p.LoopSessions(); return n[0] == 0 && n[1] == 0 })
}
