package condition

import (
	"fmt"

	"go.starlark.net/syntax"

	"github.com/vaurien-proxy/vaurien"
)

// A kind is what an expression is.
type kind uint8

const (
	text kind = iota
	number
	truth
)

func (k kind) String() string { return [...]string{"text", "a number", "true or false"}[k] }

// A value is a compiled expression: the closure of its kind computes it.
type value struct {
	kind   kind
	text   func(*env) string
	number func(*env) int64
	truth  func(*env) bool
}

// A compiler compiles one condition. Its methods panic with an *Error.
type compiler struct {
	columns    []int // see starlark
	attributes []vaurien.Attribute
	names      []string // those named so far, by slot
}

// compile returns what computes a condition.
func (c *compiler) compile(x syntax.Expr) (holds func(*env) bool, err error) {
	defer func() {
		switch failed := recover().(type) {
		case nil:
		case *Error:
			err = failed
		default:
			panic(failed)
		}
	}()
	v := c.expr(x)
	if v.kind != truth {
		c.fail(syntax.Start(x), "a condition is true or false; this is %v: compare it, as in verb == \"GET\"", v.kind)
	}
	return v.truth, nil
}

func (c *compiler) fail(at syntax.Position, format string, args ...any) {
	panic(&Error{c.column(at), fmt.Sprintf(format, args...)})
}

// column returns the column in the user's text of a place in the source.
func (c *compiler) column(at syntax.Position) int {
	return c.columns[min(max(int(at.Col)-1, 0), len(c.columns)-1)]
}

// expr compiles an expression. What is not listed here is not allowed.
func (c *compiler) expr(x syntax.Expr) value {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return c.expr(x.X)
	case *syntax.Literal:
		return c.literal(x)
	case *syntax.Ident:
		return c.name(x)
	case *syntax.UnaryExpr:
		return c.unary(x)
	case *syntax.BinaryExpr:
		return c.binary(x)
	case *syntax.CondExpr:
		return c.conditional(x)
	case *syntax.CallExpr:
		return c.call(x)
	case *syntax.IndexExpr:
		return c.index(x)
	case *syntax.SliceExpr:
		return c.slice(x)
	case *syntax.DotExpr:
		c.fail(x.Name.NamePos, "%q without parentheses: methods are called, as in key.startsWith(\"cart:\")", x.Name.Name)
	case *syntax.ListExpr, *syntax.TupleExpr:
		c.fail(syntax.Start(x), `a list has its place after in: verb in ["GET", "HEAD"]`)
	}
	c.fail(syntax.Start(x), "not allowed in a condition")
	return value{}
}

// of compiles an expression that must be of a kind; what says whose it is.
func (c *compiler) of(k kind, x syntax.Expr, what string) value {
	v := c.expr(x)
	if v.kind == k {
		return v
	}
	hint := ""
	if k == truth && v.kind == text {
		hint = `: compare it, as in verb != ""`
	} else if k == truth {
		hint = ": compare it, as in session != 0"
	}
	c.fail(syntax.Start(x), "%s takes %v, not %v%s", what, k, v.kind, hint)
	return v
}

func (c *compiler) literal(x *syntax.Literal) value {
	switch v := x.Value.(type) {
	case string:
		if x.Token == syntax.STRING {
			return value{kind: text, text: func(*env) string { return v }}
		}
		c.fail(x.TokenPos, "write text without a b before it")
	case int64:
		return value{kind: number, number: func(*env) int64 { return v }}
	}
	c.fail(x.TokenPos, "%s is no whole number of 64 bits", x.Raw)
	return value{}
}

// name compiles an attribute, or one of the words for true and false.
func (c *compiler) name(x *syntax.Ident) value {
	var zero any
	names := make([]string, len(c.attributes))
	for i, a := range c.attributes {
		if names[i] = a.Name; a.Name == x.Name {
			zero = a.Zero
		}
	}
	slot := func() int {
		for i, n := range c.names {
			if n == x.Name {
				return i
			}
		}
		c.names = append(c.names, x.Name)
		return len(c.names) - 1
	}
	switch zero.(type) {
	case string:
		slot := slot()
		return value{kind: text, text: func(e *env) string { s, _ := e.value(slot).(string); return s }}
	case int64:
		slot := slot()
		return value{kind: number, number: func(e *env) int64 { n, _ := e.value(slot).(int64); return n }}
	case bool:
		slot := slot()
		return value{kind: truth, truth: func(e *env) bool { b, _ := e.value(slot).(bool); return b }}
	}
	switch x.Name {
	case "true", "True":
		return value{kind: truth, truth: func(*env) bool { return true }}
	case "false", "False":
		return value{kind: truth, truth: func(*env) bool { return false }}
	case "null", "None":
		c.fail(x.NamePos, `no attribute is ever %s: of a request without it, text is "", a number 0 and anything else false`, x.Name)
	}
	c.fail(x.NamePos, "unknown attribute %q%s", x.Name, known(x.Name, names))
	return value{}
}

// conditional compiles x if c else y.
func (c *compiler) conditional(x *syntax.CondExpr) value {
	yes := c.of(truth, x.Cond, "if").truth
	a, b := c.expr(x.True), c.expr(x.False)
	if a.kind != b.kind {
		c.fail(x.If, "%v if so, and %v if not: both must be of one kind", a.kind, b.kind)
	}
	v := value{kind: a.kind}
	switch a.kind {
	case text:
		v.text = func(e *env) string {
			if yes(e) {
				return a.text(e)
			}
			return b.text(e)
		}
	case number:
		v.number = func(e *env) int64 {
			if yes(e) {
				return a.number(e)
			}
			return b.number(e)
		}
	case truth:
		v.truth = func(e *env) bool {
			if yes(e) {
				return a.truth(e)
			}
			return b.truth(e)
		}
	}
	return v
}
