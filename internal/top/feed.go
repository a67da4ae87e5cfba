package top

import (
	"context"
	"sync"
	"time"

	"github.com/vaurien-proxy/vaurien/client"
	"github.com/vaurien-proxy/vaurien/ledger"
)

const (
	// gather is how long entries come together before they are told, so that a
	// screen is not drawn for each of them.
	gather = 100 * time.Millisecond

	// mostGathered is how many entries are told at once.
	mostGathered = 512

	// streamAgain is after how long a stream of events that was refused is asked
	// for again. One that was cut off is the client's to take up.
	streamAgain = 5 * time.Second
)

// What a Feed tells.
type (
	// Looked is told after each look at the server.
	Looked struct{ Look }

	// Happened is told of entries, the oldest first.
	Happened struct{ Entries []ledger.Entry }

	// NoAnswer is told instead of Looked when the server did not answer.
	NoAnswer struct {
		At  time.Time
		Err error
	}

	// NoStream is told when the server gives no stream of events.
	NoStream struct{ Err error }
)

// A Feed asks a server again and again how things are, and reads its events.
type Feed struct {
	Server Server
	Every  time.Duration // from one look to the next
	Rate   int           // how many exchanges in a second are wanted at most; 0: all
	Since  string        // where events begin: see client.EventsQuery
}

// Run tells what there is to tell until ctx ends, or tell returns an error,
// which it then returns. It calls tell from its own goroutine only.
func (f *Feed) Run(ctx context.Context, tell func(any) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	heard := make(chan any)
	say := func(what any) bool {
		select {
		case heard <- what:
			return true
		case <-ctx.Done():
			return false
		}
	}
	entries := make(chan ledger.Entry, mostGathered)
	var all sync.WaitGroup
	all.Go(func() { f.look(ctx, say) })
	all.Go(func() { f.read(ctx, entries, say) })
	all.Go(func() { bundle(ctx, entries, say) })
	defer all.Wait()
	defer cancel() // before Wait
	for {
		select {
		case what := <-heard:
			if err := tell(what); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// look looks at the server again and again.
func (f *Feed) look(ctx context.Context, say func(any) bool) {
	next := time.NewTicker(f.Every)
	defer next.Stop()
	for {
		l, err := LookAt(ctx, f.Server)
		var what any = Looked{l}
		if err != nil {
			what = NoAnswer{time.Now(), err}
		}
		if ctx.Err() != nil || !say(what) {
			return
		}
		select {
		case <-next.C:
		case <-ctx.Done():
			return
		}
	}
}

// read reads the server's events.
func (f *Feed) read(ctx context.Context, to chan<- ledger.Entry, say func(any) bool) {
	q := client.EventsQuery{Rate: f.Rate, Since: f.Since, Filter: ledger.Filter{
		Touched: true,
		Types:   []ledger.Type{ledger.BegunType, ledger.ExchangeType, ledger.ProxyType, ledger.PlanType, ledger.ScenarioType},
	}}
	for {
		for e, err := range f.Server.Events(ctx, q) {
			if err != nil {
				if ctx.Err() != nil || !say(NoStream{err}) {
					return
				}
				break
			}
			select {
			case to <- e:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-time.After(streamAgain):
		case <-ctx.Done():
			return
		}
	}
}

// bundle tells of entries, several at once where they come fast.
func bundle(ctx context.Context, from <-chan ledger.Entry, say func(any) bool) {
	for {
		var some []ledger.Entry
		select {
		case e := <-from:
			some = append(some, e)
		case <-ctx.Done():
			return
		}
		enough := time.NewTimer(gather)
		for more := true; more && len(some) < mostGathered; {
			select {
			case e := <-from:
				some = append(some, e)
			case <-enough.C:
				more = false
			case <-ctx.Done():
				more = false
			}
		}
		enough.Stop()
		if !say(Happened{some}) {
			return
		}
	}
}
