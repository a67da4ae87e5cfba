//go:build unix

package vaurien_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// portable says that these tests are to be run without Loops, which only Linux
// has.
var portable = runtime.GOOS != "linux" || os.Getenv("VAURIEN_TEST_PORTABLE") != ""

// listen returns a listener on a free port of the loopback.
func listen(t testing.TB) *net.TCPListener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.(*net.TCPListener)
}

// start runs a proxy on real sockets before backend. When the test ends, it
// must leave no goroutine and no descriptor behind.
func start(t testing.TB, backend string, p *vaurien.Plan, settings ...string) *vaurien.Proxy {
	t.Helper()
	return startDialing(t, nil, backend, p, settings...)
}

// startDialing is start with a Config.Dial.
func startDialing(t testing.TB, dial func(context.Context, string) (net.Conn, error), backend string, p *vaurien.Plan, settings ...string) *vaurien.Proxy {
	t.Helper()
	goroutines, fds := runtime.NumGoroutine(), descriptors(t)
	sp := spec.Proxy{Name: "default", Settings: option.Values{
		"proxy": {Text: "127.0.0.1:0"}, "backend": {Text: backend}, "seed": {Text: "1"},
	}}
	for _, s := range settings {
		k, v, _ := bytes.Cut([]byte(s), []byte("="))
		sp.Settings[string(k)] = option.Value{Text: string(v)}
	}
	cfg, err := registry().Build(sp)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Plan, cfg.Dial, cfg.Logger = p, dial, slog.New(slog.DiscardHandler)
	if !portable {
		if cfg.Loops, err = vaurien.NewLoops(2); err != nil {
			t.Fatal(err)
		}
	}
	proxy, err := vaurien.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	proxy.Start()
	t.Cleanup(func() {
		if err := proxy.Close(); err != nil {
			t.Error(err)
		}
		if cfg.Loops != nil {
			cfg.Loops.Close()
		}
		settle(t, "goroutines", goroutines, runtime.NumGoroutine)
		settle(t, "descriptors", fds, func() int { return descriptors(t) })
	})
	return proxy
}

// settle waits until count is no more than it was, for the test's own
// connections take a moment to go.
func settle(t testing.TB, what string, before int, count func() int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		if n := count(); n <= before {
			return
		} else if time.Now().After(end) {
			t.Errorf("%d %s before, %d after", before, what, n)
			return
		}
	}
}

func descriptors(t testing.TB) int {
	t.Helper()
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("descriptors cannot be counted here:", err)
	}
	return len(d)
}

// connect returns a client's connection to the proxy and the backend's side of
// it.
func connect(t testing.TB, p *vaurien.Proxy, l *net.TCPListener) (client, backend *net.TCPConn) {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	b, err := l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return c.(*net.TCPConn), b
}

func wantReset(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		_, err := c.Read(make([]byte, 1024))
		if errors.Is(err, syscall.ECONNRESET) {
			return
		}
		if err != nil {
			t.Fatalf("got %v, want a reset", err)
		}
	}
}

// ends are run for the protocol that relays and the one that frames.
func forProtocols(t *testing.T, f func(t *testing.T, setting string)) {
	for _, p := range []string{"tcp", "http"} {
		t.Run(p, func(t *testing.T) { f(t, "protocol="+p) })
	}
}

func TestResetOfTheClientReachesTheBackend(t *testing.T) {
	forProtocols(t, func(t *testing.T, setting string) {
		l := listen(t)
		p := start(t, l.Addr().String(), nil, setting)
		c, b := connect(t, p, l)
		send(t, c, ask)
		expect(t, b, ask)
		c.SetLinger(0)
		c.Close()
		wantReset(t, b)
	})
}

func TestResetOfTheBackendReachesTheClient(t *testing.T) {
	forProtocols(t, func(t *testing.T, setting string) {
		l := listen(t)
		p := start(t, l.Addr().String(), nil, setting)
		c, b := connect(t, p, l)
		send(t, c, ask)
		expect(t, b, ask)
		b.SetLinger(0)
		b.Close()
		wantReset(t, c)
	})
}

