// Package statsd tells a StatsD server what sessions do. An [Observer] sends
// these counters, each name after the prefix:
//
//	<protocol>.<session>.start       a session has begun
//	<protocol>.<session>.end         it has ended
//	<protocol>.<session>.to_backend  it has carried data to the backend
//	<protocol>.<session>.to_client   it has carried data to the client
//	<protocol>.fault.<behavior>      a behavior has acted on an exchange
//
// and these timings, in milliseconds, once an exchange is over:
//
//	<protocol>.latency.<proxy>          from the request's arrival until its answer had gone out
//	<protocol>.backend_latency.<proxy>  from when it was passed on until the reply began to arrive
//	<protocol>.delay.<behavior>         for how long a behavior held it up
//
// What a behavior did to a connection is sent once that is closed.
package statsd

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	cactus "github.com/cactus/go-statsd-client/v5/statsd"

	"github.com/vaurien-proxy/vaurien"
)

const (
	// room is how many counts wait to be sent; more are lost.
	room = 8192

	// flushInterval is how long a count waits for others to be sent with.
	flushInterval = 300 * time.Millisecond

	// flushBytes is the largest packet: what an Ethernet frame carries by
	// UDP and IP, with some room for tunnels.
	flushBytes = 1432
)

// An Observer counts for a StatsD server. Its methods never wait: counts that
// the network cannot take are lost, and how many is logged once, when the first
// is lost, and at the end.
type Observer struct {
	client *cactus.Client
	rate   float64
	log    *slog.Logger
	queue  chan count
	stop   chan struct{}
	once   sync.Once
	done   chan struct{}

	lost   atomic.Uint64 // counts for which there was no room; send tells of them
	failed atomic.Uint64 // packets that could not be sent
}

var _ vaurien.Recorder = (*Observer)(nil)

// count is one thing to count, or a time. Its name is made only when it is sent.
type count struct {
	session  *vaurien.Session
	what     string // start, end, fault, delay …
	behavior string // of faults and delays
	timing   bool
	took     time.Duration
}

// An Option changes how an Observer works.
type Option func(*Observer)

// WithLogger logs failures to l instead of slog.Default().
func WithLogger(l *slog.Logger) Option { return func(o *Observer) { o.log = l } }

// New returns an observer that sends to the server at addr, HOST:PORT, by UDP.
// The names of its counters begin with prefix and a dot, if prefix is not
// empty. rate, from 0 to 1, is the share of counts that is sent; the server
// makes up for the rest. Close ends it.
func New(addr, prefix string, rate float64, options ...Option) (*Observer, error) {
	if !(rate >= 0 && rate <= 1) {
		return nil, fmt.Errorf("%v is not a sample rate: write a number from 0 to 1", rate)
	}
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, fmt.Errorf("%q is not an address: write HOST:PORT, as in localhost:8125", addr)
	}
	sender, err := cactus.NewSimpleSender(addr)
	if err != nil {
		return nil, fmt.Errorf("cannot send to %s: %w", addr, err)
	}
	return newObserver(sender, prefix, rate, room, options...)
}

