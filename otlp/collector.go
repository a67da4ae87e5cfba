package otlp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	// postTime is how long a collector may take for an answer: the default of
	// OpenTelemetry's exporters.
	postTime = 10 * time.Second

	// closeTime is how long all of what waits may take at the end.
	closeTime = 2 * time.Second

	// tries is how often a post is tried that may be tried again, and pause how
	// long after the first; after each further one it is twice as long.
	tries = 4
	pause = time.Second

	// longestReply is how much of an answer is read.
	longestReply = 64 << 10
)

// A collector is one that takes spans.
type collector struct {
	url    string
	header http.Header
	client *http.Client
}

// send posts a batch of n spans, again if that may help, until stop is closed. It
// returns how many of them are lost, and why.
func (c *collector) send(ctx context.Context, r request, n int, stop <-chan struct{}) (lost int, err error) {
	body, err := json.Marshal(r)
	if err != nil {
		return n, err
	}
	wait := pause
	for try := 1; ; try++ {
		lost, again, err := c.post(ctx, body, n)
		if !again || try == tries {
			return lost, err
		}
		select {
		case <-time.After(wait):
			wait *= 2
		case <-stop:
			return lost, err
		}
	}
}

// post posts a batch once, and reports whether to do so again.
func (c *collector) post(ctx context.Context, body []byte, n int) (lost int, again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return n, false, err
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.client.Do(req)
	if err != nil {
		return n, ctx.Err() == nil, err
	}
	defer res.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(res.Body, longestReply))
	switch res.StatusCode {
	case http.StatusOK:
		lost, err := rejected(reply)
		return min(lost, n), false, err
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		again = true // those that OTLP says may be tried again
	}
	if err == nil {
		err = fmt.Errorf("%s answered %s: %.200q", c.url, res.Status, reply)
	}
	return n, again, err
}

// rejected returns how many spans a collector that took the others says it has
// not.
func rejected(reply []byte) (int, error) {
	var answer struct {
		PartialSuccess struct {
			RejectedSpans json.RawMessage // a number, or one as text
			ErrorMessage  string
		}
	}
	if json.Unmarshal(reply, &answer) != nil {
		return 0, nil // 200 is what counts
	}
	n, _ := strconv.Atoi(string(bytes.Trim(answer.PartialSuccess.RejectedSpans, `"`)))
	if n <= 0 {
		return 0, nil
	}
	return n, fmt.Errorf("the collector rejected spans: %.200q", answer.PartialSuccess.ErrorMessage)
}
