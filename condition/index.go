package condition

import "go.starlark.net/syntax"

// index compiles key[0]: one byte of text. A negative index counts from the
// end.
func (c *compiler) index(x *syntax.IndexExpr) value {
	v, i, column := c.of(text, x.X, "[ ]").text, c.of(number, x.Y, "[ ]").number, c.column(x.Lbrack)
	return value{kind: text, text: func(e *env) string {
		s, at := v(e), i(e)
		if at < 0 {
			at += int64(len(s))
		}
		if at < 0 || at >= int64(len(s)) {
			e.fail(column, "index out of range: the text has %d bytes", len(s))
			return ""
		}
		return s[at : at+1]
	}}
}

// slice compiles key[2:5]: the bytes from 2 to before 5, as far as there are
// any.
func (c *compiler) slice(x *syntax.SliceExpr) value {
	if x.Step != nil {
		c.fail(syntax.Start(x.Step), "a step is not allowed in a condition")
	}
	v := c.of(text, x.X, "[ ]").text
	from := func(*env, int) int { return 0 }
	to := func(_ *env, n int) int { return n }
	if x.Lo != nil {
		from = bound(c.of(number, x.Lo, "[ ]").number)
	}
	if x.Hi != nil {
		to = bound(c.of(number, x.Hi, "[ ]").number)
	}
	return value{kind: text, text: func(e *env) string {
		s := v(e)
		a, b := from(e, len(s)), to(e, len(s))
		return s[a:max(a, b)]
	}}
}

// bound returns a bound of a slice of n bytes, within them.
func bound(i func(*env) int64) func(*env, int) int {
	return func(e *env, n int) int {
		at := i(e)
		if at < 0 {
			at += int64(n)
		}
		return int(min(max(at, 0), int64(n)))
	}
}
