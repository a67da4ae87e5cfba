package vaurien_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/behavior"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
	"github.com/vaurien-proxy/vaurien/option"
)

// TestOrderModel lets clients and servers of the protocol for tests talk, with
// a greeting or without, under plans that change: replies come in their turn
// and whole, until a fault ends the connection, and no session outlives the
// talk. VAURIEN_TEST_SEEDS is how many talks are tried.
func TestOrderModel(t *testing.T) {
	seeds := 200
	if n, err := strconv.Atoi(os.Getenv("VAURIEN_TEST_SEEDS")); err == nil {
		seeds = n
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { orderTalk(t, uint64(seed)) })
		})
	}
}

// orderPlan returns a plan in which nothing hangs unless it may.
func orderPlan(t *testing.T, p lines, hangs bool, rng *rand.Rand) *vaurien.Plan {
	kinds := []vaurien.Kind{
		behavior.Delay(), behavior.Error(), behavior.Stall(), behavior.Cut(), behavior.Hang(), behavior.Blackout(),
		behavior.Abort(), behavior.CommitUnknown(), behavior.Transient(), behavior.Dummy(),
	}
	for i, k := range kinds {
		kinds[i] = behavior.Selected(k)
	}
	registry := vaurien.NewRegistry(kinds, nil)
	make := func(options string) vaurien.Behavior {
		values := option.Values{}
		name, rest, _ := strings.Cut(options, " ")
		for _, o := range strings.Fields(rest) {
			key, value, _ := strings.Cut(o, "=")
			values[key] = option.Value{Text: value}
		}
		b, err := registry.Behavior(name, values, "", p)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	all := []string{
		"delay sleep=1 jitter=1", "delay sleep=0.3 before=false", "error kind=no", "error kind=bye", "error kind=replaced",
		"error kind=late", "error kind=pass", "error", "stall for=1", "stall for=0.2 bytes=3", "cut max=1",
		"commit-unknown max=1", "commit-unknown how=close max=1", "transient kind=no", "delay sleep=0.2 match=verb==\"DATA\"",
		"abort max=1", "error kind=no first=3 every=2 after=1", "blackout max=1", "dummy",
	}
	if hangs {
		all = append(all, "hang max=1", "stall max=1", "commit-unknown how=hang max=1")
	}
	pick := func() vaurien.Behavior { return make(all[rng.IntN(len(all))]) }
	var choices []vaurien.Choice
	for i := range 1 + rng.IntN(3) {
		b := pick()
		if rng.IntN(4) == 0 {
			b = vaurien.Chain(b, pick())
		}
		choices = append(choices, vaurien.Choice{Weight: float64(5 + rng.IntN(28)), Name: fmt.Sprint(i), Behavior: b})
	}
	return vaurien.NewPlan(vaurien.OneOf(choices...))
}

// trickle writes text in pieces.
func trickle(w io.Writer, text string, rng *rand.Rand) error {
	for len(text) > 0 {
		n := 1 + rng.IntN(len(text))
		if _, err := io.WriteString(w, text[:n]); err != nil {
			return err
		}
		text = text[n:]
		if rng.IntN(8) == 0 {
			time.Sleep(time.Duration(rng.IntN(300)) * time.Millisecond)
		}
	}
	return nil
}

func orderServer(b *memnet.Conn, greets bool, rng *rand.Rand) {
	defer b.Close()
	if greets && trickle(b, "hello\n", rng) != nil {
		return
	}
	lines, mail := bufio.NewScanner(b), ""
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 2 {
			words = []string{"GET", "what is left of a line"} // of tcp
		}
		if rng.IntN(5) == 0 {
			time.Sleep(time.Duration(rng.IntN(1000)) * time.Millisecond)
		}
		if rng.IntN(10) == 0 && trickle(b, "!news\n", rng) != nil {
			return
		}
		answer := strings.Join(words[1:], " ") + " got\n"
		switch {
		case mail != "":
			answer, mail = mail+" taken\n", ""
		case words[0] == "NOTE":
			continue
		case words[0] == "FAIL", words[0] == "RSET":
			answer = "ok\n"
		case words[0] == "DATA" && rng.IntN(4) > 0:
			answer, mail = "go\n", words[1]
		}
		if rng.IntN(300) == 0 {
			answer = "junk\n" + answer
		}
		if trickle(b, answer, rng) != nil {
			return
		}
		if rng.IntN(300) == 0 {
			b.SetLinger(rng.IntN(2))
			return
		}
	}
}

