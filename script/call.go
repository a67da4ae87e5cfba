package script

import (
	"errors"
	"fmt"
	"sync"

	"go.starlark.net/starlark"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// A call is one call of a handler: what the script knows as ctx. It is of no
// use once the handler has returned.
type call struct {
	b       *acting
	event   *vaurien.Event // nil: the call is over
	msg     message
	args    [2]starlark.Value // of the handler
	session *session
	runner  *runner
	locked  bool // it has the session's lock
	deeds   []deed
	last    string // the verb after which there is nothing left to be done
	engine  error  // the engine's own error, met while the message was read
}

var (
	_ starlark.HasAttrs = (*call)(nil)
	_ starlark.HasAttrs = (*message)(nil)
	_ starlark.HasAttrs = fields{}
)

// contextNames are the attributes of ctx, its verbs aside.
var contextNames = []string{"elapsed", "exchange", "options", "proxy", "session", "state"}

func (c *call) String() string        { return "ctx" }
func (c *call) Type() string          { return "ctx" }
func (c *call) Freeze()               {}
func (c *call) Truth() starlark.Bool  { return true }
func (c *call) Hash() (uint32, error) { return 0, errors.New("unhashable: ctx") }

// AttrNames is for "did you mean".
func (c *call) AttrNames() []string { return allContextNames() }

var errOver = errors.New("ctx and msg are of use until their handler returns")

func (c *call) Attr(name string) (starlark.Value, error) {
	if c.event == nil {
		return nil, errOver
	}
	switch name {
	case "session":
		return c.session.value, nil
	case "exchange":
		return starlark.MakeUint64(c.event.Exchange), nil
	case "options":
		return c.b.options, nil
	case "state":
		return c.session.state, nil
	case "proxy":
		return starlark.String(c.event.Session.Proxy().Name()), nil
	case "elapsed":
		return starlark.Float(c.event.Arrived().Sub(c.b.since).Seconds()), nil
	}
	if v, ok := verbs[name]; ok {
		return v.builtin.BindReceiver(c), nil
	}
	return nil, nil
}

// A session is what a script remembers of a connection.
type session struct {
	value starlark.Value // its number and its client

	mu    sync.Mutex // held by a call whose script names state
	state *starlark.Dict
	bound int // more bytes than this state does not take
}

func newSession(s *vaurien.Session) *session {
	return &session{
		value: fields{"session", map[string]starlark.Value{
			"number": starlark.MakeUint64(s.Number()), "client": starlark.String(s.Client().String()),
		}},
		state: new(starlark.Dict),
	}
}

func (c *call) lock() {
	if c.b.script.stateful {
		c.session.mu.Lock()
		c.locked = true
	}
}

func (c *call) unlock() {
	if c.locked {
		c.locked = false
		c.session.mu.Unlock()
	}
}

// load has the whole message read, which may take as long as its sender likes:
// meanwhile the call is in nobody's way.
func (c *call) load() error {
	if c.event.Message.Body == nil {
		return nil
	}
	c.unlock()
	c.runner.rest()
	_, err := c.event.Load(maxMessage)
	c.lock()
	c.engine = err
	return err
}

// maxMessage is how much of a message a script may look at.
const maxMessage = 1 << 20

// A message is what the script knows as msg.
type message struct{ c *call }

// messageNames are the attributes that every message has.
var messageNames = []string{"bytes", "size", "text", "verb"}

func (m *message) String() string        { return "msg" }
func (m *message) Type() string          { return "msg" }
func (m *message) Freeze()               {}
func (m *message) Truth() starlark.Bool  { return true }
func (m *message) Hash() (uint32, error) { return 0, errors.New("unhashable: msg") }

// AttrNames is for "did you mean".
func (m *message) AttrNames() []string { return m.c.b.messageNames() }

func (m *message) Attr(name string) (starlark.Value, error) {
	e := m.c.event
	if e == nil {
		return nil, errOver
	}
	switch name {
	case "size":
		if body, ok := e.Message.Body.(*vaurien.Length); ok {
			return starlark.MakeInt64(int64(len(e.Message.Head)) + body.N), nil
		} else if e.Message.Body != nil {
			return starlark.None, nil
		}
		return starlark.MakeInt(len(e.Message.Head)), nil
	case "bytes", "text":
		if err := m.c.load(); err != nil {
			return nil, err
		}
		head := e.Message.Head[:min(len(e.Message.Head), maxMessage)]
		if err := pay(&m.c.runner.thread, len(head)); err != nil {
			return nil, err
		}
		if name == "bytes" {
			return starlark.Bytes(head), nil
		}
		return starlark.String(head), nil
	}
	if name == "verb" || e.Point == vaurien.Request && m.c.b.attributes[name] {
		switch v := e.Attribute(name).(type) {
		case string:
			return starlark.String(v), nil
		case int64:
			return starlark.MakeInt64(v), nil
		case bool:
			return starlark.Bool(v), nil
		}
	}
	return nil, nil
}

// fields is a value with attributes that do not change.
type fields struct {
	name   string
	values map[string]starlark.Value
}

func (f fields) String() string        { return f.name }
func (f fields) Type() string          { return f.name }
func (f fields) Freeze()               {}
func (f fields) Truth() starlark.Bool  { return true }
func (f fields) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: %s", f.name) }

// Attr implements starlark.HasAttrs.
func (f fields) Attr(name string) (starlark.Value, error) { return f.values[name], nil }

// AttrNames is for "did you mean".
func (f fields) AttrNames() []string { return sortedKeys(f.values) }

// maxState is how many bytes ctx.state may take.
const maxState = 64 << 10

// settle looks after what the call has left in the session's state. It has
// grown by no more than the call has allocated, so that it is measured only
// now and then.
func (c *call) settle() error {
	s := c.session
	if !c.locked {
		return nil
	}
	if s.bound += int(c.runner.thread.Steps) * stepBytes; s.bound <= maxState {
		return nil
	}
	s.bound = 0
	if err := measure(s.state, &s.bound, 0); err != nil {
		s.state, s.bound = new(starlark.Dict), 0
		return fmt.Errorf("%w: ctx.state is empty again", err)
	}
	return nil
}

// measure adds to n what v and all it holds take.
func measure(v starlark.Value, n *int, depth int) error {
	if *n += sizeOf(v) + stepBytes; *n > maxState {
		return fmt.Errorf("ctx.state takes more than %s", option.FormatSize(maxState))
	}
	if depth > 32 {
		return errors.New("ctx.state holds what is nested more than 32 deep")
	}
	switch v := v.(type) {
	case *starlark.Dict:
		for key, x := range v.Entries() {
			if err := errors.Join(measure(key, n, depth+1), measure(x, n, depth+1)); err != nil {
				return err
			}
		}
	case *starlark.List, starlark.Tuple, *starlark.Set:
		for x := range starlark.Elements(v.(starlark.Iterable)) {
			if err := measure(x, n, depth+1); err != nil {
				return err
			}
		}
	case starlark.NoneType, starlark.Bool, starlark.Int, starlark.Float, starlark.String, starlark.Bytes:
	default:
		return fmt.Errorf("ctx.state holds a %s: keep text, numbers, lists, dicts and sets in it", v.Type())
	}
	return nil
}
