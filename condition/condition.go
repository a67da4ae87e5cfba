package condition

import (
	"fmt"
	"sync"

	"go.starlark.net/syntax"

	"github.com/vaurien-proxy/vaurien"
)

// longest is how many bytes a condition may have.
const longest = 4 << 10

// Attributes are what a condition is about. A *vaurien.Event is one.
type Attributes interface {
	// Attribute returns an attribute, of its Zero's type; nil stands for the
	// Zero.
	Attribute(name string) any
}

var _ Attributes = (*vaurien.Event)(nil)

// A Condition is a compiled expression. It may be used from many goroutines.
type Condition struct {
	names []string // the attributes that it names, by slot
	holds func(*env) bool
	envs  sync.Pool
}

// An env is what one evaluation knows. Attributes are asked for when they are
// first needed, and once.
type env struct {
	of     Attributes
	names  []string
	values []any // by slot; nil: not asked for
	err    error // the first thing that could not be computed
}

// An Error says what is wrong with a condition, and where. It is one line.
type Error struct {
	Column  int // of the text, counted in characters; the first is 1
	Problem string
}

func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Problem) }

// Compile compiles a condition over these attributes. Its errors are *Error.
func Compile(text string, attributes []vaurien.Attribute) (*Condition, error) {
	source, columns, err := starlark(text)
	if err != nil {
		return nil, err
	}
	c := compiler{columns: columns, attributes: attributes}
	expr, err := new(syntax.FileOptions).ParseExpr("", source, 0)
	if err != nil {
		return nil, syntaxError(err, source, columns)
	}
	holds, err := c.compile(expr)
	if err != nil {
		return nil, err
	}
	m := &Condition{names: c.names, holds: holds}
	m.envs.New = func() any {
		return &env{names: m.names, values: make([]any, len(m.names))}
	}
	return m, nil
}

// Names returns the attributes that the condition names, in the order in which
// they first appear.
func (c *Condition) Names() []string { return c.names }

// Match tells whether the condition holds. Where it cannot be computed it does
// not, and the error, an *Error, says why.
func (c *Condition) Match(of Attributes) (bool, error) {
	e := c.envs.Get().(*env)
	e.of = of
	holds, err := c.holds(e), e.err
	e.of, e.err = nil, nil
	clear(e.values)
	c.envs.Put(e)
	return holds && err == nil, err
}

// value returns the attribute in a slot.
func (e *env) value(slot int) any {
	v := e.values[slot]
	if v == nil {
		v = e.of.Attribute(e.names[slot])
		e.values[slot] = v
	}
	return v
}

// fail notes why the condition cannot be computed. The evaluation goes on, with
// zeros, and comes to nothing.
func (e *env) fail(column int, format string, args ...any) {
	if e.err == nil {
		e.err = &Error{column, fmt.Sprintf(format, args...)}
	}
}
