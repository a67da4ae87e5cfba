package vaurien_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
)

// modelBackend answers /n/size/kind with a body of that size that names n.
func modelBackend(c *memnet.Conn, rng *rand.Rand) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		f := strings.Split(req.URL.Path, "/")
		id, _ := strconv.Atoi(f[1])
		size, _ := strconv.Atoi(f[2])
		if req.Header.Get("Expect") != "" {
			io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		for i, x := range b {
			if x != byte('a'+(i+id)%26) {
				panic(fmt.Sprintf("request %d: body byte %d is %q", id, i, x))
			}
		}
		body := pattern(id, size)
		if req.Method == "HEAD" {
			body = nil
		}
		var out []byte
		switch f[3] {
		case "chunked":
			out = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nX-Id: %d\r\nX-Read: %d\r\nTransfer-Encoding: chunked\r\n\r\n", id, len(b))
			for len(body) > 0 {
				n := min(len(body), 1+rng.IntN(5000))
				out = fmt.Appendf(out, "%x\r\n%s\r\n", n, body[:n])
				body = body[n:]
			}
			out = append(out, "0\r\n\r\n"...)
		case "close":
			out = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nX-Id: %d\r\nX-Read: %d\r\n\r\n%s", id, len(b), body)
		case "early":
			out = fmt.Appendf(nil, "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nX-Id: %d\r\nX-Read: %d\r\nContent-Length: %d\r\n\r\n%s", id, len(b), size, body)
		default:
			out = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nX-Id: %d\r\nX-Read: %d\r\nContent-Length: %d\r\n\r\n%s", id, len(b), size, body)
		}
		if rng.IntN(4) == 0 {
			time.Sleep(time.Duration(rng.IntN(2000)) * time.Millisecond)
		}
		if !split(c, out, rng) || f[3] == "close" {
			return
		}
	}
}

func pattern(id, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + (i+id)%26)
	}
	return b
}

func split(c *memnet.Conn, out []byte, rng *rand.Rand) bool {
	for len(out) > 0 {
		n := min(len(out), 1+rng.IntN(1+rng.IntN(40000)))
		if _, err := c.Write(out[:n]); err != nil {
			return false
		}
		out = out[n:]
		switch rng.IntN(6) {
		case 0:
			time.Sleep(time.Duration(rng.IntN(100)) * time.Millisecond)
		}
	}
	return true
}

func modelRun(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 77))
	sub := func() *rand.Rand { return rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64())) }
	draws := []*vaurien.Plan{
		nil,
		plan(t, "20:delay,20:error,10:abort,5:hang", "delay.sleep=1s", "delay.jitter=1s"),
		plan(t, "20:delay,20:error", "delay.sleep=1s", "delay.jitter=1s", "delay.before=false"),
		plan(t, "50:error,50:delay", "delay.sleep=30ms"),
		plan(t, "30:delay,70:dummy", "delay.sleep=1h"),
		plan(t, "100:delay", "delay.sleep=500ms", "delay.before=false"),
		plan(t, "3:blackout,20:transient,30:delay", "transient.agitate=5"),
		plan(t, "100:error"),
	}
	draw := []string{"draw=exchange", "draw=connection", "draw=auto"}[rng.IntN(3)]
	ra := []string{"read-ahead=64KiB", "read-ahead=1MiB"}[rng.IntN(2)]
	w := newWorld(t, draws[rng.IntN(len(draws))], "protocol=http", draw, ra)
	brng := sub()
	var bmu sync.Mutex
	go func() {
		for {
			c, err := w.back.Accept()
			if err != nil {
				return
			}
			bmu.Lock()
			r := rand.New(rand.NewPCG(brng.Uint64(), 1))
			bmu.Unlock()
			go modelBackend(c.(*memnet.Conn), r)
		}
	}()
	stop := make(chan struct{})
	var planWG sync.WaitGroup
	prng := sub()
	every := 1 + rng.IntN(3000)
	planWG.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(prng.IntN(every)) * time.Millisecond):
				w.proxy.SetPlan(draws[prng.IntN(len(draws))])
			}
		}
	})
	var wg sync.WaitGroup
	for range 4 {
		r := sub()
		wg.Go(func() { modelClient(t, w, r, seed) })
	}
	wg.Wait()
	close(stop)
	planWG.Wait()
	w.proxy.SetPlan(nil)
	time.Sleep(time.Minute)
	synctest.Wait()
	if st := w.proxy.Stats(); st.Open != 0 {
		t.Errorf("seed %d: %d sessions open", seed, st.Open)
	}
	w.close()
}

