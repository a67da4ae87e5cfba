package http

import (
	"io"

	"github.com/vaurien-proxy/vaurien"
)

// The bounds of the chunked coding, in bytes.
const (
	longestChunkLine = 16 << 10 // a line with a chunk's size, or one of the trailers
	largestChunk     = 1 << 56
)

// chunked delimits a body in the chunked coding (RFC 9112 section 7.1).
//
// The chunk's data is counted, not looked at. All that frames it is checked
// before it belongs to a run, so that a line which is not understood is not
// taken; and no run waits for the beginning of the next chunk.
type chunked struct{ at part }

// A part is what comes next in a chunked body.
type part uint8

const (
	size    part = iota // a line with a chunk's size, and its data
	dataEnd             // the CRLF after a chunk's data
	trailer             // a trailer field, or the empty line that ends all
	ended
)

// Next returns the length of as many parts as are buffered whole. It waits
// only for the first of them, and not for a chunk's data. Its error is
// io.ErrUnexpectedEOF if the stream has ended and the body has not.
func (c *chunked) Next(r *vaurien.Reader) (int64, error) {
	if c.at == ended {
		return 0, io.EOF
	}
	s := scanner{r: r, b: r.Buffered(), limit: longestChunkLine, ending: crlf}
	data, err := c.part(&s)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return 0, err
	}
	for s.r = nil; data <= int64(len(s.b)-s.pos) && c.at != ended; {
		s.pos += int(data)
		next := s
		if data, err = c.part(&next); err != nil {
			return int64(s.pos), nil // the next call will say what is wrong
		}
		s = next
	}
	return int64(s.pos) + data, nil
}

// part passes over one part and returns how many bytes of data follow it. If
// it fails, c is as before.
func (c *chunked) part(s *scanner) (data int64, err error) {
	start, then := s.pos, c.at
	switch c.at {
	case size:
		data, err = s.chunkSize()
		then = dataEnd
		if data == 0 {
			then = trailer // that was the last chunk
		}
	case dataEnd:
		err = s.end("the end of a chunk")
		then = size
	case trailer:
		var b byte
		if b, err = s.peek(); err != nil {
			return 0, err
		}
		if b == '\r' || b == '\n' {
			err = s.end("the end of the trailers")
			then = ended
		} else {
			_, _, err = s.field()
		}
	}
	if err != nil {
		return 0, err
	}
	if s.pos-start > longestChunkLine {
		return 0, vaurien.Opaque("a line of more than %d bytes in a chunked body", longestChunkLine)
	}
	c.at = then
	return data, nil
}

// chunkSize passes over a line with a chunk's size: hexadecimal digits, and
// extensions, which nobody but the sender understands (RFC 9112 section
// 7.1.1). Blanks after the digits are let pass, since some servers write them
// and nobody reads them otherwise.
func (s *scanner) chunkSize() (n int64, err error) {
	start := s.pos
	for {
		c, err := s.peek()
		if err != nil {
			return 0, err
		}
		digit := hexDigit(c)
		if digit < 0 {
			break
		}
		if n = n<<4 | int64(digit); n > largestChunk {
			return 0, vaurien.Opaque("a chunk of more than %d bytes", int64(largestChunk))
		}
		s.pos++
	}
	if s.pos == start {
		return 0, vaurien.Opaque("byte %#02x in a chunk's size", s.b[s.pos])
	}
	for {
		c, err := s.peek()
		if err != nil {
			return 0, err
		}
		if c != ' ' && c != '\t' {
			break
		}
		s.pos++
	}
	if s.b[s.pos] == ';' {
		if err := s.text(); err != nil {
			return 0, err
		}
	}
	return n, s.end("the line with a chunk's size")
}

// hexDigit returns the value of a hexadecimal digit, or -1.
func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