func newObserver(sender cactus.Sender, prefix string, rate float64, room int, options ...Option) (*Observer, error) {
	o := &Observer{
		rate: rate, queue: make(chan count, room),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	for _, option := range options {
		option(o)
	}
	if o.log == nil {
		o.log = slog.Default()
	}
	buffered, err := cactus.NewBufferedSenderWithSender(&watched{sender, o}, flushInterval, flushBytes)
	if err != nil {
		return nil, err
	}
	statter, err := cactus.NewClientWithSender(buffered, strings.TrimSuffix(prefix, "."), 0)
	if err != nil {
		return nil, err
	}
	o.client = statter.(*cactus.Client)
	o.client.SetSamplerFunc(func(float32) bool { return true }) // what is in the queue was chosen
	go o.send()
	return o, nil
}

// SessionStart implements vaurien.Observer.
func (o *Observer) SessionStart(s *vaurien.Session) { o.count(count{session: s, what: "start"}) }

// SessionEnd implements vaurien.Observer.
func (o *Observer) SessionEnd(s *vaurien.Session) { o.count(count{session: s, what: "end"}) }

// Message implements vaurien.Observer.
func (o *Observer) Message(s *vaurien.Session, toBackend bool) {
	what := "to_client"
	if toBackend {
		what = "to_backend"
	}
	o.count(count{session: s, what: what})
}

// Fault implements vaurien.Observer.
func (o *Observer) Fault(s *vaurien.Session, behavior string) {
	o.count(count{session: s, what: "fault", behavior: behavior})
}

// Attributes implements vaurien.Recorder: none are asked for.
func (o *Observer) Attributes(string) []string { return nil }

// Record implements vaurien.Recorder.
func (o *Observer) Record(r *vaurien.Record) {
	if r.Ended.IsZero() {
		return
	}
	if d, ok := r.ClientLatency(); ok {
		o.count(count{session: r.Session, what: "latency", timing: true, took: d})
	}
	if d, ok := r.BackendLatency(); ok {
		o.count(count{session: r.Session, what: "backend_latency", timing: true, took: d})
	}
	if d := r.AddedDelay(); d > 0 {
		o.count(count{session: r.Session, what: "delay", behavior: r.Behavior, timing: true, took: d})
	}
}

func (o *Observer) count(c count) {
	if o.rate < 1 && rand.Float64() >= o.rate {
		return
	}
	select {
	case o.queue <- c:
	default:
		o.lost.Add(1)
	}
}

// Close sends what waits to be sent. What is counted later is lost.
func (o *Observer) Close() error {
	o.once.Do(func() { close(o.stop) })
	<-o.done
	return nil
}

// send is the goroutine that sends what is counted.
func (o *Observer) send() {
	defer close(o.done)
	told := false
	for {
		select {
		case c := <-o.queue:
			o.sendOne(c)
			if !told && o.lost.Load() > 0 {
				told = true
				o.log.Warn("statsd: counts are lost: they come faster than they can be sent")
			}
		case <-o.stop:
			o.finish()
			return
		}
	}
}

func (o *Observer) sendOne(c count) {
	// Failures are seen by watched.
	if c.timing {
		o.client.TimingDuration(c.name(), c.took, float32(o.rate))
	} else {
		o.client.Inc(c.name(), 1, float32(o.rate))
	}
}

// finish sends what is in the queue and closes the socket.
func (o *Observer) finish() {
	for {
		select {
		case c := <-o.queue:
			o.sendOne(c)
			continue
		default:
		}
		break
	}
	o.client.Close()
	if lost, failed := o.lost.Load(), o.failed.Load(); lost+failed > 0 {
		o.log.Warn("statsd: not everything was counted", "counts_lost", lost, "packets_failed", failed)
	}
}

// name returns the counter's or the timing's name.
func (c count) name() string {
	proxy := c.session.Proxy()
	protocol := clean.Replace(proxy.Protocol())
	switch {
	case c.behavior != "":
		return protocol + "." + c.what + "." + clean.Replace(c.behavior)
	case c.timing:
		return protocol + "." + c.what + "." + clean.Replace(proxy.Name())
	}
	return protocol + "." + clean.Replace(c.session.ID()) + "." + c.what
}

// clean replaces what would end a name or begin another part of it.
var clean = strings.NewReplacer(":", "_", "|", "_", "@", "_", ".", "_", "/", "_", " ", "_", "\n", "_")

// watched is a sender whose failures are counted, and the first logged.
type watched struct {
	cactus.Sender
	o *Observer
}

func (w *watched) Send(data []byte) (int, error) {
	n, err := w.Sender.Send(data)
	if err != nil && w.o.failed.Add(1) == 1 {
		w.o.log.Warn("statsd: cannot send; later failures are only counted", "error", err)
	}
	return n, err
}
