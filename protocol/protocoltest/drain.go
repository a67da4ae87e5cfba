package protocoltest

import (
	"io"

	"github.com/vaurien-proxy/vaurien"
)

// Drain takes a body from r as the engine does, and throws it away. A nil body
// is none.
func Drain(r *vaurien.Reader, b vaurien.Body) error {
	for b != nil {
		n, err := b.Next(r)
		if err == io.EOF {
			return nil
		}
		for n > 0 && err == nil {
			if len(r.Buffered()) == 0 {
				err = r.More()
			}
			k := min(n, int64(len(r.Buffered())))
			r.Take(int(k))
			n -= k
		}
		if err != nil {
			return err
		}
	}
	return nil
}
