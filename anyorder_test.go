package vaurien_test

import (
	"bufio"
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
	"github.com/vaurien-proxy/vaurien/option"
)

// TestAnyOrderModel sends requests whose replies come in any order, under
// plans that change, and checks that each gets its own replies, whole and in
// their order, or the failure in their place. VAURIEN_TEST_SEEDS is how many
// talks are tried.
func TestAnyOrderModel(t *testing.T) {
	seeds := 60
	if n, err := strconv.Atoi(os.Getenv("VAURIEN_TEST_SEEDS")); err == nil {
		seeds = n
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { anyOrderTalk(t, uint64(seed)) })
		})
	}
}

func anyOrderPlan(t *testing.T, rng *rand.Rand) *vaurien.Plan {
	registry := vaurien.NewRegistry([]vaurien.Kind{behavior.Delay(), behavior.Error(), behavior.Stall(), behavior.Dummy()}, nil)
	make := func(name string, options ...string) vaurien.Behavior {
		values := option.Values{}
		for _, o := range options {
			key, value, _ := strings.Cut(o, "=")
			values[key] = option.Value{Text: value}
		}
		b, err := registry.Behavior(name, values, "", lines{anyOrder: true})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	all := []vaurien.Behavior{
		make("delay", "sleep=1", "jitter=1"), make("delay", "sleep=0.5", "jitter=0.5", "before=false"),
		make("error", "kind=no"), make("stall", "for=1"),
		vaurien.Chain(make("delay", "sleep=0.1"), make("delay", "sleep=0.2", "before=false")),
	}
	var choices []vaurien.Choice
	for i := range 1 + rng.IntN(3) {
		choices = append(choices, vaurien.Choice{Weight: float64(10 + rng.IntN(20)), Name: fmt.Sprint(i), Behavior: all[rng.IntN(len(all))]})
	}
	return vaurien.NewPlan(vaurien.OneOf(choices...))
}

func anyOrderTalk(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 7))
	w := newWorldWith(t, anyOrderPlan(t, rng), func(_ *world, c *vaurien.Config) { c.Protocol, c.Seed = lines{anyOrder: true}, seed })
	defer w.close()
	c := w.dial()
	b := w.accept()

	backendRNG := rand.New(rand.NewPCG(seed, 8))
	go func() { // answers each request with its parts, a while later and mixed with the others'
		defer b.CloseWrite()
		var mu sync.Mutex
		var answers sync.WaitGroup
		defer answers.Wait()
		lines := bufio.NewScanner(b)
		for lines.Scan() {
			id := strings.Fields(lines.Text())[0]
			mu.Lock()
			parts, pause := 1+backendRNG.IntN(4), time.Duration(backendRNG.IntN(300))*time.Millisecond
			mu.Unlock()
			answers.Go(func() {
				for part := range parts {
					time.Sleep(pause)
					end := "+\n"
					if part == parts-1 {
						end = " .\n"
					}
					mu.Lock()
					fmt.Fprintf(b, "%s part %d%s", id, part, end)
					if part == 0 && pause < 100*time.Millisecond {
						io.WriteString(b, "!news\n")
					}
					mu.Unlock()
				}
			})
		}
	}()

	n := 1 + rng.IntN(60)
	var sender sync.WaitGroup
	defer sender.Wait()
	sender.Go(func() {
		for id := 1; id <= n; id++ {
			fmt.Fprintf(c, "%d GET %d\n", id, id)
			if rng.IntN(3) == 0 {
				time.Sleep(time.Duration(rng.IntN(500)) * time.Millisecond)
			}
			if rng.IntN(20) == 0 {
				w.proxy.SetPlan(anyOrderPlan(t, rng))
			}
		}
		if seed%3 == 0 {
			c.CloseWrite() // while much is held up still
		}
	})

	next, open := make(map[string]int), n
	replies := bufio.NewScanner(c)
	for open > 0 && replies.Scan() {
		if replies.Text() == "!news" {
			continue
		}
		id, rest, _ := strings.Cut(replies.Text(), " ")
		want := fmt.Sprintf("part %d", next[id])
		switch {
		case rest == "no" && next[id] == 0, rest == want+" .":
			next[id] = -1
			open--
		case rest == want+"+":
			next[id]++
		default:
			t.Fatalf("reply %q to request %s, of which %d parts came", rest, id, next[id])
		}
	}
	if open > 0 {
		t.Fatalf("%d of %d requests have no reply: %v", open, n, replies.Err())
	}
	c.CloseWrite()
	for replies.Scan() { // a last notice
		if replies.Text() != "!news" {
			t.Errorf("%q after all replies", replies.Text())
		}
	}
	if st := w.proxy.Stats(); st.Exchanges != uint64(n) {
		t.Errorf("%d exchanges counted of %d", st.Exchanges, n)
	}
}
