package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strconv"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// beanstalk is the protocol of beanstalkd, a work queue: a line for each command
// and each reply, and jobs whose length the line says (doc/protocol.txt in its
// source).
type beanstalk struct{}

func beanstalkKind() vaurien.ProtocolKind {
	return vaurien.ProtocolKind{
		Name: "beanstalk",
		Doc:  "the work queue beanstalkd",
		New: func(*option.Set) func() vaurien.Protocol {
			return func() vaurien.Protocol { return beanstalk{} }
		},
	}
}

// NewCodec returns the codec of one session.
func (beanstalk) NewCodec() vaurien.Codec { return new(codec) }

// A codec says where messages end. Its two readers are called from two
// goroutines; what is noted here belongs to one of them each.
type codec struct{ job, reply vaurien.Length }

// longestLine is the longest line that is waited for: beanstalkd takes 224
// bytes, and its replies are shorter.
const longestLine = 1024

// line returns the next line, without taking it.
func line(r *vaurien.Reader) ([]byte, error) {
	for {
		b := r.Buffered()
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return b[:i+1], nil
		}
		if len(b) > longestLine {
			return nil, vaurien.Opaque("a line of more than %d bytes", longestLine)
		}
		if err := r.More(); err != nil {
			return nil, err
		}
	}
}

// ReadRequest reads one command: its line is the head, its job the body.
func (c *codec) ReadRequest(r *vaurien.Reader, m *vaurien.Message) error {
	l, err := line(r)
	if err != nil {
		return err
	}
	words := bytes.Fields(l)
	if len(words) == 0 {
		return vaurien.Opaque("an empty line")
	}
	m.Verb = string(words[0])
	m.NoReply = m.Verb == "quit"
	if m.Verb == "put" {
		if len(words) != 5 {
			return vaurien.Opaque("put with %d words", len(words))
		}
		if err := follow(&c.job, words[4]); err != nil {
			return err
		}
		m.Body = &c.job
	}
	m.Head = r.Take(len(l)) // only now: a call that ends in an error is made again
	return nil
}

// ReadReply reads the reply to a command.
func (c *codec) ReadReply(r *vaurien.Reader, _, m *vaurien.Message) error {
	l, err := line(r)
	if err != nil {
		return err
	}
	words := bytes.Fields(l)
	if len(words) > 1 {
		switch string(words[0]) {
		case "RESERVED", "FOUND", "OK":
			if err := follow(&c.reply, words[len(words)-1]); err != nil {
				return err
			}
			m.Body = &c.reply
		}
	}
	m.Head = r.Take(len(l))
	return nil
}

// follow makes body that of a line which says its length; a line end follows it.
func follow(body *vaurien.Length, length []byte) error {
	n, err := strconv.ParseUint(string(length), 10, 32)
	if err != nil {
		return vaurien.Opaque("a length of %q", length)
	}
	body.N = int64(n) + 2
	return nil
}

// Fail says no as beanstalkd does.
func (c *codec) Fail(req *vaurien.Message, f vaurien.Failure, rng *rand.Rand) (vaurien.Answer, error) {
	fit := vaurien.Fit(beanstalk{}, req, f.Kind) // without a kind all that fit
	if len(fit) == 0 {
		return vaurien.Answer{Pass: true}, nil
	}
	kind := fit[rng.IntN(len(fit))]
	return vaurien.Answer{Bytes: []byte(said[kind.Name]), Close: f.Unread}, nil
}

// Failures are the ways in which beanstalkd fails.
func (beanstalk) Failures() []vaurien.FailureKind { return failures }

// CheckFailure refuses what the protocol has no place for.
func (beanstalk) CheckFailure(f vaurien.Failure) error {
	if f.Code != "" || f.Message != "" {
		return errors.New("beanstalkd's errors are single words: leave it out and choose a kind")
	}
	return nil
}

var failures = []vaurien.FailureKind{
	{
		Name: "out-of-memory", Phase: vaurien.Asking, Doc: "OUT_OF_MEMORY: the client should try again later",
		Effect: "stays open", Source: "doc/protocol.txt",
	},
	{
		Name: "internal-error", Phase: vaurien.Asking, Doc: "INTERNAL_ERROR: a bug in the server",
		Effect: "stays open", Source: "doc/protocol.txt",
	},
	{
		Name: "draining", Phase: vaurien.Asking, Doc: "DRAINING: the server takes no new jobs",
		Effect: "stays open", Source: "doc/protocol.txt",
		Fits: func(req *vaurien.Message) bool { return req != nil && req.Verb == "put" },
	},
}

var said = map[string]string{
	"out-of-memory": "OUT_OF_MEMORY\r\n", "internal-error": "INTERNAL_ERROR\r\n", "draining": "DRAINING\r\n",
}
