package otlp

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// The sizes and times are the defaults of OpenTelemetry's batch span processor,
// but that a span waits a second, not five: who tries a failure looks at once.
const (
	room      = 2048 // spans that wait; more are lost
	batchSize = 512
	batchTime = time.Second
)

// An Exporter sends spans of what was done to exchanges. It never holds traffic
// up: spans that the collector does not take are lost, and the log says how many.
type Exporter struct {
	collector collector
	version   string
	log       *slog.Logger
	queue     chan span
	stop      chan struct{}
	once      sync.Once
	done      chan struct{}
	ctx       context.Context // of what is posted
	cancel    context.CancelFunc
	lost      atomic.Uint64
}

var _ vaurien.Recorder = (*Exporter)(nil)

// Options say how an Exporter sends. The zero value of a field means what its
// comment says.
type Options struct {
	Header  http.Header  // sent with each request
	Version string       // of the program; empty: it is not told
	Logger  *slog.Logger // nil: slog.Default()
}

// New returns an exporter to the collector at a URL, http://localhost:4318.
// Close ends it.
func New(endpoint string, o Options) (*Exporter, error) {
	u, err := ParseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	e := &Exporter{
		collector: collector{url: u.String(), header: o.Header, client: &http.Client{Timeout: postTime, Transport: new(http.Transport)}},
		version:   o.Version, log: o.Logger,
		queue: make(chan span, room), stop: make(chan struct{}), done: make(chan struct{}),
	}
	if e.log == nil {
		e.log = slog.Default()
	}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	go e.run()
	return e, nil
}

// Attributes implements vaurien.Recorder.
func (e *Exporter) Attributes(string) []string { return []string{vaurien.TraceAttribute, "parent_id"} }

// SessionStart implements vaurien.Observer.
func (e *Exporter) SessionStart(*vaurien.Session) {}

// SessionEnd implements vaurien.Observer.
func (e *Exporter) SessionEnd(*vaurien.Session) {}

// Message implements vaurien.Observer.
func (e *Exporter) Message(*vaurien.Session, bool) {}

// Fault implements vaurien.Observer.
func (e *Exporter) Fault(*vaurien.Session, string) {}

// Record implements vaurien.Recorder.
func (e *Exporter) Record(r *vaurien.Record) {
	if r.Ended.IsZero() || len(r.Deeds) == 0 || len(r.Values) < 2 {
		return
	}
	trace, _ := r.Values[0].(string)
	parent, _ := r.Values[1].(string)
	if trace == "" {
		return
	}
	select {
	case e.queue <- newSpan(r, trace, parent):
	default:
		e.lost.Add(1)
	}
}

// Close sends what waits, if the collector takes it now. What is done later is
// not sent.
func (e *Exporter) Close() error {
	e.once.Do(func() { close(e.stop) })
	enough := time.AfterFunc(closeTime, e.cancel)
	defer enough.Stop()
	<-e.done
	return nil
}

// run is the goroutine that sends.
func (e *Exporter) run() {
	defer close(e.done)
	defer e.collector.client.CloseIdleConnections()
	defer e.cancel()
	told := false
	for {
		batch, more := e.gather()
		if len(batch) > 0 {
			lost, err := e.collector.send(e.ctx, e.request(batch), len(batch), e.stop)
			e.lost.Add(uint64(lost))
			if lost > 0 && !told {
				told = true
				e.log.Warn("otlp: spans are lost; later losses are only counted", "lost", lost, "error", err)
			}
		}
		if !more {
			break
		}
	}
	if lost := e.lost.Load(); lost > 0 {
		e.log.Warn("otlp: not every span was taken", "lost", lost)
	}
}

// gather returns the spans of the next post, and false once there will be no
// more.
func (e *Exporter) gather() (batch []span, more bool) {
	select {
	case s := <-e.queue:
		batch = append(batch, s)
	case <-e.stop:
	}
	timer := time.NewTimer(batchTime)
	defer timer.Stop()
	for len(batch) < batchSize {
		select {
		case s := <-e.queue:
			batch = append(batch, s)
			continue
		default:
		}
		select {
		case s := <-e.queue:
			batch = append(batch, s)
		case <-timer.C:
			return batch, true
		case <-e.stop:
			return batch, len(e.queue) > 0
		}
	}
	return batch, true
}

// request returns what is posted.
func (e *Exporter) request(batch []span) request {
	its := []attribute{text("service.name", "vaurien")}
	if e.version != "" {
		its = append(its, text("service.version", e.version))
	}
	return request{[]resourceSpans{{resource{its}, []scopeSpans{{scope{"vaurien", e.version}, batch}}}}}
}
