package top

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien/ledger"
)

// TestFeed: what a server says is told in order, a silent one is asked no more
// often than another, and nothing is left when it ends.
func TestFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &fakeServer{look: lookAfter(0), events: make(chan ledger.Entry)}
		ctx, cancel := context.WithCancel(t.Context())
		feed := Feed{Server: server, Every: time.Second}
		var looked, silent int
		var entries []ledger.Entry
		done := make(chan error)
		go func() {
			done <- feed.Run(ctx, func(what any) error {
				switch what := what.(type) {
				case Looked:
					looked++
				case NoAnswer:
					silent++
				case Happened:
					entries = append(entries, what.Entries...)
				}
				return nil
			})
		}()
		time.Sleep(3500 * time.Millisecond)
		for n := range 2000 {
			server.events <- ledger.Entry{Number: uint64(n)}
		}
		server.fail(errors.New("gone"))
		time.Sleep(10 * time.Second)
		server.fail(nil)
		time.Sleep(2 * time.Second)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if looked != 6 || silent != 10 || server.looks != 16 || server.streams != 1 {
			t.Errorf("looked %d times, silent %d times, asked %d times, %d streams", looked, silent, server.looks, server.streams)
		}
		for i, e := range entries {
			if e.Number != uint64(i) {
				t.Fatalf("entry %d is in place %d", e.Number, i)
			}
		}
		if len(entries) != 2000 {
			t.Errorf("%d entries", len(entries))
		}
	})
}

// TestNoStream: a server that gives no events is asked for them now and then.
func TestNoStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &fakeServer{look: lookAfter(0), noEvents: errors.New("too many streams of events are open")}
		ctx, cancel := context.WithTimeout(t.Context(), 61*time.Second)
		defer cancel()
		feed := Feed{Server: server, Every: time.Second}
		var board Board
		if err := feed.Run(ctx, func(what any) error { board.Hear(what); return nil }); err != nil {
			t.Error(err)
		}
		if server.streams != 13 || board.noStream == nil {
			t.Errorf("%d streams, %v", server.streams, board.noStream)
		}
	})
}

// TestFeedEnds: what tell returns ends it.
func TestFeedEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &fakeServer{look: lookAfter(0), events: make(chan ledger.Entry)}
		full := errors.New("the disk is full")
		feed := Feed{Server: server, Every: time.Second}
		if err := feed.Run(t.Context(), func(any) error { return full }); !errors.Is(err, full) {
			t.Error(err)
		}
	})
}

// TestRates: between two looks, also when a proxy is new or was made anew.
func TestRates(t *testing.T) {
	var b Board
	b.Hear(Looked{lookAfter(10)})
	if p := b.proxies[2]; p.Exchanges != 0 || p.ClientTook.Count() != 0 {
		t.Errorf("after one look: %+v", p)
	}
	b.Hear(Looked{lookAfter(12)})
	p := b.proxies[2]
	if p.Exchanges != 1200 || p.Faulty != 300 || p.Faults[0] != (Rate{"delay", 240}) || p.ClientTook.Count() != 2400 {
		t.Errorf("%+v", p)
	}
	for s := range 20 { // more than the window
		b.Hear(Looked{lookAfter(13 + s)})
	}
	if n := b.proxies[2].ClientTook.Count(); n != 12_000 {
		t.Errorf("%d exchanges in the window, want those of ten seconds", n)
	}
	b.Hear(NoAnswer{noon, errors.New("gone")})
	anew := lookAfter(1)
	anew.At = noon.Add(40 * time.Second)
	b.Hear(Looked{anew})
	if p := b.proxies[2]; p.Exchanges != 0 || p.ClientTook.Count() != 0 {
		t.Errorf("after the server was gone: %+v", p)
	}
	again := lookAfter(0) // its counters are lower than they were
	again.At = noon.Add(41 * time.Second)
	b.Hear(Looked{again})
	if p := b.proxies[2]; p.Exchanges != 1000 {
		t.Errorf("of a proxy made anew: %v exchanges", p.Exchanges)
	}
}

// TestLookIsPatient: a server that takes connections and says nothing is given
// up.
func TestLookIsPatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := LookAt(t.Context(), mute{})
		if !errors.Is(err, ErrSilent) || time.Since(start) != patience {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}