func orderTalk(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 3))
	p := lines{greets: rng.IntN(2) == 0}
	hangs := rng.IntN(4) == 0
	w := newWorldWith(t, orderPlan(t, p, hangs, rng), func(_ *world, c *vaurien.Config) {
		c.Protocol, c.Seed = p, seed
		c.Settings.Draw = []string{"exchange", "connection"}[rng.IntN(2)]
	})
	defer w.close()
	go func() {
		for i := uint64(0); ; i++ {
			b, err := w.back.Accept()
			if err != nil {
				return
			}
			go orderServer(b.(*memnet.Conn), p.greets, rand.New(rand.NewPCG(seed, 100+i)))
		}
	}()
	for range 3 {
		orderClient(t, w, p, hangs, rng)
	}
	w.proxy.SetPlan(nil)
	time.Sleep(time.Minute)
	w.ended()
}

func orderClient(t *testing.T, w *world, p lines, hangs bool, rng *rand.Rand) {
	c := w.dial()
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(10 * time.Minute))
	r := bufio.NewReader(c)
	read := func() string {
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				if errors.Is(err, os.ErrDeadlineExceeded) && !hangs {
					t.Errorf("waited in vain after %q", line)
				}
				return ""
			}
			if line != "!news\n" {
				return strings.TrimSuffix(line, "\n")
			}
		}
	}
	if p.greets && rng.IntN(3) > 0 {
		if got := read(); got != "hello" {
			if got != "no" && got != "bye" && got != "failed" && got != "" {
				t.Errorf("greeted with %q", got)
			}
			return
		}
	} else if p.greets {
		return // too early to tell, or gone at once
	}
	var due []string
	for i := range rng.IntN(60) {
		if rng.IntN(20) == 0 {
			w.proxy.SetPlan(orderPlan(t, p, hangs, rng))
		}
		verb := []string{"GET", "GET", "GET", "GET", "NOTE", "DATA"}[rng.IntN(6)]
		if rng.IntN(200) == 0 {
			trickle(c, "what is junk\n", rng) // from here on nothing is in order
			time.Sleep(time.Second)
			return
		}
		if trickle(c, fmt.Sprintf("%s %d\n", verb, i), rng) != nil {
			return
		}
		if verb != "NOTE" {
			due = append(due, fmt.Sprint(i))
		}
		for len(due) > 0 && (verb == "DATA" || rng.IntN(3) == 0) {
			id := due[0]
			due = due[1:]
			switch got := read(); got {
			case id + " got", "no", "failed":
			case "go":
				if verb != "DATA" || len(due) > 0 {
					t.Errorf("request %s is invited", id)
				}
				if trickle(c, "mail\n", rng) != nil {
					return
				}
				if got = read(); got == "" || got == "junk" {
					return
				} else if got != id+" taken" && got != "late" && got != "failed" {
					t.Errorf("mail %s got %q", id, got)
				}
			case "bye", "", "junk":
				return
			default:
				t.Errorf("request %s got %q", id, got)
				return
			}
		}
		if rng.IntN(100) == 0 {
			c.SetLinger(rng.IntN(2))
			return
		}
	}
	if rng.IntN(2) == 0 {
		c.CloseWrite()
	}
	for _, id := range due {
		switch got := read(); got {
		case id + " got", "no", "failed":
		case "bye", "", "junk":
			return
		default:
			t.Errorf("request %s got %q in the end", id, got)
			return
		}
	}
}

// A proxy that shuts down in the middle of talks lets each end after what it is
// in.
func TestShutdownModel(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 5))
			p := lines{anyOrder: seed%2 == 0}
			plan := orderPlan(t, p, false, rng)
			if p.anyOrder {
				plan = anyOrderPlan(t, rng)
			}
			w := newWorldWith(t, plan, func(_ *world, c *vaurien.Config) { c.Protocol, c.Seed = p, seed })
			defer w.close()
			var talks sync.WaitGroup
			defer talks.Wait()
			for range 4 {
				c, b := w.dial(), w.accept()
				talks.Go(func() {
					defer b.Close()
					for r := bufio.NewScanner(b); r.Scan(); {
						fmt.Fprintf(b, "%s got\n", strings.Fields(r.Text())[0])
					}
				})
				talks.Go(func() {
					defer c.Close()
					r := bufio.NewScanner(c)
					for id := range 5 {
						for n := range 3 {
							fmt.Fprintf(c, "%d GET\n", 10*id+n)
						}
						for range 3 {
							if !r.Scan() {
								return
							}
						}
					}
				})
			}
			time.Sleep(time.Duration(rng.IntN(5000)) * time.Millisecond)
			w.shutdown()
		})
	}
}
