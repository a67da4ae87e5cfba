package memcache

import (
	"bytes"
	"io"

	"github.com/vaurien-proxy/vaurien"
)

// values delimits what follows the first VALUE line of a reply: the value, the
// other VALUE lines with theirs, and the line that ends them, which is END or
// says that the server has failed.
type values struct {
	data  int64 // how many bytes of a value come next, with their CRLF
	ended bool
}

// Next returns the length of as many values and lines as are buffered whole,
// and of the data after them. It waits only for the first line.
func (v *values) Next(r *vaurien.Reader) (int64, error) {
	if v.ended {
		return 0, io.EOF
	}
	run := v.data
	v.data = 0
	for {
		l, err := nextLine(r, run)
		if l == nil {
			return cutShort(run, err)
		}
		_, w := wordOf(l)
		switch {
		case w == wVALUE:
			size, err := valueSize(l)
			if err != nil {
				return cutShort(run, err)
			}
			run += int64(len(l)) + size + 2
		case w == wEND || w&failed != 0:
			v.ended = true
			return run + int64(len(l)), nil
		default:
			return cutShort(run, vaurien.Opaque("%q among the values of a reply", first(l)))
		}
	}
}

// nextLine returns the line that follows a run, nil if it is not there whole. It
// waits for it only if the run is empty.
func nextLine(r *vaurien.Reader, run int64) ([]byte, error) {
	b := r.Buffered()
	if run < int64(len(b)) {
		if i := bytes.IndexByte(b[run:], '\n'); i >= 0 && i < longestReply {
			return b[run : run+int64(i)+1], nil
		}
	}
	if run > 0 {
		return nil, nil
	}
	l, err := line(r, 0, longestReply)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return l, err
}

// cutShort returns a run that ends where the next line is not there or not
// understood; the next call waits for it or says why.
func cutShort(run int64, err error) (int64, error) {
	if run > 0 {
		return run, nil
	}
	return 0, err
}

// lines delimits the lines that follow the first one of a listing, up to the
// one that ends it.
type lines struct {
	end   string
	ended bool
}

// Next returns the length of as many lines as are buffered whole.
func (ls *lines) Next(r *vaurien.Reader) (int64, error) {
	if ls.ended {
		return 0, io.EOF
	}
	run := int64(0)
	for {
		l, err := nextLine(r, run)
		if l == nil {
			return cutShort(run, err)
		}
		run += int64(len(l))
		if len(l) <= len("END\r\n") && string(trimmed(l)) == ls.end {
			ls.ended = true
			return run, nil
		}
	}
}

// stats delimits what follows the first packet of a binary STAT reply: packets
// of the same sort, up to one without a key.
type stats struct {
	data  int64 // how many bytes of a packet's body come next
	ended bool
}

// Next returns the length of as many packets as are buffered whole.
func (s *stats) Next(r *vaurien.Reader) (int64, error) {
	if s.ended {
		return 0, io.EOF
	}
	run := s.data
	s.data = 0
	for {
		if run > 0 && int64(len(r.Buffered()))-run < headerSize {
			return run, nil
		}
		b, err := r.Peek(headerSize)
		if err == io.EOF {
			return 0, io.ErrUnexpectedEOF
		} else if err != nil {
			return 0, err
		}
		h := header(b[run:])
		if h[0] != replyMagic || h.opcode() != opStat || h.length() < int64(h.key()+h.extras()) {
			return cutShort(run, vaurien.Opaque("a packet that is none of STAT's among them"))
		}
		run += headerSize + h.length()
		if h.key() == 0 {
			s.ended = true
			return run, nil
		}
	}
}
