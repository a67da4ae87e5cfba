package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/ledger"
)

const (
	// silence is after how long without a word a stream of events is dead: the
	// server says something every 15 seconds.
	silence = 45 * time.Second

	// againAfter is how long the client waits before it connects again, twice
	// as long each time up to the most.
	againAfter = 100 * time.Millisecond
	againMost  = 5 * time.Second

	// longestEvent is the longest line of a stream that is read, in bytes.
	longestEvent = 1 << 20
)

// An EventsQuery says which events are wanted. The zero value is all of them,
// from now on.
type EventsQuery struct {
	ledger.Filter

	// Since is where to begin: after the event of that number ("17"), at a time
	// (RFC 3339), or as long ago as that ("30s"); "0" is with the oldest that
	// the server has. Empty: from now on.
	Since string

	// Rate is how many exchanges in a second are wanted at most; entries of type
	// lost tell how many were left out. 0: all.
	Rate int

	// Interrupted, if not nil, is called when the stream is cut off, before it
	// is taken up again.
	Interrupted func(error)
}

// Events returns what happens, as it happens, until ctx ends. If the stream is
// cut off it is taken up again where it was; what the server has forgotten by
// then, one of type lost tells. An error is the last that it gives: the server
// refuses, or is no control server; also, if it could never be reached, that.
func (c *Client) Events(ctx context.Context, q EventsQuery) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		s := &eventStream{client: c, query: q, yield: yield}
		for wait := againAfter; ; wait = min(2*wait, againMost) {
			before := s.heard
			err := s.follow(ctx)
			switch {
			case s.enough, ctx.Err() != nil:
				return
			case !errors.Is(err, errCut) && (s.heard == 0 || !errors.Is(err, ErrUnreachable)):
				yield(ledger.Entry{}, err)
				return
			}
			if q.Interrupted != nil {
				q.Interrupted(err)
			}
			if s.heard > before {
				wait = againAfter
			}
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
		}
	}
}

// errCut says that a stream ended that had begun well.
var errCut = errors.New("the stream of events was cut off")

// An eventStream is read from one connection after the other.
type eventStream struct {
	client *Client
	query  EventsQuery
	yield  func(ledger.Entry, error) bool
	last   string // the number of the newest event
	heard  int    // how many streams began well
	enough bool   // the caller wants no more
}

// follow reads one stream to its end.
func (s *eventStream) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.client.base+"/events?"+s.query.encode(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "text/event-stream")
	if s.last != "" {
		request.Header.Set("Last-Event-ID", s.last)
	}
	if s.client.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.client.token)
	}
	endless := *s.client.http
	endless.Timeout = 0
	dead := time.AfterFunc(silence, cancel)
	defer dead.Stop()
	answer, err := endless.Do(request)
	if err != nil {
		return s.client.unreachable(ctx, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
		return s.client.failure(answer, body, nil)
	}
	if !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		return fmt.Errorf("%s does not answer as Vaurien's control server does: %s is no stream of events",
			s.client.base, answer.Header.Get("Content-Type"))
	}
	s.heard++
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, longestEvent)
	id := ""
	for lines.Scan() {
		dead.Reset(silence)
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			id = value
		case "data":
			e, err := ledger.Decode([]byte(value))
			if err != nil {
				return fmt.Errorf("%s: an event is not Vaurien's: %w", s.client.base, err)
			}
			s.last = id
			if !s.yield(e, nil) {
				s.enough = true
				return nil
			}
		}
	}
	return fmt.Errorf("%w by %s", errCut, s.client.base)
}

// encode returns the query as parameters.
func (q *EventsQuery) encode() string {
	v := url.Values{}
	set := func(name string, words []string) {
		if len(words) > 0 {
			v.Set(name, strings.Join(words, ","))
		}
	}
	set("type", wordsOf(q.Types))
	set("proxy", q.Proxies)
	set("verb", q.Verbs)
	set("behavior", q.Behaviors)
	set("fate", wordsOf(q.Fates))
	sessions := make([]string, len(q.Sessions))
	for i, n := range q.Sessions {
		sessions[i] = strconv.FormatUint(n, 10)
	}
	set("session", sessions)
	if q.Touched {
		v.Set("touched", "true")
	}
	if q.Since != "" {
		v.Set("since", q.Since)
	}
	if q.Rate > 0 {
		v.Set("rate", strconv.Itoa(q.Rate))
	}
	return v.Encode()
}

func wordsOf[T ~string](words []T) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}
