package top

import (
	"context"
	"errors"
	"flag"
	"iter"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/vaurien-proxy/vaurien/client"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/scenario"
)

var update = flag.Bool("update", false, "rewrite testdata")

func TestMain(m *testing.M) {
	flag.Parse()
	goleak.VerifyTestMain(m)
}

// A fakeServer answers as it is told. Its stream ends when it is to fail, or
// with its context.
type fakeServer struct {
	mu       sync.Mutex
	look     Look
	page     []byte
	err      error
	looks    int // how often it was asked
	streams  int
	events   chan ledger.Entry
	noEvents error
}

func (f *fakeServer) ask() (Look, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.look, f.err
}

func (f *fakeServer) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *fakeServer) Proxies(context.Context) ([]control.Proxy, error) {
	f.mu.Lock()
	f.looks++
	f.mu.Unlock()
	l, err := f.ask()
	return l.Proxies, err
}

func (f *fakeServer) Halted(context.Context) (control.Halt, error) {
	l, err := f.ask()
	return l.Halt, err
}

func (f *fakeServer) halt(stopped bool) (control.Halt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.look.Halt = control.Halt{Stopped: stopped, Since: &noon}
	}
	return f.look.Halt, f.err
}

func (f *fakeServer) Stop(context.Context) (control.Halt, error)   { return f.halt(true) }
func (f *fakeServer) Resume(context.Context) (control.Halt, error) { return f.halt(false) }

func (f *fakeServer) Scenario(context.Context) (scenario.State, error) {
	l, err := f.ask()
	return l.Scenario, err
}

func (f *fakeServer) Metrics(context.Context, string) ([]byte, error) {
	if f.page == nil {
		return nil, errors.New("this server tells no metrics")
	}
	return f.page, nil
}

func (f *fakeServer) Events(ctx context.Context, _ client.EventsQuery) iter.Seq2[ledger.Entry, error] {
	f.mu.Lock()
	f.streams++
	f.mu.Unlock()
	return func(yield func(ledger.Entry, error) bool) {
		if f.noEvents != nil {
			yield(ledger.Entry{}, f.noEvents)
			return
		}
		for {
			select {
			case e := <-f.events:
				if !yield(e, nil) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// mute is a server that never answers.
type mute struct{ Server }

func (mute) Proxies(ctx context.Context) ([]control.Proxy, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}
