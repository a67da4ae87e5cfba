package ledger

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// chunkSize is how many bytes are written at once, under traffic.
	chunkSize = 64 << 10

	// mostChunks is how many chunks wait for a disk that is slow; then the
	// Ledger itself is what waits, and what it keeps no longer is lost.
	mostChunks = 128

	// writeEvery is how long entries wait to be written together.
	writeEvery = 250 * time.Millisecond

	// patience is how long Close waits for a disk that does not answer.
	patience = 5 * time.Second
)

// A File writes a Ledger's entries down, except for begun ones, one on a line.
// Traffic does not wait for it.
type File struct {
	ledger *Ledger
	log    *slog.Logger
	out    *rotated // of write's goroutine
	chunks chan *chunk
	spare  sync.Pool
	stop   context.CancelFunc
	done   chan struct{}
	lost   atomic.Uint64
}

// FileOptions say how a File is written. The zero value of a field means what
// its comment says.
type FileOptions struct {
	MaxSize int64        // in bytes, after which another file is begun; 0: none
	Keep    int          // how many files there are beside the newest, NAME.1 being the youngest of them; 0: none
	Run     Run          // what is told at the beginning
	Logger  *slog.Logger // nil: slog.Default()
}

// A chunk is some lines.
type chunk struct {
	lines []byte
	count uint64
	notes []note
}

// A note is a line that the next file needs too, to be understood without this
// one.
type note struct {
	proxy string
	what  Type
	line  []byte // nil: it is over
}

// Open writes l's entries to the file at path, from the oldest that is kept. A
// file that is there already goes on, if it is a ledger. Close ends it.
func Open(path string, l *Ledger, o FileOptions) (*File, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	out, err := openRotated(path, o)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	f := &File{ledger: l, log: o.Logger, out: out, chunks: make(chan *chunk, mostChunks), stop: stop, done: make(chan struct{})}
	f.spare.New = func() any { return &chunk{lines: make([]byte, 0, chunkSize+4<<10)} }
	s := l.Subscribe(0, Filter{Types: []Type{ProxyType, PlanType, SessionType, ExchangeType, ScenarioType}})
	s.gather = writeEvery
	go f.encode(ctx, s)
	go f.write()
	return f, nil
}

// Lost returns how many entries could not be written so far.
func (f *File) Lost() uint64 { return f.lost.Load() }

// Close writes down what there is yet, and closes the file.
func (f *File) Close() error {
	f.stop()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-f.done:
		return nil
	case <-timer.C:
		return errors.New("the ledger's file does not take what is to be written")
	}
}

// encode is the goroutine that makes lines of entries.
func (f *File) encode(ctx context.Context, s *Subscription) {
	defer close(f.chunks)
	c := f.spare.Get().(*chunk)
	hand := func() {
		if c.count > 0 {
			f.chunks <- c
			c = f.spare.Get().(*chunk)
		}
	}
	for {
		batch := s.Ready()
		for i := range batch {
			if c.add(&batch[i]); batch[i].Type == LostType {
				f.lost.Add(batch[i].Count)
			}
			if len(c.lines) >= chunkSize {
				hand()
			}
		}
		if len(batch) > 0 {
			continue
		}
		hand()
		if ctx.Err() != nil {
			return
		}
		s.wait(ctx) // once more after ctx has ended, for the last
	}
}

// add adds an entry's line.
func (c *chunk) add(e *Entry) {
	from := len(c.lines)
	e.Number = 0 // that is of the stream
	c.lines = append(e.AppendJSON(c.lines), '\n')
	c.count++
	if e.Type != ProxyType && e.Type != PlanType {
		return
	}
	n := note{proxy: e.Proxy, what: e.Type}
	if e.State != StateGone {
		n.line = append(n.line, c.lines[from:]...)
	}
	c.notes = append(c.notes, n)
}

// write is the goroutine that waits for the disk.
func (f *File) write() {
	defer close(f.done)
	failed, lost := false, uint64(0) // since it failed
	for c := range f.chunks {
		if lost > 0 {
			e := Entry{Type: LostType, Time: time.Now(), Count: lost, Reason: LostWriting}
			if f.out.write(append(e.AppendJSON(nil), '\n')) == nil {
				f.log.Info("the ledger is written again", "lost", lost)
				failed, lost = false, 0
			}
		}
		if err := f.out.write(c.lines); err != nil {
			if lost += c.count; !failed {
				f.log.Error("cannot write to the ledger; entries are lost until it can be", "error", err)
			}
			failed = true
			f.lost.Add(c.count)
		}
		f.out.remember(c.notes)
		c.lines, c.count, c.notes = c.lines[:0], 0, nil
		f.spare.Put(c)
	}
	if err := f.out.close(); err != nil && !failed {
		f.log.Error("cannot close the ledger", "error", err)
	}
	if lost := f.Lost(); lost > 0 {
		f.log.Warn("the ledger is not whole", "lost", lost)
	}
}
