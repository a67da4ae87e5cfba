package vaurien

import (
	"bytes"
	"io"
	"time"
)

// Note notes a deed of the behavior's own, in its own word: it is counted as a
// fault, and told to whoever looks at what was done (see [Record]). The Event's
// verbs note themselves; a behavior that changes what it writes says so here.
func (e *Event) Note(what, detail string) {
	if e.x != nil {
		e.harm()
		e.x.trace.note(Deed{Point: e.Point, What: what, Detail: detail})
	}
}

// delays is harm for a wait, which at Live holds nobody up.
func (e *Event) delays() {
	if e.Point != Live {
		e.harm()
	}
}

// harm counts the exchange among the faults, once: something is done to it now.
func (e *Event) harm() {
	if e.x != nil && !e.x.acted.Swap(true) {
		e.Session.proxy.noteFault(e)
	}
}

// now is the time, if it is to be noted.
func (e *Event) now() time.Time {
	if e.x == nil || e.x.trace == nil {
		return time.Time{}
	}
	return time.Now()
}

// noteWait notes that the behavior waited since a time, and was to wait until
// due, if that is not zero.
func (e *Event) noteWait(what string, since, due time.Time) {
	now := e.now()
	if now.IsZero() || e.Point == Live {
		return
	}
	d := Deed{Point: e.Point, What: what, At: now, For: now.Sub(since)}
	if !due.IsZero() {
		d.Late = max(now.Sub(due), 0)
	}
	e.x.trace.note(d)
}

// Framed reports whether Message is a message that the protocol told apart, and
// not a piece of a stream.
func (e *Event) Framed() bool { return e.Message != nil && e.Session.framing() }

// Load reads the message's body, so that Head is the whole message, unless that
// is more than limit bytes: then it reports false, and Head is still its
// beginning.
func (e *Event) Load(limit int) (whole bool, err error) {
	m := e.Message
	if m == nil || m.Body == nil || e.d == nil {
		return m != nil && len(m.Head) <= limit, nil
	}
	head := bytes.NewBuffer(bytes.Clone(m.Head)) // reading the body moves it
	for m.Body != nil {
		n, err := e.d.next(m.Body)
		switch {
		case err == io.EOF:
			m.Body = nil
		case err != nil:
			return false, e.met(err)
		case n > int64(limit-head.Len()):
			m.Body, m.Head = &refused{n, m.Body}, head.Bytes()
			return false, nil
		default:
			if _, err := e.d.run(n, head, false); err != nil {
				m.Head = head.Bytes()
				return false, e.met(err)
			}
		}
	}
	m.Head = head.Bytes()
	return true, nil
}

// Replace puts p, which must stay as it is, in the message's place: next passes
// it on. The reply to a request is the reply to what is in its place. What is
// left of the message is read and thrown away.
func (e *Event) Replace(p []byte) error {
	m := e.Message
	if m == nil {
		return nil
	}
	if e.d != nil {
		if _, err := e.d.skip(m, ToTheEnd); err != nil {
			return e.met(err)
		}
	}
	m.Head, m.Body = p, nil
	e.Note("replace", "")
	return nil
}