type asked struct {
	id, size, body int
	method         string
}

func modelClient(t *testing.T, w *world, rng *rand.Rand, seed uint64) {
	c := w.dial()
	n := 1 + rng.IntN(30)
	var out []byte
	var all []asked
	for i := range n {
		a := asked{id: i, size: rng.IntN(1 + []int{10, 3000, 400000}[rng.IntN(3)]), method: "GET"}
		kind := []string{"length", "chunked", "early", "length", "length"}[rng.IntN(5)]
		if rng.IntN(40) == 0 || i == n-1 && rng.IntN(2) == 0 {
			kind = "close"
		}
		head := ""
		switch rng.IntN(5) {
		case 0:
			a.method, a.body = "POST", rng.IntN(1+[]int{10, 3000, 350000}[rng.IntN(3)])
			head = fmt.Sprintf("Content-Length: %d\r\n", a.body)
			if a.body > 0 && rng.IntN(3) == 0 {
				head += "Expect: 100-continue\r\n"
			}
		case 1:
			a.method, a.body = "POST", rng.IntN(1+[]int{10, 3000, 350000}[rng.IntN(3)])
			head = "Transfer-Encoding: chunked\r\n"
		case 2:
			if kind != "close" {
				a.method = "HEAD"
			}
		}
		if a.method == "HEAD" {
			kind = "head"
		}
		if i == n-1 && rng.IntN(2) == 0 {
			head += "Connection: close\r\n"
		}
		out = fmt.Appendf(out, "%s /%d/%d/%s HTTP/1.1\r\nHost: x\r\n%s\r\n", a.method, a.id, a.size, kind, head)
		body := pattern(a.id, a.body)
		if strings.HasPrefix(head, "Transfer") {
			for len(body) > 0 {
				k := min(len(body), 1+rng.IntN(20000))
				out = fmt.Appendf(out, "%x\r\n%s\r\n", k, body[:k])
				body = body[k:]
			}
			out = append(out, "0\r\n\r\n"...)
		} else {
			out = append(out, body...)
		}
		all = append(all, a)
	}
	half := rng.IntN(3) == 0
	wrng := rand.New(rand.NewPCG(rng.Uint64(), 3))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if split(c, out, wrng) && half {
			c.CloseWrite()
		}
	}()
	giveUp := time.Duration(rng.IntN(3*3600)) * time.Second
	c.SetReadDeadline(time.Now().Add(giveUp))
	r := bufio.NewReader(c)
	for _, a := range all {
		var res *http.Response
		var err error
		for {
			res, err = http.ReadResponse(r, &http.Request{Method: a.method})
			if err != nil || res.StatusCode >= 200 {
				break
			}
		}
		if err != nil {
			if strings.Contains(err.Error(), "malformed") {
				t.Errorf("seed %d: %.200v", seed, err)
			}
			break
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			break
		}
		if res.StatusCode >= 500 {
			if res.Header.Get("X-Id") != "" {
				t.Errorf("seed %d: odd", seed)
			}
			if res.Close {
				break
			}
			continue
		}
		if id := res.Header.Get("X-Id"); id != strconv.Itoa(a.id) {
			t.Errorf("seed %d: reply to %s for request %d", seed, id, a.id)
			break
		}
		if res.Header.Get("X-Read") != strconv.Itoa(a.body) {
			t.Errorf("seed %d: request %d: backend read %s of %d", seed, a.id, res.Header.Get("X-Read"), a.body)
		}
		closed := res.ContentLength < 0 && len(res.TransferEncoding) == 0
		if a.method != "HEAD" && string(body) != string(pattern(a.id, a.size)) && !(closed && len(body) < a.size) {
			t.Errorf("seed %d: request %d: body of %d, want %d", seed, a.id, len(body), a.size)
		}
		if closed {
			break
		}
	}
	if rng.IntN(3) == 0 {
		c.SetLinger(0)
	}
	c.Close()
	<-done
}

// TestHTTPModel lets random clients pipeline random requests to a backend that
// answers in every way there is, while plans come and go: each reply belongs to
// its request, in order and whole, and no session outlives its connections.
// VAURIEN_TEST_SEEDS is how many runs there are.
func TestHTTPModel(t *testing.T) {
	many := uint64(60)
	if s := os.Getenv("VAURIEN_TEST_SEEDS"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		many = n
	}
	for seed := range many {
		synctest.Test(t, func(t *testing.T) { modelRun(t, seed) })
		if t.Failed() {
			return
		}
	}
}
