package script

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// evaluate runs a script whose global x is the result, with the guards or
// without.
func evaluate(source string, guards bool) (string, error) {
	dialect := &syntax.FileOptions{Set: true, While: true, TopLevelControl: true}
	file, err := dialect.Parse("x.star", source, 0)
	if err != nil {
		return "", err
	}
	if !guards {
		p, err := starlark.FileProgram(file, func(string) bool { return false })
		if err != nil {
			return "", err
		}
		globals, err := p.Init(new(starlark.Thread), nil)
		if err != nil {
			return "", err
		}
		return globals["x"].String(), nil
	}
	if err := rewrite(file); err != nil {
		return "", err
	}
	p, err := starlark.FileProgram(file, predeclared.Has)
	if err != nil {
		return "", err
	}
	var rs runners
	rs.init()
	globals, err := rs.load(p)
	if err != nil {
		return "", err
	}
	return globals["x"].String(), nil
}

// The guards change nothing of what a script means.
func TestGuardsAgree(t *testing.T) {
	for _, source := range []string{
		`x = [1 + 2, 1.5 + 2, "a" + "b", [1] + [2], (1,) + (2,), b"a" + b"b"]`,
		`x = [3 * 4, 2.0 * 3, "ab" * 3, 3 * "ab", [1] * 3, (1, 2) * 2, b"x" * 3, "x" * -1, (1 << 70) * (1 << 70)]`,
		`x = [7 % 3, 7.5 % 2, "%s %d %r" % ("a", 1, [2]), "%(a)s%(a)s" % {"a": 1}, "%s" % "x", "%d%%" % 5]`,
		`x = [1 << 3, 1 << 100, 5 | 2, {"a": 1} | {"b": 2}, set([1]) | set([2])]`,
		`x = ["a,b".split(","), "a b".split(), "a\nb".splitlines(), "a-b-c".rsplit("-", 1), ",".join(["a", "b"])]`,
		`x = ["aXbX".replace("X", "yy"), "aXbX".replace("X", "", 1), "{} {x}{x}".format(1, x = 2), "Ab".lower(), "ab".upper(), "ab cd".title()]`,
		`x = [list((1, 2)), tuple([1]), sorted([3, 1], reverse = True), reversed([1, 2]), enumerate(["a"]), zip([1], [2]), dict(a = 1), set([1, 1])]`,
		`x = [str([1, {"a": (2,)}]), repr("a"), int("12"), int("ff", 16), list(range(3)), list(range(9, 0, -3)), any([0, 1]), all([]), min(3, 1), max([1, 2])]`,
		`
def f():
    a = [1]
    b = a
    a += [2]
    s = "a"
    s += "b"
    n = 1
    n += 2
    n *= 5
    n <<= 2
    d = {"n": 1, "l": [1]}
    d["n"] += 4
    d["l"] += (2, 3)
    d["n"] *= 2
    d |= {"z": 0}
    l = [1, 2]
    l[-1] *= 10
    t = (n, s), [a, b]
    (p, q), r = t
    e = {k: v for k, v in d.items()}
    return [a, b, s, n, d, l, t, p, q, r, l[0:1], l[::-1], s[1:], e, d.keys(), d.values(), d.get("n"), [y + 1 for y in l if y % 2 == 0]]
x = f()
`,
		`
def f(a, b = 2, *, c = 3):
    return (a, b, c)
x = [f(*[1]), f(1, **{"c": 9}), f(c = 4, *(1, 2)), (lambda q, r = 1 + 1: q + r)(5)]
`,
	} {
		want, err := evaluate(source, false)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		if got, err := evaluate(source, true); got != want || err != nil {
			t.Errorf("%s\ngot  %s, %v\nwant %s", source, got, err, want)
		}
	}
}

