package toxiproxy

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

const (
	callers     = 16
	callsOfEach = 625
	untouched   = 100 // connections that no toxic is for
	tormented   = 100
)

// Ten thousand calls, good and bad, from sixteen clients at once, beside traffic
// on two hundred connections. What is not meant stays well; what is left at the
// end is what was there at the beginning.
func TestManyCalls(t *testing.T) {
	t.Setenv("LOG_LEVEL", "error")
	p, api := server(t)
	c := toxiproxy.NewClient(api)
	upstream := echo(t)
	idle := descriptors(t, p)

	steady, err := c.CreateProxy("steady", "localhost:0", upstream)
	lab.Must(t, err)
	var victims []*toxiproxy.Proxy
	for i := range 8 {
		v, err := c.CreateProxy(fmt.Sprint("victim", i), "localhost:0", upstream)
		lab.Must(t, err)
		victims = append(victims, v)
	}

	stop := make(chan struct{})
	var traffic sync.WaitGroup
	rounds := make([]int, untouched)
	for i := range untouched {
		conn, err := net.Dial("tcp", steady.Listen)
		lab.Must(t, err)
		traffic.Go(func() {
			defer conn.Close()
			rounds[i] = converse(t, conn, stop)
		})
	}
	for i := range tormented {
		traffic.Go(func() { suffer(victims[i%len(victims)].Listen, stop) })
	}

	took := make([][]time.Duration, callers)
	var done atomic.Int64
	var calling sync.WaitGroup
	for i := range callers {
		calling.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			client := &http.Client{Timeout: 2 * lab.Patience, Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
			defer client.CloseIdleConnections()
			for range callsOfEach {
				call := randomCall(rng)
				begun := time.Now()
				res, err := client.Do(call.request(t, api))
				if err != nil {
					t.Errorf("%s %s %.200s: %v", call.method, call.path, call.body, err)
					return
				}
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
				took[i] = append(took[i], time.Since(begun))
				if res.StatusCode < 300 {
					done.Add(1)
				}
				// A bad address is 500, as theirs.
				if res.StatusCode > 500 {
					t.Errorf("%s %s %.200s: %s", call.method, call.path, call.body, res.Status)
				}
			}
		})
	}
	calling.Wait()
	close(stop)
	traffic.Wait()

	all := slices.Concat(took...)
	slices.Sort(all)
	t.Logf("%d calls, of which %d were right: p50 %v, p99 %v, the slowest %v; %d to %d rounds on each untouched connection",
		len(all), done.Load(), all[len(all)/2], all[len(all)*99/100], all[len(all)-1], slices.Min(rounds), slices.Max(rounds))
	if len(all) != callers*callsOfEach || int(done.Load()) < len(all)/4 {
		t.Errorf("%d calls were answered, %d did something", len(all), done.Load())
	}

	proxies, err := c.Proxies()
	lab.Must(t, err)
	for _, one := range proxies {
		lab.Must(t, one.Delete())
	}
	http.DefaultClient.CloseIdleConnections()
	if idle >= 0 {
		// The client keeps a connection or two to the API.
		lab.Poll(t, func() error {
			if now := descriptors(t, p); now > idle+4 {
				return fmt.Errorf("%d descriptors are open; %d were at the beginning", now, idle)
			}
			return nil
		})
	}
	// Asked so, a Go program lists its goroutines and ends.
	p.Cmd.Process.Signal(syscall.SIGQUIT)
	p.Wait(`SIGQUIT: quit`)
	lab.Poll(t, func() error {
		if syscall.Kill(p.Cmd.Process.Pid, 0) == nil {
			return fmt.Errorf("it does not end")
		}
		return nil
	})
	if n := strings.Count(p.Out.String(), "\ngoroutine "); n > 40 {
		t.Errorf("%d goroutines are left:\n%.20000s", n, p.Out)
	}
	if strings.Contains(p.Out.String(), "panic") {
		t.Errorf("it panicked:\n%.20000s", p.Out)
	}
}

// descriptors counts the open descriptors of a process; -1 where that is not to
// be known.
func descriptors(t testing.TB, p *lab.Process) int {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.Cmd.Process.Pid))
	if os.IsNotExist(err) {
		return -1
	}
	lab.Must(t, err)
	return len(list)
}

// converse sends what is different each time and wants the same back, until
// stop, and returns how often it did.
func converse(t *testing.T, conn net.Conn, stop <-chan struct{}) int {
	data, got := noise(2000), make([]byte, 2000)
	for n := 0; ; n++ {
		select {
		case <-stop:
			return n
		case <-time.After(10 * time.Millisecond):
		}
		data[n%len(data)]++
		conn.SetDeadline(time.Now().Add(lab.Patience))
		if _, err := conn.Write(data); err != nil {
			t.Errorf("an untouched connection, round %d: %v", n, err)
			return n
		}
		if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, data) {
			t.Errorf("an untouched connection, round %d: %v, or what came differs", n, err)
			return n
		}
	}
}

