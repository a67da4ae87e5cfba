package condition

import (
	"math"
	"math/bits"
	"strings"

	"go.starlark.net/syntax"
)

func (c *compiler) unary(x *syntax.UnaryExpr) value {
	switch x.Op {
	case syntax.NOT:
		a := c.of(truth, x.X, "not").truth
		return value{kind: truth, truth: func(e *env) bool { return !a(e) }}
	case syntax.PLUS:
		return c.of(number, x.X, "+")
	case syntax.MINUS:
		a, column := c.of(number, x.X, "-").number, c.column(x.OpPos)
		return value{kind: number, number: func(e *env) int64 { return e.sum(0, a(e), true, column) }}
	}
	c.fail(x.OpPos, "%v is not allowed in a condition", x.Op)
	return value{}
}

func (c *compiler) binary(x *syntax.BinaryExpr) value {
	switch x.Op {
	case syntax.AND:
		a, b := c.of(truth, x.X, "and").truth, c.of(truth, x.Y, "and").truth
		return value{kind: truth, truth: func(e *env) bool { return a(e) && b(e) }}
	case syntax.OR:
		a, b := c.of(truth, x.X, "or").truth, c.of(truth, x.Y, "or").truth
		return value{kind: truth, truth: func(e *env) bool { return a(e) || b(e) }}
	case syntax.EQL, syntax.NEQ:
		return c.equal(x)
	case syntax.LT, syntax.LE, syntax.GT, syntax.GE:
		return c.order(x)
	case syntax.IN, syntax.NOT_IN:
		in := c.in(c.expr(x.X), x.Y, x.OpPos)
		if x.Op == syntax.IN {
			return value{kind: truth, truth: in}
		}
		return value{kind: truth, truth: func(e *env) bool { return !in(e) }}
	case syntax.PLUS, syntax.MINUS, syntax.STAR, syntax.SLASHSLASH, syntax.PERCENT:
		return c.arithmetic(x)
	case syntax.SLASH:
		c.fail(x.OpPos, "write // to divide whole numbers")
	}
	c.fail(x.OpPos, "%v is not allowed in a condition", x.Op)
	return value{}
}

// same compiles two expressions that must be of one kind.
func (c *compiler) same(x *syntax.BinaryExpr) (a, b value) {
	a, b = c.expr(x.X), c.expr(x.Y)
	if a.kind != b.kind {
		c.fail(x.OpPos, "%v %v %v: both sides must be of one kind", a.kind, x.Op, b.kind)
	}
	return a, b
}

// equal compiles == and !=.
func (c *compiler) equal(x *syntax.BinaryExpr) value {
	a, b := c.same(x)
	v := value{kind: truth}
	switch is := x.Op == syntax.EQL; a.kind {
	case text:
		v.truth = func(e *env) bool { return (a.text(e) == b.text(e)) == is }
	case number:
		v.truth = func(e *env) bool { return (a.number(e) == b.number(e)) == is }
	case truth:
		v.truth = func(e *env) bool { return (a.truth(e) == b.truth(e)) == is }
	}
	return v
}

// order compiles < <= > >=. Text is ordered by its bytes.
func (c *compiler) order(x *syntax.BinaryExpr) value {
	a, b := c.same(x)
	if x.Op == syntax.GT || x.Op == syntax.LE { // a > b is b < a, a <= b is not b < a
		a, b = b, a
	}
	v := value{kind: truth}
	switch less := x.Op == syntax.LT || x.Op == syntax.GT; a.kind {
	case text:
		v.truth = func(e *env) bool { return (a.text(e) < b.text(e)) == less }
	case number:
		v.truth = func(e *env) bool { return (a.number(e) < b.number(e)) == less }
	case truth:
		c.fail(x.OpPos, "true and false have no order")
	}
	return v
}

// in compiles whether a is part of a text or one of a list.
func (c *compiler) in(a value, where syntax.Expr, at syntax.Position) func(*env) bool {
	list, ok := listOf(where)
	if !ok {
		b := c.expr(where)
		if a.kind != text || b.kind != text {
			c.fail(at, `%v in %v: write text in text, or a list, as in verb in ["GET", "HEAD"]`, a.kind, b.kind)
		}
		return func(e *env) bool { return strings.Contains(b.text(e), a.text(e)) }
	}
	members := make([]value, len(list))
	for i, x := range list {
		if members[i] = c.expr(x); members[i].kind != a.kind {
			c.fail(syntax.Start(x), "%v in a list with %v: all must be of one kind", a.kind, members[i].kind)
		}
	}
	switch a.kind {
	case text:
		return func(e *env) bool {
			s := a.text(e)
			for i := range members {
				if members[i].text(e) == s {
					return true
				}
			}
			return false
		}
	case number:
		return func(e *env) bool {
			n := a.number(e)
			for i := range members {
				if members[i].number(e) == n {
					return true
				}
			}
			return false
		}
	}
	c.fail(at, "in takes text or a number, not %v", a.kind)
	return nil
}

// listOf returns what is in a list, written as one or as a tuple.
func listOf(x syntax.Expr) (list []syntax.Expr, ok bool) {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return listOf(x.X)
	case *syntax.ListExpr:
		return x.List, true
	case *syntax.TupleExpr:
		return x.List, true
	}
	return nil, false
}

func (c *compiler) arithmetic(x *syntax.BinaryExpr) value {
	a := c.of(number, x.X, x.Op.String()).number
	b := c.of(number, x.Y, x.Op.String()).number
	column := c.column(x.OpPos)
	v := value{kind: number}
	switch x.Op {
	case syntax.PLUS:
		v.number = func(e *env) int64 { return e.sum(a(e), b(e), false, column) }
	case syntax.MINUS:
		v.number = func(e *env) int64 { return e.sum(a(e), b(e), true, column) }
	case syntax.STAR:
		v.number = func(e *env) int64 { return e.product(a(e), b(e), column) }
	case syntax.SLASHSLASH:
		v.number = func(e *env) int64 { q, _ := e.divide(a(e), b(e), column); return q }
	case syntax.PERCENT:
		v.number = func(e *env) int64 { _, r := e.divide(a(e), b(e), column); return r }
	}
	return v
}

const tooLarge = "a number of more than 64 bits"

// sum returns a + b, or a - b for minus.
func (e *env) sum(a, b int64, minus bool, column int) int64 {
	n, over := a+b, false
	if minus {
		n = a - b
		over = (a < 0) != (b < 0) && (n < 0) != (a < 0)
	} else {
		over = (a < 0) == (b < 0) && (n < 0) != (a < 0)
	}
	if over {
		e.fail(column, tooLarge)
	}
	return n
}

func (e *env) product(a, b int64, column int) int64 {
	high, low := bits.Mul64(magnitude(a), magnitude(b))
	most := uint64(math.MaxInt64)
	if (a < 0) != (b < 0) {
		most++
	}
	if high != 0 || low > most {
		e.fail(column, tooLarge)
	}
	return a * b
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// divide returns a // b and a % b: the quotient is rounded down, and the
// remainder has the sign of b.
func (e *env) divide(a, b int64, column int) (quotient, remainder int64) {
	switch {
	case b == 0:
		e.fail(column, "division by zero")
		return 0, 0
	case b == -1 && a == math.MinInt64:
		e.fail(column, tooLarge)
		return 0, 0
	}
	quotient, remainder = a/b, a%b
	if remainder != 0 && (remainder < 0) != (b < 0) {
		quotient--
		remainder += b
	}
	return quotient, remainder
}
