package ledger

import (
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strconv"

	"github.com/vaurien-proxy/vaurien/option"
)

// A Line is an entry and where it stands.
type Line struct {
	Entry
	Place string // file:line
}

// Lines returns the entries of the ledger at path, those of its older files
// (path.1 …) before them as far as it goes on with them. An error is the last
// that it gives: about what is written an *option.Error with its place.
func Lines(path string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for _, part := range parts(path) {
			if !linesOf(part, yield) {
				return
			}
		}
	}
}

// LastRun returns the entries of the last run in the ledger at path, as Lines
// does. It reads the ledger twice.
func LastRun(path string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		runs := 0
		for l, err := range Lines(path) {
			if err != nil {
				yield(l, err)
				return
			}
			if l.Type == RunType && !l.Run.Continues {
				runs++
			}
		}
		for l, err := range Lines(path) {
			if err == nil && l.Type == RunType && !l.Run.Continues {
				runs--
			}
			if runs <= 0 && !yield(l, err) || err != nil {
				return
			}
		}
	}
}

// parts returns the files of a ledger, the oldest first.
func parts(path string) []string {
	all := []string{path}
	for n := 1; continues(all[0]); n++ {
		older := path + "." + strconv.Itoa(n)
		if _, err := os.Stat(older); err != nil {
			break
		}
		all = slices.Insert(all, 0, older)
	}
	return all
}

// continues reports whether a file goes on with the one before it.
func continues(path string) bool {
	is := false
	linesOf(path, func(l Line, err error) bool {
		is = err == nil && l.Type == RunType && l.Run.Continues
		return false
	})
	return is
}

// linesOf yields the entries of one file and reports whether there is to be
// more.
func linesOf(path string, yield func(Line, error) bool) bool {
	f, err := os.Open(path)
	if err != nil {
		if failure, ok := errors.AsType[*fs.PathError](err); ok {
			err = &option.Error{Place: path, Problem: failure.Err.Error()}
		}
		yield(Line{}, err)
		return false
	}
	defer f.Close()
	r := NewReader(f, path)
	for {
		e, err := r.Read()
		if err == io.EOF {
			return true
		}
		if !yield(Line{e, r.Place()}, err) || err != nil {
			return false
		}
	}
}
