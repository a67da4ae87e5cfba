package vaurien_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/vaurien-proxy/vaurien"
)

// lines is a protocol for tests, one line a message, that has what real
// protocols have: a greeting, a request whose body is invited, requests without
// a reply, notices, and, in any order, replies that name their requests.
//
//	DATA   is answered by "go" or "no"; after "go", the next line goes on with it
//	NOTE … gets no reply
//	!…     from the backend is a notice
//	junk   is no message, nor is what ends with it
//	switch at a reply's end, in any order, makes both streams tcp
//
// In any order each line begins with a number, the request's; a reply that ends
// with + is followed by another; "N DROP M" abandons M.
type lines struct{ greets, anyOrder bool }

func (l lines) NewCodec() vaurien.Codec { return &linesCodec{lines: l} }
func (l lines) ServerFirst() bool       { return l.greets }
func (l lines) Multiplexed() bool       { return l.anyOrder }

func (l lines) Attributes() []vaurien.Attribute {
	return []vaurien.Attribute{{Name: "argument", Zero: "", Doc: "what follows the verb"}}
}

func (l lines) Failures() []vaurien.FailureKind {
	return []vaurien.FailureKind{
		{Name: "no"}, {Name: "bye"}, {Name: "full", AtAccept: true},
		{Name: "replaced", OnRequest: true, Fits: func(m *vaurien.Message) bool { return m.Verb != "connect" }},
		{Name: "late", Fits: func(m *vaurien.Message) bool { return m.Verb == "DATA" }},
		{Name: "pass", OnRequest: true}, {Name: "gone", OnRequest: true},
	}
}

func (l lines) CheckFailure(vaurien.Failure) error { return nil }

type linesCodec struct {
	lines
	greeted bool
	mail    atomic.Bool // the next line goes on with DATA
	late    atomic.Bool // that is to fail
}

// A linesNote says what the backend's reply is turned into.
type linesNote struct{ reply string }

// readLine returns the next line, which it does not take.
func readLine(r *vaurien.Reader) ([]byte, error) {
	for {
		if i := bytes.IndexByte(r.Buffered(), '\n'); i >= 0 {
			return r.Buffered()[:i+1], nil
		}
		if err := r.More(); err != nil {
			return nil, err
		}
	}
}

func (c *linesCodec) ReadRequest(r *vaurien.Reader, m *vaurien.Message) error {
	if c.greets && !c.greeted {
		c.greeted, m.Verb, m.Info = true, "connect", &linesNote{}
		return nil
	}
	line, err := readLine(r)
	if err != nil {
		return err
	}
	words := strings.Fields(string(line))
	if words[len(words)-1] == "junk" {
		return vaurien.Opaque("junk")
	}
	m.Head, m.Info = r.Take(len(line)), &linesNote{}
	if c.mail.Swap(false) {
		m.Continues = true
		if c.late.Swap(false) {
			m.Answer = &vaurien.Answer{Forward: []byte("RSET\n")}
		}
		return nil
	}
	if c.anyOrder {
		m.ID, _ = strconv.ParseUint(words[0], 10, 64)
		words = words[1:]
		if words[0] == "DROP" {
			m.NoReply = true
			m.Abandons, _ = strconv.ParseUint(words[1], 10, 64)
		}
	}
	switch m.Verb = words[0]; m.Verb {
	case "NOTE":
		m.NoReply = true
	case "DATA":
		m.Barrier = true
	}
	return nil
}

func (c *linesCodec) ReadReply(r *vaurien.Reader, req, m *vaurien.Message) error {
	line, err := readLine(r)
	if err != nil {
		return err
	}
	if string(line) == "junk\n" {
		return vaurien.Opaque("junk")
	}
	if req == nil && !c.anyOrder && line[0] != '!' {
		return vaurien.Opaque("a reply to nothing")
	}
	m.Head = r.Take(len(line))
	switch {
	case line[0] == '!':
		m.Unasked = true
	case c.anyOrder:
		m.ID, _ = strconv.ParseUint(strings.Fields(string(line))[0], 10, 64)
		m.More = bytes.HasSuffix(line, []byte("+\n"))
		m.Switch = bytes.HasSuffix(line, []byte("switch\n"))
	case string(line) == "go\n":
		m.Invites = true
		c.mail.Store(true)
	}
	if req != nil && !m.Unasked {
		if n, ok := req.Info.(*linesNote); ok && n.reply != "" {
			m.Head = []byte(n.reply)
		}
	}
	return nil
}

func (c *linesCodec) Fail(req *vaurien.Message, f vaurien.Failure, _ *rand.Rand) (vaurien.Answer, error) {
	id := ""
	if c.anyOrder {
		id = fmt.Sprint(req.ID, " ")
	}
	if req != nil && req.NoReply && f.Kind != "bye" {
		return vaurien.Answer{}, nil
	}
	switch f.Kind {
	case "bye", "full":
		return vaurien.Answer{Bytes: []byte(id + f.Kind + "\n"), Close: true}, nil
	case "gone":
		return vaurien.Answer{Bytes: []byte(id + f.Kind + "\n"), Close: true, Abrupt: true}, nil
	case "replaced":
		req.Info.(*linesNote).reply = "failed\n"
		return vaurien.Answer{Forward: []byte("FAIL\n")}, nil
	case "late":
		req.Info.(*linesNote).reply = "late\n"
		c.mail.Store(true)
		c.late.Store(true)
		return vaurien.Answer{Bytes: []byte("go\n"), Invites: true}, nil
	case "pass":
		return vaurien.Answer{Pass: true}, nil
	}
	return vaurien.Answer{Bytes: []byte(id + "no\n")}, nil
}

func (c *linesCodec) Attribute(m *vaurien.Message, name string) any {
	_, argument, found := bytes.Cut(bytes.TrimSpace(m.Head), []byte(" "))
	if !found {
		return nil
	}
	return string(argument)
}
