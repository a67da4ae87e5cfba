package protocoltest

import (
	"errors"
	"io"

	"github.com/vaurien-proxy/vaurien"
)

// errInterrupted stands for the errors by which the engine calls a reader back.
var errInterrupted = errors.New("protocoltest: interrupted")

// A source is an io.Reader of the rest of a talk, at its pace.
type source struct {
	rest []byte
	pace Pace
	held func() int // how much the Reader holds

	reads       int  // how many have succeeded
	interrupted bool // the coming read has failed already
	tooMany     int  // the most bytes held beyond what a Reader may hold
}

func (s *source) Read(p []byte) (int, error) {
	if held := s.held(); held >= vaurien.MaxHead {
		s.tooMany = max(s.tooMany, held)
	}
	if s.pace.Interrupted && !s.interrupted {
		s.interrupted = true
		return 0, errInterrupted
	}
	s.interrupted = false
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	if sizes := s.pace.Reads; len(sizes) > 0 {
		p = p[:min(len(p), max(1, sizes[s.reads%len(sizes)]))]
	}
	s.reads++
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}
