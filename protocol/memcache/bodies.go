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
		b := r.Buffered()
		if run > 0 {
			if run >= int64(len(b)) || bytes.IndexByte(b[run:], '\n') < 0 {
				return run, nil
			}
		}
		l, err := line(r, int(run), longestReply)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
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

// cutShort returns a run that ends where something is not understood; the next
// call says what it is.
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
	run := 0
	for {
		if run > 0 && bytes.IndexByte(r.Buffered()[run:], '\n') < 0 {
			return int64(run), nil
		}
		l, err := line(r, run, longestReply)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return cutShort(int64(run), err)
		}
		run += len(l)
		if word, _ := wordOf(l); word == ls.end && len(trimmed(l)) == len(word) {
			ls.ended = true
			return int64(run), nil
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
		for int64(len(r.Buffered())) < headerSize {
			if err := r.More(); err == io.EOF {
				return 0, io.ErrUnexpectedEOF
			} else if err != nil {
				return 0, err
			}
		}
		h := header(r.Buffered()[run:])
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
