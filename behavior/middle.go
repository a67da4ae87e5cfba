package behavior

import (
	"io"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// declareBytes declares the option that says where the middle of a reply is.
func declareBytes(set *option.Set, bytes *int64) {
	set.Size(bytes, "bytes", 0, "how much of the reply is passed on first; a shorter one is left alone. "+
		"0: somewhere in its middle, drawn by the dice").AtLeast("0")
}

// inTheMiddle passes a reply on and does the deed in its middle: after that
// many bytes or, for 0, behind a part of its head or, if it has a body, of the
// body's beginning. A reply that others to the same request follow is passed on
// as it is.
func inTheMiddle(e *vaurien.Event, next vaurien.Next, bytes int64, deed func() error) error {
	m := e.Message
	if m.More || m.Invites {
		return next()
	}
	w := &middle{w: e.Out, left: bytes, deed: deed}
	if bytes == 0 {
		if n := int64(len(m.Head)); m.Body != nil {
			w.left, w.half = n, true
		} else if n > 1 {
			w.left = 1 + e.Rand().Int64N(n-1)
		}
	}
	e.Out = w
	return next()
}

// middle writes what it is given and does the deed once left bytes are
// written; with half, when half of what comes behind them is.
type middle struct {
	w    io.Writer
	left int64
	half bool
	deed func() error // nil: done
}

func (m *middle) Write(p []byte) (int, error) {
	if m.deed == nil || int64(len(p)) <= m.left {
		m.left -= int64(len(p))
		return m.w.Write(p)
	}
	if m.half {
		m.left += (int64(len(p)) - m.left) / 2
	}
	n, err := m.w.Write(p[:m.left])
	if err != nil {
		return n, err
	}
	deed := m.deed
	m.deed = nil
	if err := deed(); err != nil {
		return n, err
	}
	rest, err := m.w.Write(p[n:])
	return n + rest, err
}
