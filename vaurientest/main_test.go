package vaurientest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/vaurien-proxy/vaurien/vaurientest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo answers with the request's path.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) })

// server starts a backend and returns its URL.
func server(t testing.TB) string {
	s := httptest.NewServer(echo)
	t.Cleanup(s.Close)
	return s.URL
}

// get returns what a client that keeps no connection sees of a path.
func get(p *vaurientest.Proxy, path string) string {
	return getBy(&http.Client{Transport: &http.Transport{DialContext: p.DialContext, DisableKeepAlives: true}}, path)
}

// getBy returns the answer's body, or its status if that is not 200, or "no
// answer".
func getBy(c *http.Client, path string) string {
	res, err := c.Get("http://backend" + path)
	if err != nil {
		return "no answer"
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Sprint(res.StatusCode)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "no answer"
	}
	return string(body)
}

// A fake is a test that may fail, and then tells how.
type fake struct {
	testing.TB
	name string

	mu       sync.Mutex
	failed   bool
	said     strings.Builder
	cleanups []func()
}

// try runs f as a test of that name, in a goroutine of its own, and returns how
// it went.
func try(t *testing.T, name string, f func(t testing.TB)) (failed bool, said string) {
	t.Helper()
	fk := &fake{TB: t, name: name}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer fk.clean()
		f(fk)
	}()
	<-done
	return fk.failed, fk.said.String()
}

func (f *fake) clean() {
	for len(f.cleanups) > 0 {
		last := f.cleanups[len(f.cleanups)-1]
		f.cleanups = f.cleanups[:len(f.cleanups)-1]
		last()
	}
}

func (f *fake) say(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fmt.Fprintf(&f.said, format+"\n", args...)
}

func (f *fake) Helper()                         {}
func (f *fake) Name() string                    { return f.name }
func (f *fake) Cleanup(c func())                { f.cleanups = append(f.cleanups, c) }
func (f *fake) Failed() bool                    { f.mu.Lock(); defer f.mu.Unlock(); return f.failed }
func (f *fake) Fail()                           { f.mu.Lock(); defer f.mu.Unlock(); f.failed = true }
func (f *fake) Logf(format string, args ...any) { f.say(format, args...) }
func (f *fake) Errorf(format string, args ...any) {
	f.Fail()
	f.say(format, args...)
}

func (f *fake) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}
