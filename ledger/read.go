package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/vaurien-proxy/vaurien/option"
)

// longestLine is the longest line that is read of a file.
const longestLine = 1 << 20

// A Reader reads a ledger that was written down.
type Reader struct {
	name string
	r    *bufio.Reader
	line int
	d    decoder
	cut  bool
}

// NewReader reads a ledger from r. name is what errors call it.
func NewReader(r io.Reader, name string) *Reader {
	return &Reader{name: name, r: bufio.NewReaderSize(r, longestLine)}
}

// Read returns the next entry; io.EOF at the end. Errors about what is written
// are *option.Error and name the line. A last line without an end that means
// nothing, as a run that was killed leaves it, is passed over.
func (r *Reader) Read() (Entry, error) {
	for {
		line, err := r.r.ReadSlice('\n')
		if len(line) == 0 && err != nil {
			return Entry{}, err
		}
		r.line++
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return Entry{}, r.failure(fmt.Errorf("a line is longer than %d bytes", longestLine))
		case err != nil && err != io.EOF:
			return Entry{}, err
		case len(line) == 1 && line[0] == '\n':
			continue
		}
		e, wrong := r.d.decode(line)
		switch {
		case wrong == nil:
			return e, nil
		case err == io.EOF && r.line > 1:
			r.cut = true
			return Entry{}, io.EOF
		}
		return Entry{}, r.failure(wrong)
	}
}

func (r *Reader) failure(err error) error {
	return &option.Error{Place: r.Place(), Problem: err.Error()}
}

// Place returns where the entry that was read last stands, file:line.
func (r *Reader) Place() string { return fmt.Sprintf("%s:%d", r.name, r.line) }

// Cut reports whether the last line was passed over, since it has no end.
func (r *Reader) Cut() bool { return r.cut }

// All returns the entries that are left. An error is the last that it gives.
func (r *Reader) All() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for {
			e, err := r.Read()
			if err == io.EOF || !yield(e, err) || err != nil {
				return
			}
		}
	}
}
