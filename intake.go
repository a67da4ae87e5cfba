package vaurien

import (
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vaurien-proxy/vaurien/internal/memory"
)

const (
	// roomAtRest is what a direction may always hold of what it has read.
	roomAtRest = 64 << 10

	// roomTogether is how many times one direction's window all directions of
	// a proxy may hold together, unless that is more than what memory there is
	// divided by roomOfMemory.
	roomTogether = 4
	roomOfMemory = 4

	// calmAfter is after how many pieces that no behavior held up reading
	// ahead ends.
	calmAfter = 1
)

// An intake is where the bytes of one direction come in. They are read
// straight from the connection, or, from the moment a behavior holds one up,
// read ahead by a goroutine into a queue with a limit, each piece stamped with
// the time at which it came.
type intake struct {
	src    source
	window int64         // most bytes held while a behavior waits
	most   int64         // and by all directions of the proxy
	held   *atomic.Int64 // bytes that these hold
	client bool          // src is the client's: its reset matters also after its end
	lost   func(error)   // told of a connection that fails while it is read ahead
	wg     *sync.WaitGroup

	mu        sync.Mutex
	changed   sync.Cond // of all below
	pumping   bool      // a goroutine reads ahead
	stop      bool      // it is asked to stop
	halted    bool      // it is not to start again
	throwaway bool      // what comes is thrown away
	kicked    bool      // the pump was interrupted: pass it on
	queue     []piece
	bytes     int64
	err       error         // how the stream ended
	ahead     time.Duration // how long behaviors hold pieces up; less than 0: without end

	calm int // pieces since one was last held up; the consumer's own
}

func (in *intake) init(c Conn, piece int, window int64, held *atomic.Int64, wg *sync.WaitGroup, lost func(error)) {
	in.src.init(c, piece)
	in.window, in.held, in.wg, in.lost = window, held, wg, lost
	if in.most = roomTogether * window; memory.Limit() > 0 {
		in.most = min(in.most, int64(memory.Limit()/roomOfMemory))
	}
	in.changed.L = &in.mu
}

// next waits for the next piece. Its error is io.EOF, errInterrupted or the
// connection's.
func (in *intake) next() (piece, error) {
	if !in.direct() {
		return in.nextAhead()
	}
	if err := in.src.read(); err != nil {
		return piece{}, err
	}
	return in.src.piece(), nil
}

// nextAhead is next while there is a queue.
func (in *intake) nextAhead() (piece, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for {
		switch {
		case in.kicked:
			in.kicked = false
			return piece{}, errInterrupted
		case len(in.queue) > 0:
			return in.pop(), nil
		case in.err != nil:
			return piece{}, in.err
		case !in.pumping:
			return piece{}, errInterrupted // it has just stopped: read directly
		case in.calm >= calmAfter:
			in.stopPump()
			return piece{}, errInterrupted
		}
		in.changed.Wait()
	}
}

func (in *intake) pop() piece {
	p := in.queue[0]
	in.queue[0] = piece{}
	in.queue = in.queue[1:]
	if len(in.queue) == 0 {
		in.queue = nil
	}
	in.hold(-p.cost())
	in.calm++
	in.changed.Broadcast()
	return p
}

func (in *intake) hold(n int64) {
	if n == 0 {
		return // also of an intake that was never used
	}
	in.bytes += n
	in.held.Add(n)
}

// direct says that all that was read ahead is consumed and that the consumer
// reads the connection itself.
func (in *intake) direct() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return !in.pumping && len(in.queue) == 0 && in.err == nil
}

// readAhead lets reading go on while the consumer holds a piece up for d, or
// without end if d is less than 0.
func (in *intake) readAhead(d time.Duration) {
	in.calm = 0
	in.mu.Lock()
	defer in.mu.Unlock()
	if d < 0 || in.ahead >= 0 && d > in.ahead {
		in.ahead = d
	}
	if in.pumping || in.halted || in.err != nil {
		return
	}
	in.pumping = true
	in.wg.Add(1)
	go in.pump()
}

