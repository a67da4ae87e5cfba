package behavior

import (
	"io"
	"strconv"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Error answers requests with the protocol's own error and does not pass them
// on; or, with inject, spoils replies with random bytes.
func Error() vaurien.Kind {
	return vaurien.Kind{
		Name: "error",
		Doc:  "answers with an error instead of passing the request on",
		New: func(set *option.Set) func() vaurien.Behavior {
			var f failing
			var warmup int64
			f.declare(set)
			set.Int(&warmup, "warmup", 0, "calls let through first, over all connections").AtLeast("0")
			return func() vaurien.Behavior {
				if warmup == 0 {
					return f.behavior()
				}
				return vaurien.After(warmup, f.behavior())
			}
		},
	}
}

// failing is what error and transient have in common.
type failing struct {
	inject bool
	code   string
}

// anyCode is the option code's word for leaving the choice to the dice.
const anyCode = "any"

func (f *failing) declare(set *option.Set) {
	set.Bool(&f.inject, "inject", false, "pass the request on, and put random bytes into the middle of the reply")
	set.Choice(&f.code, "code", anyCode, "the status that http answers with; any: drawn by the dice", anyCode, "500", "501", "502", "503")
}

func (f *failing) behavior() vaurien.Behavior {
	if f.inject {
		return injected{}
	}
	code, _ := strconv.Atoi(f.code) // 0 for any
	return failed{vaurien.Failure{Code: code}}
}

type failed struct{ failure vaurien.Failure }

func (failed) Points() vaurien.Point { return vaurien.Request }

func (f failed) Act(e *vaurien.Event, _ vaurien.Next) error { return e.Fail(f.failure) }

// injected puts random bytes into each reply.
type injected struct{}

func (injected) Points() vaurien.Point { return vaurien.Reply }

func (injected) Act(e *vaurien.Event, next vaurien.Next) error {
	noise := make([]byte, noiseLeast+e.Rand().IntN(noiseLeast))
	for i := range noise {
		noise[i] = byte(e.Rand().Uint32())
	}
	w := &injector{w: e.Out, noise: noise}
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
	w     io.Writer
	skip  int
	noise []byte
}

func (i *injector) Write(p []byte) (int, error) {
	if i.noise == nil || len(p) <= i.skip {
		i.skip -= len(p)
		return i.w.Write(p)
	}
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