// A client that ends its stream, waits for the reply and then gives up.
func TestResetAfterHalfCloseReachesTheBackend(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("a reset after the end of a stream is noticed on Linux only")
	}
	forProtocols(t, func(t *testing.T, setting string) {
		l := listen(t)
		p := start(t, l.Addr().String(), nil, setting)
		c, b := connect(t, p, l)
		send(t, c, ask)
		c.CloseWrite()
		if got, err := io.ReadAll(b); err != nil || string(got) != ask {
			t.Fatalf("the backend read %q, %v", got, err)
		}
		c.SetLinger(0)
		c.Close()
		// The backend has seen the end of the stream, so that only a write
		// tells it of the reset.
		for end := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
			if _, err := b.Write([]byte("x")); err != nil {
				return
			} else if time.Now().After(end) {
				t.Fatal("the backend was never told")
			}
		}
	})
}

// The same while a behavior holds what the client sent.
func TestResetAfterHalfCloseIsNoticedWhileHeld(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("a reset after the end of a stream is noticed on Linux only")
	}
	for _, draw := range []string{"100:delay", "100:hang"} {
		forProtocols(t, func(t *testing.T, setting string) {
			l := listen(t)
			p := start(t, l.Addr().String(), plan(t, draw, "delay.sleep=1h"), setting)
			c, _ := connect(t, p, l)
			send(t, c, ask)
			settle(t, "requests not yet held", 0, func() int { return 1 - len(p.Stats().Faults) })
			c.CloseWrite()
			c.SetLinger(0)
			c.Close()
			settle(t, "sessions", 0, func() int { return int(p.Stats().Open) })
		})
	}
}

// A client closes while its request is delayed and the backend streams to it:
// the backend is told once the request has reached it.
func TestBackendThatStreamsToNobodyIsTold(t *testing.T) {
	l := listen(t)
	p := start(t, l.Addr().String(), plan(t, "100:delay", "delay.sleep=300ms"))
	c, b := connect(t, p, l)
	send(t, c, "q")
	settle(t, "requests not yet held", 0, func() int { return 1 - len(p.Stats().Faults) })
	c.Close() // nothing unread: an orderly end
	go io.Copy(io.Discard, b)
	b.SetWriteDeadline(time.Now().Add(20 * time.Second))
	for {
		if _, err := b.Write(make([]byte, 1000)); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the backend was never told")
			}
			return
		}
	}
}

func TestHalfCloseBothWays(t *testing.T) {
	forProtocols(t, func(t *testing.T, setting string) {
		l := listen(t)
		p := start(t, l.Addr().String(), nil, setting)
		c, b := connect(t, p, l)
		send(t, c, ask)
		c.CloseWrite()
		if got, err := io.ReadAll(b); err != nil || string(got) != ask {
			t.Fatalf("the backend read %q, %v", got, err)
		}
		const answer = "HTTP/1.1 200 OK\r\n\r\nuntil the end"
		send(t, b, answer)
		b.Close()
		if got, err := io.ReadAll(c); err != nil || string(got) != answer {
			t.Fatalf("the client read %q, %v", got, err)
		}

		c, b = connect(t, p, l)
		b.CloseWrite() // the backend first
		if got, err := io.ReadAll(c); err != nil || len(got) != 0 {
			t.Fatalf("the client read %q, %v", got, err)
		}
		send(t, c, ask)
		expect(t, b, ask)
		c.Close()
		if got, err := io.ReadAll(b); err != nil || len(got) != 0 {
			t.Fatalf("the backend read %q, %v", got, err)
		}
	})
}