// throwAway lets all that is read ahead, and all that comes, be thrown away.
func (in *intake) throwAway() {
	in.mu.Lock()
	in.throwaway = true
	in.drop()
	in.mu.Unlock()
	in.readAhead(-1)
}

func (in *intake) drop() {
	for _, p := range in.queue {
		p.buf.release()
	}
	in.queue = nil
	in.hold(-in.bytes)
	in.changed.Broadcast()
}

// kick lets the consumer look anew at what it is to do, also while the pump
// does not read.
func (in *intake) kick() {
	in.mu.Lock()
	in.kicked = in.pumping
	in.changed.Broadcast()
	in.mu.Unlock()
}

func (in *intake) discards() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.throwaway
}

// rest ends reading ahead, which the plan gives no more reason for; what was
// read stays to be consumed.
func (in *intake) rest() {
	in.mu.Lock()
	in.ahead = 0
	in.calm = calmAfter
	in.changed.Broadcast()
	in.mu.Unlock()
}

// stopPump waits, with mu held, until the pump has ended. Whoever calls it
// must look at what there is to do again, since an interruption may have been
// meant for more than the pump.
func (in *intake) stopPump() {
	in.stop = true
	in.changed.Broadcast()
	interrupt(in.src.conn)
	for in.pumping {
		in.changed.Wait()
	}
	in.stop, in.kicked, in.calm, in.ahead = false, false, 0, 0
	in.src.conn.SetReadDeadline(time.Time{})
}

// halt ends reading ahead for good: the session is over.
func (in *intake) halt() {
	in.mu.Lock()
	in.stop, in.halted = true, true
	in.changed.Broadcast()
	in.mu.Unlock()
}

// clear gives back what nobody will consume. The pump must have ended.
func (in *intake) clear() {
	in.mu.Lock()
	in.drop()
	in.mu.Unlock()
}

// pump reads ahead until the stream ends or it is stopped.
func (in *intake) pump() {
	defer in.wg.Done()
	for {
		var p piece
		err := in.src.read()
		if err == nil {
			p = compact(in.src.piece())
		}
		if !in.put(p, err) {
			if err == io.EOF && in.client {
				err = in.watch()
			}
			if err != nil && err != io.EOF && err != errInterrupted {
				in.lost(err)
			}
			return
		}
	}
}

// watch waits, after the stream has ended, until the connection is reset, and
// returns how: a behavior may hold up whoever would see it.
func (in *intake) watch() error {
	for {
		err := in.src.watch()
		if err != errInterrupted {
			return err
		}
		in.mu.Lock()
		halted := in.halted
		in.mu.Unlock()
		if halted {
			return err
		}
	}
}

// put queues what the pump has read and waits for room; false ends the pump.
func (in *intake) put(p piece, err error) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case err == errInterrupted:
		in.kicked = !in.stop
	case err != nil:
		in.err = err
		in.stop = true
	case in.throwaway:
		p.buf.release()
	default:
		in.queue = append(in.queue, p)
		in.hold(p.cost())
	}
	in.changed.Broadcast()
	for !in.stop && !in.throwaway && in.bytes >= in.room() {
		in.changed.Wait()
	}
	if in.stop {
		in.pumping = false
		in.changed.Broadcast()
	}
	return in.pumping
}

// room returns how many bytes may be held now: the window while pieces are
// released about when they are due, little when whoever takes them has fallen
// behind, so that the sender is held back and not the memory filled.
func (in *intake) room() int64 {
	if in.ahead == 0 || in.held.Load() >= in.most {
		return roomAtRest
	}
	if len(in.queue) > 0 && in.ahead > 0 && time.Since(in.queue[0].at) > 2*in.ahead {
		return roomAtRest
	}
	return in.window
}

// compact lets a few bytes that may be held for long not hold a large buffer.
func compact(p piece) piece {
	if p.n >= len(p.buf.b)/4 {
		return p
	}
	small := &buffer{slices.Clone(p.bytes()), -1}
	p.buf.release()
	p.buf = small
	return p
}