// What would take all memory, or all time, is refused at once. Without the
// guards, each of these takes gigabytes or years.
func TestHostile(t *testing.T) {
	double := func(begin, step string) string {
		return fmt.Sprintf("def f():\n    x = %s\n    for i in range(100):\n        x = %s\n    return x\nx = f()\n", begin, step)
	}
	for _, tt := range []struct{ source, want string }{
		{"def f():\n    while True:\n        pass\nx = f()", tooMuchWork},
		{"def f():\n    return f()\nx = f()", "function f called recursively"},
		{`x = "x" * 1000000000`, "a value of more than 4 MiB"},
		{`x = 1000000000 * "x"`, "a value of more than 4 MiB"},
		{`x = [0] * 100000000`, "a value of more than 4 MiB"},
		{`x = "x" * (1 << 62)`, "a value of more than 4 MiB"},
		{`x = "x" * (1 << 400)`, "a value of more than 4 MiB"},
		{"x = list(range(1000000000000000000))", "a range of more than 1000000"},
		{"x = any(range(1000000000000000000))", "a range of more than 1000000"},
		{"x = max(*range(1000000))", "a value of more than 4 MiB"},
		{"x = [list(range(100000)) for _ in range(1000000)]", tooMuchWork},
		{"y = list(range(200000))\nx = [y[:] for _ in range(1000000)]", tooMuchWork},
		{double(`"x"`, "x + x"), "a value of more than 4 MiB"},
		{double(`"x"`, `"%s%s" % (x, x)`), "a value of more than 4 MiB"},
		{double(`"x"`, `"%(a)s%(a)s" % {"a": x}`), "a value of more than 4 MiB"},
		{double(`"x"`, `"{0}{0}".format(x)`), "a value of more than 4 MiB"},
		{double(`"xx"`, `x.replace("x", x)`), "a value of more than 4 MiB"},
		{double(`"x"`, `x.join([x, x, x])`), "a value of more than 4 MiB"},
		{double("[1]", "x + x"), "a value of more than 4 MiB"},
		{double("2", "x * x"), "a value of more than 4 MiB"},
		{"def f():\n    x = [1]\n    for i in range(100):\n        x += x\n    return x\nx = f()", "a value of more than 4 MiB"},
		{"def f():\n    x = [1]\n    for i in range(100):\n        x.extend(x)\n    return x\nx = f()", "a value of more than 4 MiB"},
		{"def f():\n    x = {\"a\": \"x\"}\n    for i in range(100):\n        x[\"a\"] += x[\"a\"]\n    return x\nx = f()", "a value of more than 4 MiB"},
		{"def f():\n    x = [1]\n    for i in range(100):\n        x = [x, x]\n    return str(x)\nx = f()", "a value of more than 4 MiB"},
		{"def f():\n    x = [1]\n    for i in range(100000):\n        x = [x]\n    return \"%s\" % x\nx = f()", "a value of more than 4 MiB"},
		{double("(1,)", "(x, x)"), "a tuple of more than 4096 tuples"},
		{double("(1,)", "tuple([x, x])"), "a tuple of more than 4096 tuples"},
		{double("(1,)", "zip([x], [x])[0]"), "a tuple of more than 4096 tuples"},
		{double("(1,)", "(x,) + (x,)"), "a tuple of more than 4096 tuples"},
		{`x = int("9" * 1000000)`, "a value of more than 4 MiB"},
		{`x = getattr("a", "join")`, "not in scripts"},
		{`x = ["a".join][0]`, ".join without parentheses: call it"},
		{"x = [i for i in range(1000000)]", tooMuchWork},
		{"def f():\n    d = {}\n    for i in range(1000000):\n        d[i] = [i]\n    return d\nx = f()", tooMuchWork},
	} {
		start := time.Now()
		_, err := evaluate(tt.source, true)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s\n%v\nwant %s", tt.source, err, tt.want)
		}
		if d := time.Since(start); d > 30*time.Second {
			t.Errorf("%s\ntook %v", tt.source, d)
		}
	}
}

// The limits leave room for what is useful: changing a message of the most that
// a script sees, more than once.
func TestLimitsLeaveRoom(t *testing.T) {
	if _, err := evaluate(`
text = "x y z w\n" * 131072
x = len(text.replace("x", "zz").upper().split("\n")) + len("%s!" % text)
`, true); err != nil {
		t.Error(err)
	}
}
