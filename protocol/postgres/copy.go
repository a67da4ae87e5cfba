package postgres

import (
	"io"

	"github.com/vaurien-proxy/vaurien"
)

// A copyIn delimits the rows of a COPY FROM STDIN: CopyData until CopyDone or
// CopyFail. Some clients leave those out when the server has failed the COPY
// meanwhile (pgjdbc), so it ends before any other message too.
//
// A COPY in the extended protocol has two Syncs: the server ignores the one
// that came before the rows, and replies to the one that comes after them (the
// manual, section 55.2.6 "COPY Operations"; libpq's PQputCopyEnd sends it).
// So that one is part of the copyIn, and not an exchange.
type copyIn struct {
	kind     byte  // of the last message
	left     int64 // of it
	extended bool
}

// Next returns a run of as many messages as are buffered.
func (c *copyIn) Next(r *vaurien.Reader) (int64, error) {
	run := c.left
	c.left = 0
	for {
		b := r.Buffered()
		for run < int64(len(b)) && !c.over(b[run:]) && len(b[run:]) >= headerSize {
			kind, length, err := header(b[run:], &requestNames)
			if err != nil && run == 0 {
				return 0, err
			} else if err != nil {
				return run, nil
			}
			c.kind = kind
			run += headerSize + length
		}
		switch {
		case run > 0:
			return run, nil
		case len(b) > 0 && c.over(b), c.complete():
			return 0, io.EOF
		}
		if err := r.More(); err != nil {
			// The end of the stream ends it too, between two messages.
			if err == io.EOF && len(b) > 0 {
				return 0, io.ErrUnexpectedEOF
			}
			return 0, err
		}
	}
}

// complete reports whether nothing can follow the last message.
func (c *copyIn) complete() bool {
	return c.kind == 'S' || !c.extended && (c.kind == 'c' || c.kind == 'f')
}

// over reports whether the message with which b begins is not part of it.
func (c *copyIn) over(b []byte) bool {
	switch b[0] {
	case 'd', 'c', 'f', 'H':
		return c.kind != 'd' && c.kind != 'H'
	case 'S':
		return !c.extended || c.kind != 'c' && c.kind != 'f'
	}
	return true
}
