package behavior

import (
	"math"
	"math/rand/v2"
	"sync"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Corrupt changes some of the bytes that pass, one here and one there, as bad
// memory or a bad line does behind the checksums. The protocol is not spared:
// lengths and names are changed as everything is.
func Corrupt() vaurien.Kind {
	return vaurien.Kind{
		Name: "corrupt",
		Doc:  "changes some of the bytes that pass",
		New: func(set *option.Set) vaurien.Make {
			c := new(corrupt)
			set.Float(&c.rate, "rate", 0.001, "the part of all bytes that is changed").AtLeast("0").AtMost("1")
			set.Choice(&c.unit, "unit", "bit", "what is changed of a byte: one bit, or all of it", "bit", "byte")
			c.declare(set)
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return c, nil }
		},
	}
}

type corrupt struct {
	way
	rate float64
	unit string
}

func (c *corrupt) Points() vaurien.Point {
	if c.rate == 0 {
		return 0
	}
	return c.points()
}

func (c *corrupt) Act(e *vaurien.Event, next vaurien.Next) error {
	through(e, &corrupting{c: c, e: e, rng: e.Rand(), sound: remembered[sound](e, c)})
	return next()
}

// sound is how many bytes are sound until the next that is not. It is drawn as
// a whole, of the geometric distribution, so that sound bytes cost nothing.
type sound struct {
	mu    sync.Mutex
	drawn bool
	left  int64
}

// next returns the place of the next unsound byte among the n that are next, or
// n if there is none.
func (s *sound) next(n int, rate float64, rng *rand.Rand) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.drawn {
		s.left, s.drawn = geometric(rate, rng), true
	}
	if s.left >= int64(n) {
		s.left -= int64(n)
		return n
	}
	s.drawn = false
	return int(s.left)
}

// geometric draws how many trials fail before one that succeeds with the
// probability p.
func geometric(p float64, rng *rand.Rand) int64 {
	if p >= 1 {
		return 0
	}
	// ExpFloat64 is -ln of a number from 0 to 1.
	return int64(min(rng.ExpFloat64()/-math.Log1p(-p), 1<<62))
}

// corrupting is the stage of a corrupt.
type corrupting struct {
	onward
	c     *corrupt
	e     *vaurien.Event
	rng   *rand.Rand
	sound *sound
	over  bool // the corruption is no longer in force
}

// scratches are where bytes are changed; those given to write are not ours.
var scratches = sync.Pool{New: func() any { return new([16 << 10]byte) }}

func (s *corrupting) Write(p []byte) (int, error) {
	written := 0
	for at := 0; written < len(p); {
		if s.over = s.over || !s.e.Stays(s.c); s.over {
			at = len(p)
		} else {
			at += s.sound.next(len(p)-at, s.c.rate, s.rng)
		}
		if at == len(p) {
			n, err := s.w.Write(p[written:])
			return written + n, err
		}
		s.e.Note("corrupt", "")
		n, err := s.change(p[written:], at-written)
		if written += n; err != nil {
			return written, err
		}
		at = written
	}
	return written, nil
}

// change writes the beginning of p, whose first unsound byte is at i: what is
// sound before it, and what fits in a scratch from there.
func (s *corrupting) change(p []byte, i int) (int, error) {
	written := 0
	scratch := scratches.Get().(*[16 << 10]byte)
	defer scratches.Put(scratch)
	if i >= len(scratch) {
		n, err := s.w.Write(p[:i])
		if err != nil {
			return n, err
		}
		written, i, p = n, 0, p[i:]
	}
	b := scratch[:copy(scratch[:], p)]
	for i < len(b) {
		b[i] ^= s.mask()
		i++
		i += s.sound.next(len(b)-i, s.c.rate, s.rng)
	}
	n, err := s.w.Write(b)
	return written + n, err
}

// mask draws what is changed of a byte.
func (s *corrupting) mask() byte {
	if s.c.unit == "bit" {
		return 1 << s.rng.IntN(8)
	}
	return byte(1 + s.rng.IntN(255))
}
