package script

import (
	"io"
	"time"

	"go.starlark.net/starlark"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Kind returns what the script does as a kind of behavior of that name.
func (s *Script) Kind(name string) vaurien.Kind {
	return vaurien.Kind{
		Name: name,
		Doc:  s.doc,
		New: func(set *option.Set) vaurien.Make {
			values := make(map[string]func() starlark.Value)
			for _, d := range s.options {
				values[d.name] = d.declare(set)
			}
			return func(p vaurien.Protocol) (vaurien.Behavior, error) {
				b := &acting{script: s, since: time.Now(), attributes: make(map[string]bool)}
				b.options = fields{"options", make(map[string]starlark.Value)}
				for name, value := range values {
					b.options.values[name] = value()
				}
				b.failing, _ = p.(vaurien.Failing)
				if d, ok := p.(vaurien.Describing); ok {
					for _, a := range d.Attributes() {
						b.attributes[a.Name] = true
					}
				}
				if err := b.check(); err != nil {
					return nil, err
				}
				return b.behavior(), nil
			}
		},
	}
}

// acting is a script at work in one plan.
type acting struct {
	script     *Script
	options    fields
	failing    vaurien.Failing // nil: the protocol has no failures of its own
	attributes map[string]bool // the protocol's
	since      time.Time
	window     window // of the requests
}

// behavior returns what the script does: what it does to connections apart from
// what it does to their exchanges, which are drawn one by one.
func (b *acting) behavior() vaurien.Behavior {
	const connection = vaurien.Accept
	if p := b.Points(); p&connection == 0 || p&^connection == 0 {
		return b
	}
	return vaurien.Chain(vaurien.At(connection, b), vaurien.At(b.Points()&^connection, b))
}

// Points implements vaurien.Behavior.
func (b *acting) Points() vaurien.Point {
	var p vaurien.Point
	for at := range b.script.on {
		p |= at
	}
	return p
}

// Act implements vaurien.Behavior.
func (b *acting) Act(e *vaurien.Event, next vaurien.Next) error {
	c, err := b.decide(e)
	switch {
	case c.engine != nil:
		return c.engine
	case err != nil:
		e.Fault(b.script.located(err))
		return next()
	}
	return c.do(e, next)
}

// decide lets the script's handler note what is to be done.
func (b *acting) decide(e *vaurien.Event) (*call, error) {
	if b.script.counts && e.Point == vaurien.Request {
		b.window.add(e.Arrived())
	}
	c := &call{b: b, event: e, runner: b.script.runners.pool.Get().(*runner)}
	c.session = e.Local(b, func() any { return newSession(e.Session) }).(*session)
	c.msg.c = c
	c.args = [2]starlark.Value{c, &c.msg}
	args := c.args[:1]
	if e.Message != nil {
		args = c.args[:2]
	}
	c.lock()
	err := c.runner.run(c, func(t *starlark.Thread) error {
		_, err := starlark.Call(t, b.script.on[e.Point], args, nil)
		return err
	})
	if broken := c.settle(); err == nil {
		err = broken
	}
	c.unlock()
	c.runner.done()
	c.event, c.runner = nil, nil
	return c, err
}

// do does what the script has decided.
func (c *call) do(e *vaurien.Event, next vaurien.Next) error {
	for _, d := range c.deeds {
		var err error
		switch d.verb {
		case "delay":
			err = e.Sleep(d.wait)
		case "hold":
			err = e.Hold()
		case "replace":
			err = e.Replace(d.bytes)
		case "fail":
			return c.b.fail(e, d.failure, next)
		case "drop":
			return nil
		case "cut":
			return cutAfter(e, next, d)
		case "close":
			return e.Close()
		case "reset":
			return e.Reset()
		}
		if err != nil {
			return err
		}
	}
	return next()
}

// fail fails the request, or the connection, in the way that was decided, or
// lets it pass where its server could not fail it so.
func (b *acting) fail(e *vaurien.Event, f vaurien.Failure, next vaurien.Next) error {
	if b.failing != nil && (f.Kind != "" || f.Code == "") && (e.Message == nil || e.Framed()) {
		fit := vaurien.Fit(b.failing, e.Message, f.Kind)
		if len(fit) == 0 {
			return next()
		}
		if f.Kind == "" {
			f.Kind = fit[e.Rand().IntN(len(fit))].Name
		}
	}
	return e.Fail(f)
}

// cutAfter passes the message's first bytes on and ends the connection.
func cutAfter(e *vaurien.Event, next vaurien.Next, d deed) error {
	end := e.Close
	if d.reset {
		end = e.Reset
	}
	e.Out = &cutter{e.Out, d.after, end}
	if err := next(); err != nil {
		return err
	}
	return end()
}

// A cutter writes so many bytes and then ends the connection.
type cutter struct {
	w    io.Writer
	left int64
	end  func() error
}

func (c *cutter) Write(p []byte) (int, error) {
	if int64(len(p)) <= c.left {
		c.left -= int64(len(p))
		return c.w.Write(p)
	}
	n, err := c.w.Write(p[:c.left])
	if err == nil {
		err = c.end()
	}
	return n, err
}
