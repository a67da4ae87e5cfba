package control

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/vaurien-proxy/vaurien/ledger"
)

const (
	// heartbeat is how often a stream of events says something, so that who
	// reads it, and what stands between, can tell that it is alive.
	heartbeat = 15 * time.Second

	// stuck is after how long a reader who takes nothing is given up.
	stuck = 30 * time.Second

	// mostStreams is how many streams of events there may be at a time.
	mostStreams = 100

	// retryAfter is how long a browser waits before it connects again.
	retryAfter = time.Second
)

var (
	errNoEvents = errors.New("this server keeps no account of events")
	errStreams  = errors.New("too many streams of events are open: there may be " + strconv.Itoa(mostStreams))
)

// events is what the routes about a ledger need.
type events struct {
	ledger *ledger.Ledger // nil: there is none
	open   atomic.Int64
}

// eventRoutes tell what is in the ledger.
func (a *api) eventRoutes() []route {
	return []route{{"GET", "/events", a.getEvents, failOwn}}
}

// getEvents answers with a stream of server-sent events, or, asked for
// format=json, with those that there are.
func (a *api) getEvents(r *http.Request) (reply, error) {
	if a.events.ledger == nil {
		return reply{}, errNoEvents
	}
	q, err := readEventQuery(r)
	if err != nil {
		return reply{}, err
	}
	if q.look {
		return reply{json: a.events.look(q)}, nil
	}
	if a.events.open.Add(1) > mostStreams {
		a.events.open.Add(-1)
		return reply{}, errStreams
	}
	return reply{stream: func(w http.ResponseWriter) {
		defer a.events.open.Add(-1)
		a.events.stream(w, r, q)
	}}, nil
}

// A Look is the answer of GET /events?format=json.
type Look struct {
	Events []ledger.Entry `json:"events"` // the oldest first
	Last   uint64         `json:"last"`   // the number of the newest entry there is: since=LAST asks for those after it
}

// look returns the newest of the entries asked for.
func (ev *events) look(q eventQuery) Look {
	out := Look{Events: []ledger.Entry{}, Last: ev.ledger.Last()}
	s := ev.ledger.Subscribe(q.after, q.filter)
	for {
		batch := s.Ready()
		if len(batch) == 0 {
			break
		}
		for i := range batch {
			if e := &batch[i]; !e.Time.Before(q.from) && e.Number <= out.Last {
				out.Events = append(out.Events, e.Clone())
			}
		}
		if more := len(out.Events) - q.limit; more > 0 {
			out.Events = append(out.Events[:0], out.Events[more:]...)
		}
		if batch[len(batch)-1].Number >= out.Last {
			break // what comes meanwhile is for another look
		}
	}
	return out
}

// stream writes events until the reader is gone.
func (ev *events) stream(w http.ResponseWriter, r *http.Request, q eventQuery) {
	c := http.NewResponseController(w)
	c.SetReadDeadline(time.Time{}) // the server's is for requests
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx: pass on at once
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	var b bytes.Buffer
	b.WriteString("retry: " + strconv.FormatInt(retryAfter.Milliseconds(), 10) + "\n\n")
	s := ev.ledger.Subscribe(q.after, q.filter)
	s.Limit(q.rate)
	for {
		c.SetWriteDeadline(time.Now().Add(stuck))
		if _, err := w.Write(b.Bytes()); err != nil {
			return
		}
		if err := c.Flush(); err != nil {
			return
		}
		b.Reset()
		ctx, cancel := context.WithTimeout(r.Context(), heartbeat)
		batch, err := s.Next(ctx)
		cancel()
		switch {
		case r.Context().Err() != nil:
			return
		case err != nil:
			b.WriteString(":\n\n")
		}
		for i := range batch {
			if e := &batch[i]; !e.Time.Before(q.from) {
				b.Write(appendEvent(b.AvailableBuffer(), e))
			}
		}
	}
}

// appendEvent appends an entry as a server-sent event.
func appendEvent(b []byte, e *ledger.Entry) []byte {
	b = append(b, "id: "...)
	b = strconv.AppendUint(b, e.Number, 10)
	b = append(b, "\nevent: "...)
	b = append(b, e.Type...)
	b = append(b, "\ndata: "...)
	b = e.AppendJSON(b)
	return append(b, '\n', '\n')
}
