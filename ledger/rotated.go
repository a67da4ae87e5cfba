package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
)

// rotated is a file of lines that begins anew when it is full. It has whole
// lines only, whatever fails.
type rotated struct {
	path    string
	options FileOptions
	f       *os.File
	regular bool
	size    int64
	ragged  bool   // the last line has no end, since it could be neither written nor taken back
	notes   []note // what the next file begins with
}

// openRotated opens the file, to go on with it if it is there.
func openRotated(path string, o FileOptions) (*rotated, error) {
	w := &rotated{path: path, options: o}
	if err := w.open(); err != nil {
		return nil, err
	}
	err := w.tidy()
	if err == nil {
		err = w.write(w.head(false))
	}
	if err != nil {
		w.f.Close()
		return nil, err
	}
	return w, nil
}

// open opens the file. It may have what others must not see.
func (w *rotated) open() error {
	f, err := os.OpenFile(w.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	w.f, w.regular, w.size = f, info.Mode().IsRegular(), info.Size()
	return nil
}

// tidy refuses a file that is no ledger, and takes away a last line that a run
// could not finish.
func (w *rotated) tidy() error {
	if !w.regular || w.size == 0 {
		return nil
	}
	first, err := bufio.NewReader(io.NewSectionReader(w.f, 0, longestLine)).ReadBytes('\n')
	if err == nil {
		_, err = Decode(first)
	}
	if err != nil {
		return &option.Error{Place: w.path, Problem: "is there already and is no ledger: name another file"}
	}
	end := make([]byte, min(w.size, longestLine))
	if _, err := w.f.ReadAt(end, w.size-int64(len(end))); err != nil {
		return err
	}
	if rest := len(end) - 1 - bytes.LastIndexByte(end, '\n'); rest > 0 && rest < len(end) {
		w.size -= int64(rest)
		return w.f.Truncate(w.size)
	}
	return nil
}

// head returns the lines that a file begins with.
func (w *rotated) head(continues bool) []byte {
	run := w.options.Run
	run.Continues = continues
	e := Entry{Type: RunType, Time: time.Now(), Run: &run}
	b := append(e.AppendJSON(nil), '\n')
	for _, n := range w.notes {
		b = append(b, n.line...)
	}
	return b
}

// remember keeps what the next file begins with.
func (w *rotated) remember(notes []note) {
	for _, n := range notes {
		w.notes = slices.DeleteFunc(w.notes, func(o note) bool {
			return o.proxy == n.proxy && (o.what == n.what || n.line == nil)
		})
		if n.line != nil {
			w.notes = append(w.notes, n)
		}
	}
}

// write writes lines, all or none of them.
func (w *rotated) write(lines []byte) error {
	if most := w.options.MaxSize; w.regular && most > 0 && w.size > 0 && w.size+int64(len(lines)) > most {
		if err := w.rotate(); err != nil {
			return err
		}
	}
	if w.f == nil {
		if err := w.reopen(); err != nil {
			return err
		}
	}
	return w.append(lines)
}

func (w *rotated) append(lines []byte) error {
	if w.ragged {
		if _, err := w.f.Write([]byte{'\n'}); err != nil {
			return err
		}
		w.ragged = false
		w.size++
	}
	n, err := w.f.Write(lines)
	if err == nil {
		w.size += int64(n)
		return nil
	}
	if n > 0 && (!w.regular || w.f.Truncate(w.size) != nil) {
		w.ragged = true
		w.size += int64(n)
	}
	return err
}

// rotate lets the files that are kept move up, and the newest among them.
func (w *rotated) rotate() error {
	if w.f != nil {
		w.f.Close()
		w.f = nil
	}
	older := func(n int) string { return w.path + "." + strconv.Itoa(n) }
	for n := w.options.Keep; n > 1; n-- {
		if err := os.Rename(older(n-1), older(n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	var err error
	if w.options.Keep > 0 {
		err = os.Rename(w.path, older(1))
	} else {
		err = os.Remove(w.path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return w.reopen()
}

// reopen begins a new file.
func (w *rotated) reopen() error {
	if err := w.open(); err != nil {
		return err
	}
	w.ragged = false
	return w.append(w.head(true))
}

func (w *rotated) close() error {
	if w.f == nil {
		return nil
	}
	return w.f.Close()
}
