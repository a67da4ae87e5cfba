package script

import (
	"errors"
	"fmt"
	"math/bits"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

const (
	// maxValue is how many bytes one value of a script may take: room to change
	// a message of the most that msg.bytes gives, more than once.
	maxValue = 4 << 20

	// stepBytes is how many allocated bytes count as one step: about what the
	// interpreter allocates in one.
	stepBytes = 16

	// maxRange is how many numbers a range may have: more steps than that no
	// call may take.
	maxRange = maxSteps

	// maxNested is how many tuples a tuple may hold, theirs included. To hash a
	// tuple takes time in proportion to that, and a tuple that holds another
	// twice, which holds another twice, would take for ever.
	maxNested = 4096
)

// The names of the guards are none that a script could write.
const (
	guardTuple = "a tuple"
	guardCopy  = "a copy"
)

func guardBinary(op syntax.Token) string { return op.String() + " operator" }
func inPlace(op syntax.Token) string     { return op.String() + "= operator" }
func inItem(op syntax.Token) string      { return "[] " + op.String() + "= operator" }
func guardMethod(name string) string     { return name + " method" }
func guardAttribute(name string) string  { return name + " attribute" }

// predeclared is what a script finds besides Starlark's own functions, the
// guards among them. It is never changed.
var predeclared = makePredeclared()

func makePredeclared() starlark.StringDict {
	d := starlark.StringDict{
		"option": starlark.NewBuiltin("option", declareOption), "duration": durationType, "size": sizeType,
		guardTuple: starlark.NewBuiltin(guardTuple, makeTuple),
		guardCopy:  starlark.NewBuiltin(guardCopy, payCopy),
	}
	for _, op := range augmented {
		d[guardBinary(op)] = starlark.NewBuiltin(guardBinary(op), func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			return binary(t, op, args[0], args[1])
		})
		d[inPlace(op)] = starlark.NewBuiltin(inPlace(op), func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			return augment(t, op, args[0], args[1])
		})
		d[inItem(op)] = starlark.NewBuiltin(inItem(op), func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			return starlark.None, augmentItem(t, op, args[0], args[1], args[2])
		})
	}
	for name, cost := range methodCosts {
		d[guardMethod(name)] = method(name, cost)
		d[guardAttribute(name)] = attribute(name)
	}
	for name, cost := range functionCosts {
		d[name] = function(name, cost)
	}
	for _, name := range []string{"getattr", "hasattr", "dir"} {
		d[name] = starlark.NewBuiltin(name, func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
			return nil, errors.New("not in scripts: write the attribute's name, as in ctx.state")
		})
	}
	return d
}

// pay counts bytes that are about to be allocated as steps, or refuses.
func pay(t *starlark.Thread, bytes int) error {
	if bytes > maxValue {
		return fmt.Errorf("a value of more than 4 MiB")
	}
	t.Steps += uint64(bytes+stepBytes-1) / stepBytes
	switch {
	case t.Steps >= maxSteps:
		return errors.New(tooMuchWork)
	case t.Steps >= shortSteps:
		runnerOf(t).slow()
	}
	return nil
}

// sizeOf returns about how many bytes a value takes, not what it refers to.
func sizeOf(v starlark.Value) int {
	switch v := v.(type) {
	case starlark.String:
		return len(v)
	case starlark.Bytes:
		return len(v)
	case *starlark.Dict:
		return 64 * v.Len()
	case *starlark.Set:
		return 48 * v.Len()
	case starlark.Int:
		if _, ok := v.Int64(); ok {
			return 8
		}
		return v.BigInt().BitLen()/8 + 8
	case starlark.Sequence:
		return 16 * v.Len()
	case starlark.Indexable: // a range is no Sequence of its own memory, and becomes one
		return 16 * v.Len()
	}
	return 16
}

// tooMuch is more than any value may take, and small enough to be added to.
const tooMuch = 1 << 40

// times is a*b, neither of which is negative, or tooMuch.
func times(a, b int) int {
	if high, low := bits.Mul64(uint64(a), uint64(b)); high == 0 && low < tooMuch {
		return int(low)
	}
	return tooMuch
}

// binary is x op y.
func binary(t *starlark.Thread, op syntax.Token, x, y starlark.Value) (starlark.Value, error) {
	n := 0
	switch op {
	case syntax.STAR:
		n = product(x, y)
	case syntax.PERCENT:
		if format, ok := x.(starlark.String); ok {
			n = formatted(string(format), y)
		}
	case syntax.LTLT:
		n = sizeOf(x) + 64 // the interpreter shifts by less than 512 bits
	default:
		if !isScalar(x) || !isScalar(y) {
			n = sizeOf(x) + sizeOf(y)
		}
	}
	if n > 0 {
		if err := pay(t, n); err != nil {
			return nil, err
		}
	}
	z, err := starlark.Binary(op, x, y)
	if err != nil {
		return nil, err
	}
	return z, checkNested(z)
}

func isScalar(v starlark.Value) bool {
	switch v.(type) {
	case starlark.Int, starlark.Float, starlark.Bool:
		return true
	}
	return false
}

// product returns about how many bytes x * y takes.
func product(x, y starlark.Value) int {
	a, xIsInt := x.(starlark.Int)
	b, yIsInt := y.(starlark.Int)
	switch {
	case xIsInt && yIsInt:
		_, small := a.Int64()
		if _, alsoSmall := b.Int64(); small && alsoSmall {
			return 0
		}
		return times(sizeOf(a), sizeOf(b)) // of the time it takes
	case xIsInt && !isScalar(y):
		n, ok := a.Int64()
		if !ok {
			n = tooMuch
		}
		return times(sizeOf(y), int(max(n, 0)))
	case yIsInt && !isScalar(x):
		return product(y, x)
	}
	return 0
}

// shown returns v as an error may quote it.
func shown(v starlark.Value) string {
	if s, ok := starlark.AsString(v); ok && len(s) < 100 {
		return fmt.Sprintf("%q", s)
	}
	if isScalar(v) {
		return v.String()
	}
	return "of type " + v.Type()
}

func makeTuple(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	return args, checkNested(args)
}

// checkNested refuses a tuple, or a list of tuples, that holds too many others.
func checkNested(v starlark.Value) error {
	left := maxNested
	var count func(t starlark.Tuple) bool
	count = func(t starlark.Tuple) bool {
		for _, x := range t {
			if inner, ok := x.(starlark.Tuple); ok {
				if left--; left < 0 || !count(inner) {
					return false
				}
			}
		}
		return true
	}
	if t, ok := v.(starlark.Tuple); ok && !count(t) {
		return fmt.Errorf("a tuple of more than %d tuples", maxNested)
	}
	return nil
}

// payCopy returns its argument, which is about to be copied.
func payCopy(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if _, ok := args[0].(starlark.String); ok {
		return args[0], nil // slices of it share its memory
	}
	return args[0], pay(t, sizeOf(args[0]))
}