// What a backend says before it goes away in the middle of an upload reaches
// the client.
func TestBackendThatAnswersAndGoesInTheMiddleOfAnUpload(t *testing.T) {
	forProtocols(t, func(t *testing.T, setting string) {
		l := listen(t)
		p := start(t, l.Addr().String(), nil, setting)
		c, b := connect(t, p, l)
		go func() {
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
			for { // never ends by itself
				if _, err := c.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}()
		const answer = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
		io.ReadFull(b, make([]byte, 100000))
		send(t, b, answer)
		b.CloseWrite()
		b.CloseRead()
		go io.Copy(io.Discard, io.LimitReader(b, 1<<20)) // and then reads no more
		expect(t, c, answer)
		expectEnd(t, c, io.EOF)
		b.Close()
	})
}

func TestBackendDown(t *testing.T) {
	l := listen(t)
	down := l.Addr().String()
	l.Close()
	for _, c := range []struct{ setting, want string }{
		{"backend-down=reset", "reset"}, {"backend-down=close", "end"},
	} {
		p := start(t, down, nil, c.setting)
		conn, err := net.Dial("tcp", p.Addr().String())
		if err == nil { // the reset may come before the call returns
			_, err = conn.Read(make([]byte, 1))
			conn.Close()
		}
		got := "nothing"
		if err == io.EOF {
			got = "end"
		} else if errors.Is(err, syscall.ECONNRESET) {
			got = "reset"
		}
		if got != c.want {
			t.Errorf("%s: the client saw %v", c.setting, err)
		}
	}
}

// A backend that never accepts costs its clients the time-out and nobody else
// anything.
func TestBackendThatNeverAccepts(t *testing.T) {
	full := fullListener(t)
	calling := make(chan struct{}, 2)
	p := startDialing(t, func(ctx context.Context, addr string) (net.Conn, error) {
		calling <- struct{}{}
		return new(net.Dialer).DialContext(ctx, "tcp", addr)
	}, full, nil, "timeout=200ms")
	stuck, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer stuck.Close()
	<-calling
	l := listen(t)
	p.SetBackend(l.Addr().String())
	c, b := connect(t, p, l) // while the first still waits
	send(t, c, "x")
	expect(t, b, "x")
	wantReset(t, stuck)
}

// fullListener returns the address of a listener whose queue is full, so that
// calls to it are neither accepted nor refused.
func fullListener(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", sa.(*syscall.SockaddrInet4).Port)
	for range 16 {
		c, err := net.DialTimeout("tcp", addr, 100*time.Millisecond)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Fatal("the queue does not fill")
	return ""
}

// Accept errors pass, and the proxy goes on.
func TestAcceptErrorsPass(t *testing.T) {
	l := listen(t)
	p := start(t, l.Addr().String(), nil)
	c, b := connect(t, p, l)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	// The client's own descriptor is made before the proxy runs out of them.
	waiting := make([]int, 3)
	for i := range waiting {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		waiting[i] = fd
		defer syscall.Close(fd)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 1, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old)
	port := p.Addr().(*net.TCPAddr).Port
	for _, fd := range waiting {
		if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			t.Fatal(err)
		}
	}
	send(t, c, "still here")
	expect(t, b, "still here")
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	for range waiting {
		l.SetDeadline(time.Now().Add(20 * time.Second))
		conn, err := l.Accept()
		if err != nil {
			t.Fatal("a client that waited was never served:", err)
		}
		conn.Close()
	}
}

// Whatever plans come and go, the bytes that arrive are the bytes that were
// sent.
func TestBytesAreSacredUnderChangingPlans(t *testing.T) {
	size := int64(64 << 20)
	if s := os.Getenv("VAURIEN_TEST_BYTES"); s != "" {
		n, err := option.ParseSize(s)
		if err != nil {
			t.Fatal(err)
		}
		size = n
	}
	forProtocols(t, func(t *testing.T, setting string) {
		l := listen(t)
		plans := []*vaurien.Plan{
			nil,
			plan(t, "100:delay", "delay.sleep=3ms"),
			plan(t, "100:delay", "delay.sleep=2ms", "delay.jitter=2ms", "delay.before=false"),
			plan(t, "50:delay", "delay.sleep=1h"),
			plan(t, "100:error", "error.warmup=1000000000"),
		}
		for _, draw := range []string{"draw=connection", "draw=exchange"} {
			p := start(t, l.Addr().String(), nil, setting, draw)
			c, b := connect(t, p, l)
			stop := make(chan struct{})
			changed := make(chan int)
			go func() { changed <- changePlans(p, plans, stop) }()
			head := func(kind string) string { return "" }
			if setting == "protocol=http" {
				head = func(kind string) string {
					if kind == "request" {
						return fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", size)
					}
					return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size)
				}
			}
			results := make(chan error, 4)
			go stream(c, head("request"), size, 1, results)
			go stream(b, head("reply"), size, 2, results)
			go receive(b, head("request"), size, 1, results)
			go receive(c, head("reply"), size, 2, results)
			for range 4 {
				if err := <-results; err != nil {
					t.Error(err)
				}
			}
			close(stop)
			t.Logf("%s: %d plans over %d MiB each way", draw, <-changed, size>>20)
		}
	})
}

