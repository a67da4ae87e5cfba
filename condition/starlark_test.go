package condition_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A writer writes random expressions that are right.
type writer struct{ *rand.Rand }

func (w writer) pick(from ...string) string { return from[w.IntN(len(from))] }

// truth writes an expression that is true or false.
func (w writer) truth(depth int) string {
	if depth--; depth < 0 {
		return w.pick("in_transaction", "readonly", "True", "False")
	}
	switch w.IntN(9) {
	case 0:
		return fmt.Sprintf("(%s) and (%s)", w.truth(depth), w.truth(depth))
	case 1:
		return fmt.Sprintf("(%s) or %s", w.truth(depth), w.pick("readonly", "(True)"))
	case 2:
		return fmt.Sprintf("not %s", w.truth(depth))
	case 3:
		return fmt.Sprintf("(%s) %s (%s)", w.text(depth), w.pick("==", "!=", "<", "<=", ">", ">=", "in", "not in"), w.text(depth))
	case 4:
		return fmt.Sprintf("(%s) %s (%s)", w.number(depth), w.pick("==", "!=", "<", "<=", ">", ">="), w.number(depth))
	case 5:
		return fmt.Sprintf("(%s) %s [%s, %s]", w.text(depth), w.pick("in", "not in"), w.text(0), w.text(0))
	case 6:
		return fmt.Sprintf("(%s).%s((%s, %s))", w.text(depth), w.pick("startswith", "endswith"), w.text(0), w.text(0))
	case 7:
		return fmt.Sprintf("(%s).%s(%s)", w.text(depth), w.pick("startswith", "endswith"), w.text(depth))
	}
	return fmt.Sprintf("(%s if %s else %s)", w.truth(depth), w.truth(depth), w.truth(depth))
}

func (w writer) text(depth int) string {
	if depth--; depth < 0 {
		return w.pick("verb", "key", "sql", `""`, `"a"`, `'SET'`, `"cart:"`, `r"\d"`, `"ü\n"`)
	}
	switch w.IntN(5) {
	case 0:
		return fmt.Sprintf("(%s).%s()", w.text(depth), w.pick("lower", "upper", "strip"))
	case 1:
		return fmt.Sprintf("(%s)[%s:%s]", w.text(depth), w.pick("", "1", "-2", "9"), w.pick("", "3", "-1", "0"))
	case 2:
		return fmt.Sprintf("(%s)[%s]", w.text(depth), w.pick("0", "2", "-1"))
	case 3:
		return fmt.Sprintf("str(%s)", w.number(depth))
	}
	return fmt.Sprintf("(%s if %s else %s)", w.text(depth), w.truth(depth), w.text(depth))
}

func (w writer) number(depth int) string {
	if depth--; depth < 0 {
		return w.pick("session", "size", "0", "1", "-3", "10")
	}
	switch w.IntN(4) {
	case 0:
		return fmt.Sprintf("len(%s)", w.text(depth))
	case 1:
		return fmt.Sprintf("int(%s)", w.text(depth))
	case 2:
		return fmt.Sprintf("%s(%s)", w.pick("-", "+"), w.number(depth))
	}
	return fmt.Sprintf("(%s) %s (%s)", w.number(depth), w.pick("+", "-", "*", "//", "%"), w.number(depth))
}

// A condition is what it is to the Starlark interpreter, and where that fails
// Match does.
func TestStarlarkAgrees(t *testing.T) {
	env := starlark.StringDict{
		"verb": starlark.String("SET"), "key": starlark.String("cart:17"), "sql": starlark.String(set["sql"].(string)),
		"session": starlark.MakeInt(3), "size": starlark.MakeInt(-7),
		"in_transaction": starlark.True, "readonly": starlark.False,
	}
	failed, held := 0, 0
	many := uint64(20_000)
	if testing.Short() {
		many = 2000
	}
	for seed := range many {
		w := writer{rand.New(rand.NewPCG(seed, 0))}
		text := w.truth(1 + w.IntN(4))
		want, wantErr := starlark.EvalOptions(new(syntax.FileOptions), new(starlark.Thread), "", text, env)
		got, err := compile(t, text).Match(set)
		switch {
		case (err == nil) != (wantErr == nil):
			t.Fatalf("%s: %v; to Starlark %v", text, err, wantErr)
		case err != nil:
			failed++
		case want != starlark.Bool(got):
			t.Fatalf("%s: %v; to Starlark %v", text, got, want)
		case got:
			held++
		}
	}
	t.Logf("of %d expressions %d failed and %d held", many, failed, held)
}

// What the interpreter would take for the usual condition, for comparison.
func BenchmarkStarlark(b *testing.B) {
	thread := new(starlark.Thread)
	fn, err := starlark.EvalOptions(new(syntax.FileOptions), thread, "", `lambda command, key: command == "SET" and key.startswith("cart:")`, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		starlark.Call(thread, fn, starlark.Tuple{starlark.String("SET"), starlark.String("cart:1")}, nil)
	}
}
