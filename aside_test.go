package vaurien_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// A long reply waits for no more than it must of what is held aside.
func TestAsideAndLongReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := does{vaurien.Request, func(e *vaurien.Event, _ vaurien.Next) error { return e.Hold() }}
		slow := does{vaurien.Reply, func(e *vaurien.Event, next vaurien.Next) error {
			if err := e.Sleep(time.Second); err != nil {
				return err
			}
			return next()
		}}
		w := newWorldWith(t, vaurien.NewPlan(vaurien.Chain(verb("HANG", hang), verb("GET", slow))),
			func(_ *world, c *vaurien.Config) { c.Protocol = bigReplies{lines{anyOrder: true}} })
		defer w.close()
		c, b := w.dial(), w.accept()
		w.play(c, b, "C> 1 HANG\nC> 2 GET\nB< 2 GET\nB> 2 a+\nB> 2 big\n+5s\nC< 2 a+\nC< 2 big")
	})
	// Requests that the backend does not read do not keep replies from it.
	synctest.Test(t, func(t *testing.T) {
		short := does{vaurien.Request | vaurien.Reply, func(e *vaurien.Event, next vaurien.Next) error {
			if err := e.Sleep(time.Second); err != nil {
				return err
			}
			return next()
		}}
		w := newWorldWith(t, vaurien.NewPlan(short), func(_ *world, c *vaurien.Config) { c.Protocol = lines{anyOrder: true} })
		defer w.close()
		c, b := w.dial(), w.accept()
		long := strings.Repeat("x", 500<<10)
		go func() {
			for id := range 40 {
				fmt.Fprintf(c, "%d %s\n", id+1, long)
			}
		}()
		time.Sleep(time.Minute)
		w.play(c, b, "B> 1 got\n+5s\nC< 1 got")
	})
}

// bigReplies is a protocol whose replies that say big are not held in memory.
type bigReplies struct{ lines }

func (b bigReplies) NewCodec() vaurien.Codec { return bigCodec{b.lines.NewCodec().(*linesCodec)} }

type bigCodec struct{ *linesCodec }

func (c bigCodec) ReadReply(r *vaurien.Reader, req, m *vaurien.Message) error {
	err := c.linesCodec.ReadReply(r, req, m)
	if err == nil && strings.HasSuffix(string(m.Head), "big\n") {
		m.Body = endless{}
	}
	return err
}

// endless is a body of no known length, and of no bytes.
type endless struct{}

func (endless) Next(*vaurien.Reader) (int64, error) { return 0, io.EOF }
