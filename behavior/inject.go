package behavior

import (
	"io"

	"github.com/vaurien-proxy/vaurien"
)

// injected puts random bytes into each reply.
type injected struct{}

func (injected) Points() vaurien.Point { return vaurien.Reply }

func (injected) Act(e *vaurien.Event, next vaurien.Next) error {
	noise := make([]byte, noiseLeast+e.Rand().IntN(noiseLeast))
	for i := range noise {
		noise[i] = byte(e.Rand().Uint32())
	}
	w := &injector{e: e, w: e.Out, noise: noise}
	if e.Message.Body != nil {
		w.skip = len(e.Message.Head) // the data is in the body
	}
	e.Out = w
	return next()
}

// noiseLeast is how many random bytes are put into a reply at least; at most
// they are twice as many. A line or a header is longer than that, so that the
// harm does not hide in one.
const noiseLeast = 64

// injector writes what it is given, with noise in the middle of the first
// piece after skip bytes.
type injector struct {
	e     *vaurien.Event
	w     io.Writer
	skip  int
	noise []byte
}

func (i *injector) Write(p []byte) (int, error) {
	if i.noise == nil || len(p) <= i.skip {
		i.skip -= len(p)
		return i.w.Write(p)
	}
	i.e.Note("inject", "")
	half := i.skip + (len(p)-i.skip)/2
	n, err := i.w.Write(p[:half])
	if err != nil {
		return n, err
	}
	if _, err := i.w.Write(i.noise); err != nil {
		return n, err
	}
	i.noise = nil
	m, err := i.w.Write(p[half:])
	return n + m, err
}