// changePlans puts another plan in force every few milliseconds until stop.
func changePlans(p *vaurien.Proxy, plans []*vaurien.Plan, stop chan struct{}) int {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := 0; ; n++ {
		select {
		case <-stop:
			return n
		case <-time.After(time.Duration(rng.IntN(4000)) * time.Microsecond):
			p.SetPlan(plans[rng.IntN(len(plans))])
		}
	}
}

// stream sends head and size bytes that follow from seed, in pieces of odd
// sizes, and ends the stream.
func stream(c *net.TCPConn, head string, size int64, seed uint64, result chan<- error) {
	err := func() error {
		if _, err := io.WriteString(c, head); err != nil {
			return err
		}
		src, rng := bytesOf(seed), rand.New(rand.NewPCG(seed, 9))
		buf := make([]byte, 600<<10)
		for size > 0 {
			n := min(size, 1+rng.Int64N(int64(len(buf))))
			src.Read(buf[:n])
			if _, err := c.Write(buf[:n]); err != nil {
				return fmt.Errorf("sending, %d bytes to go: %w", size, err)
			}
			size -= n
		}
		return c.CloseWrite()
	}()
	result <- err
}

// receive wants head, the bytes that stream sends, and the end.
func receive(c *net.TCPConn, head string, size int64, seed uint64, result chan<- error) {
	want, got := sha256.New(), sha256.New()
	want.Write([]byte(head))
	io.CopyN(want, bytesOf(seed), size)
	n, err := io.Copy(got, c)
	if err == nil && n != size+int64(len(head)) {
		err = fmt.Errorf("received %d bytes of %d", n, size+int64(len(head)))
	}
	if err == nil && !bytes.Equal(want.Sum(nil), got.Sum(nil)) {
		err = fmt.Errorf("checksum %s, want %s", hex.EncodeToString(got.Sum(nil)), hex.EncodeToString(want.Sum(nil)))
	}
	result <- err
}

func bytesOf(seed uint64) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{byte(seed)}) }

// A proxy that is asked to stop lets a framed session finish its exchange, and
// a stuck one costs no more than the time given.
func TestShutdown(t *testing.T) {
	l := listen(t)
	p := start(t, l.Addr().String(), nil, "protocol=http")
	c, b := connect(t, p, l)
	send(t, c, ask)
	expect(t, b, ask)
	ended := make(chan error)
	go func() { ended <- p.Shutdown(context.Background()) }()
	send(t, b, "HTTP/1.1 204 No Content\r\n\r\n")
	expect(t, c, "HTTP/1.1 204 No Content\r\n\r\n")
	expectEnd(t, c, io.EOF)
	if err := <-ended; err != nil {
		t.Error(err)
	}

	p = start(t, l.Addr().String(), plan(t, "100:delay", "delay.sleep=1h"))
	c, _ = connect(t, p, l)
	send(t, c, "stuck")
	ctx, cancel := context.WithCancel(context.Background())
	go func() { ended <- p.Shutdown(ctx) }()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
