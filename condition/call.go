package condition

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"go.starlark.net/syntax"

	"github.com/vaurien-proxy/vaurien/option"
)

// longestMatched is how much text a pattern is tried on. RE2 takes time in
// proportion to it, and to the pattern.
const longestMatched = 64 << 10

// methodNames are the methods of text to suggest. Starlark's own names for them
// are understood too.
var methodNames = []string{"contains", "endsWith", "lower", "matches", "startsWith", "strip", "upper"}

// method compiles a call of a method of text.
func (c *compiler) method(name *syntax.Ident, v value, x *syntax.CallExpr) value {
	switch name.Name {
	case "startsWith", "startswith":
		return c.affix(v, x, strings.HasPrefix, name.Name)
	case "endsWith", "endswith":
		return c.affix(v, x, strings.HasSuffix, name.Name)
	case "contains":
		return c.contains(v, x)
	case "matches":
		return c.matches(v, x)
	case "lower":
		return c.changed(v, x, strings.ToLower, name.Name)
	case "upper":
		return c.changed(v, x, strings.ToUpper, name.Name)
	case "strip":
		return c.changed(v, x, strings.TrimSpace, name.Name)
	}
	c.fail(name.NamePos, "unknown method %q%s", name.Name, known(name.Name, methodNames))
	return value{}
}

// function compiles a call of a function.
func (c *compiler) function(name *syntax.Ident, x *syntax.CallExpr) value {
	switch name.Name {
	case "len":
		return c.length(x)
	case "int":
		return c.toNumber(x)
	case "str":
		return c.toText(x)
	}
	c.fail(name.NamePos, "unknown function %q%s", name.Name, known(name.Name, []string{"int", "len", "str"}))
	return value{}
}

// known suggests the nearest of the names that there are, and lists them.
func known(name string, names []string) string {
	return cmp.Or(option.DidYouMean(name, names), ";") + " known: " + strings.Join(names, ", ")
}

func (c *compiler) call(x *syntax.CallExpr) value {
	for _, arg := range x.Args {
		if u, ok := arg.(*syntax.UnaryExpr); ok && (u.Op == syntax.STAR || u.Op == syntax.STARSTAR) {
			c.fail(u.OpPos, "%v is not allowed in a condition", u.Op)
		}
	}
	switch fn := x.Fn.(type) {
	case *syntax.Ident:
		return c.function(fn, x)
	case *syntax.DotExpr:
		if list, ok := listOf(fn.X); ok && fn.Name.Name == "contains" {
			c.arguments(x, "contains")
			return value{kind: truth, truth: c.in(c.expr(x.Args[0]), &syntax.ListExpr{List: list}, fn.NamePos)}
		}
		return c.method(fn.Name, c.of(text, fn.X, fn.Name.Name), x)
	}
	c.fail(x.Lparen, "only len, int, str and the methods of text can be called")
	return value{}
}

// arguments checks that a call has the one argument that it takes.
func (c *compiler) arguments(x *syntax.CallExpr, name string) {
	if len(x.Args) != 1 {
		c.fail(x.Lparen, "%s takes one argument", name)
	}
}

// changed compiles a method that takes no argument and returns text.
func (c *compiler) changed(v value, x *syntax.CallExpr, change func(string) string, name string) value {
	if len(x.Args) != 0 {
		c.fail(x.Lparen, "%s takes no argument", name)
	}
	return value{kind: text, text: func(e *env) string { return change(v.text(e)) }}
}

// affix compiles whether text begins or ends with another, or with one of a
// list.
func (c *compiler) affix(v value, x *syntax.CallExpr, has func(s, part string) bool, name string) value {
	c.arguments(x, name)
	list, ok := listOf(x.Args[0])
	if !ok {
		part := c.of(text, x.Args[0], name).text
		return value{kind: truth, truth: func(e *env) bool { return has(v.text(e), part(e)) }}
	}
	parts := make([]func(*env) string, len(list))
	for i, p := range list {
		parts[i] = c.of(text, p, name).text
	}
	return value{kind: truth, truth: func(e *env) bool {
		s := v.text(e)
		for _, part := range parts {
			if has(s, part(e)) {
				return true
			}
		}
		return false
	}}
}

func (c *compiler) contains(v value, x *syntax.CallExpr) value {
	c.arguments(x, "contains")
	part := c.of(text, x.Args[0], "contains").text
	return value{kind: truth, truth: func(e *env) bool { return strings.Contains(v.text(e), part(e)) }}
}

// matches compiles whether a pattern is found anywhere in text.
func (c *compiler) matches(v value, x *syntax.CallExpr) value {
	c.arguments(x, "matches")
	at := syntax.Start(x.Args[0])
	l, ok := x.Args[0].(*syntax.Literal)
	if !ok || l.Token != syntax.STRING {
		c.fail(at, "matches takes a pattern in quotes")
	}
	re, err := regexp.Compile(l.Value.(string))
	if err != nil {
		c.fail(at, "%v", err)
	}
	column := c.column(at)
	return value{kind: truth, truth: func(e *env) bool {
		s := v.text(e)
		if len(s) > longestMatched {
			e.fail(column, "text of more than 64 KiB is not compared with a pattern")
			return false
		}
		return re.MatchString(s)
	}}
}

func (c *compiler) length(x *syntax.CallExpr) value {
	c.arguments(x, "len")
	v := c.of(text, x.Args[0], "len")
	return value{kind: number, number: func(e *env) int64 { return int64(len(v.text(e))) }}
}

// toNumber compiles int: of decimal digits, with a sign or without.
func (c *compiler) toNumber(x *syntax.CallExpr) value {
	c.arguments(x, "int")
	v, column := c.expr(x.Args[0]), c.column(x.Lparen)
	switch v.kind {
	case number:
		return v
	case text:
		return value{kind: number, number: func(e *env) int64 {
			s := v.text(e)
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				e.fail(column, "int of %.40q, which is no whole number of 64 bits", s)
			}
			return n
		}}
	}
	c.fail(syntax.Start(x.Args[0]), "int takes text, not %v", v.kind)
	return value{}
}

func (c *compiler) toText(x *syntax.CallExpr) value {
	c.arguments(x, "str")
	v := c.expr(x.Args[0])
	switch v.kind {
	case text:
		return v
	case number:
		return value{kind: text, text: func(e *env) string { return strconv.FormatInt(v.number(e), 10) }}
	}
	c.fail(syntax.Start(x.Args[0]), "str takes a number, not %v", v.kind)
	return value{}
}