// suffer talks on connections to addr, whatever becomes of them, until stop.
func suffer(addr string, stop <-chan struct{}) {
	data := noise(3000)
	for {
		conn, err := net.Dial("tcp", addr)
		for err == nil {
			select {
			case <-stop:
				conn.Close()
				return
			case <-time.After(10 * time.Millisecond):
			}
			conn.SetDeadline(time.Now().Add(100 * time.Millisecond))
			if _, err = conn.Write(data); err == nil {
				_, err = io.ReadFull(conn, make([]byte, len(data)))
			}
		}
		if conn != nil {
			conn.Close()
		}
		select {
		case <-stop:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// A call is a request to the API.
type call struct{ method, path, body, agent string }

func (c call) request(t *testing.T, api string) *http.Request {
	req, err := http.NewRequest(c.method, "http://"+api, strings.NewReader(c.body))
	if err != nil {
		t.Error(err)
		return nil
	}
	req.URL.Opaque = "//" + api + c.path // as it is, however strange
	req.Header.Set("User-Agent", c.agent)
	return req
}

// randomCall returns a call that is right, nearly right, or wrong altogether.
// None names the proxy steady, whose connections must not notice any.
func randomCall(rng *rand.Rand) call {
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	number := func() string {
		if rng.IntN(16) > 0 {
			return fmt.Sprint(rng.IntN(300))
		}
		return pick("-1", "0", "1", "-9223372036854775808", "9223372036854775807", "9223372036854775808", "1e300", "-1e-300",
			"0.5", `"7"`, "null", "true", "[]", "{}", strings.Repeat("9", 400))
	}
	kind := func() string {
		if rng.IntN(12) == 0 {
			return pick("", "nosuch", "LATENCY", "../latency", "delay", "profile")
		}
		return pick("latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data", "packet_loss", "noop")
	}
	attributes := func() string {
		var parts []string
		for _, name := range []string{"latency", "jitter", "rate", "delay", "timeout", "average_size", "size_variation", "bytes", "loss_rate", "correlation", "nosuch"} {
			if rng.IntN(3) > 0 {
				parts = append(parts, fmt.Sprintf("%q: %s", name, number()))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	toxic := func() string {
		return fmt.Sprintf(`{"name": %q, "type": %q, "stream": %q, "toxicity": %s, "attributes": %s}`, pick("", "t1", "t2", "t3", "ü/?"),
			kind(), pick("", "upstream", "downstream", "upstream", "downstream", "downstream", "Downstream", "sideways"), pick("0", "0.5", "1", "1", "1", "0.1", "null", number()), attributes())
	}
	victim := pick("victim0", "victim1", "victim2", "victim3", "victim4", "victim5", "victim6", "victim7")
	extra := pick("extra0", "extra1", "extra2")
	address := func() string {
		return pick("127.0.0.1:0", "localhost:0", "", "localhost:99999", "127.0.0.1", ":", "[::", "\x00", "127.0.0.1:-1")
	}
	proxy := func() string {
		return fmt.Sprintf(`{"name": %q, "listen": %q, "upstream": %q, "enabled": %s}`, pick(extra, extra, ""), address(),
			pick("127.0.0.1:1", "127.0.0.1:1", address()), pick("true", "false", "null", "7"))
	}
	c := call{agent: "hostile", method: "POST"}
	switch at := "/proxies/" + victim; rng.IntN(16) {
	case 0, 1, 2, 3:
		c.path, c.body = at+"/toxics", toxic()
	case 4, 5:
		c.method, c.path, c.body = pick("POST", "PATCH"), at+"/toxics/"+pick("t1", "t2", "t3", "noop_downstream"), toxic()
	case 6, 7, 8:
		c.method, c.path = "DELETE", at+"/toxics/"+pick("t1", "t2", "t3", "latency_upstream", "timeout_downstream", "bandwidth_downstream")
	case 9:
		c.method, c.path = "GET", pick("/proxies", at, at+"/toxics", at+"/toxics/t1", "/version", "/metrics")
	case 10:
		c.method, c.path, c.body = pick("POST", "PATCH"), at, fmt.Sprintf(`{"enabled": %s}`, pick("true", "true", "true", "false", "1"))
	case 11:
		c.path, c.body = "/proxies", proxy()
	case 12:
		c.method, c.path = "DELETE", "/proxies/"+extra
	case 13:
		c.path, c.body = "/populate", "["+proxy()+","+proxy()+"]"
	case 14:
		c.method, c.path = pick("PUT", "DELETE", "TRACE", "FROB", "POST"), pick("/", "//", "/proxies/", "/proxies//toxics", "/proxies/%2e%2e/%00", "/proxies/"+strings.Repeat("x", 5000), "/populate/..", "/nosuch")
		c.body = pick("", "[", "null", strings.Repeat("[", 20_000), "\xff\xfe", strings.Repeat("x", 100_000))
	default:
		c.path, c.body = pick("/populate", "/proxies", at, at+"/toxics"), pick("", "{", "[]", "null", "7", `"x"`, "[null]", `{"name": 7}`, "[[]]",
			strings.Repeat(`{"a":`, 20_000), strings.Repeat("x", 2<<20), `{"name": "`+strings.Repeat("n", 100_000)+`", "upstream": "127.0.0.1:1"}`)
		c.agent = pick("hostile", "Mozilla/5.0")
	}
	return c
}
