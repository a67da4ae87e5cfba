package script

import (
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/starlark"
)

// A cost returns about how many bytes a call allocates, or how long it takes in
// proportion. The receiver of a method is args[0].
type cost func(args starlark.Tuple, kwargs []starlark.Tuple) int

// methodCosts are the methods of Starlark's types whose cost is more than a
// step.
var methodCosts = map[string]cost{
	"join": joined, "replace": replaced,
	"format": func(args starlark.Tuple, kwargs []starlark.Tuple) int {
		text, _ := starlark.AsString(args[0])
		values := args[1:]
		for _, kw := range kwargs {
			values = append(values, kw[1])
		}
		n, places := written(values), strings.Count(text, "{")
		if places > len(values) { // some stand in several places
			n = times(n, places)
		}
		return n + len(text)
	},
	"split": split, "rsplit": split, "splitlines": split,
	"lower": total, "upper": total, "title": total, "capitalize": total,
	"items": fourfold, "keys": total, "values": total,
	"extend": total, "update": fourfold, "union": total, "difference": total, "intersection": total,
	"symmetric_difference": total, "issubset": total, "issuperset": total,
}

// functionCosts are the functions of Starlark whose cost is more than a step.
var functionCosts = map[string]cost{
	"list": total, "tuple": total, "sorted": fourfold, "reversed": total, "enumerate": fourfold, "zip": fourfold,
	"set": fourfold, "dict": fourfold, "bytes": total, "hash": total,
	"any": total, "all": total, "min": total, "max": total,
	"str": printed, "repr": printed, "fail": printed, "print": printed,
	"range": func(args starlark.Tuple, _ []starlark.Tuple) int { return 0 }, // see function
	"int":   digits,
}

// method returns the guard of the methods of that name.
func method(name string, c cost) *starlark.Builtin {
	return starlark.NewBuiltin(name, func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := pay(t, c(args, kwargs)); err != nil {
			return nil, err
		}
		return bound(t, name, args, kwargs)
	})
}

// callMethod calls a method that has a guard.
func callMethod(t *starlark.Thread, name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := pay(t, methodCosts[name](args, kwargs)); err != nil {
		return nil, err
	}
	return bound(t, name, args, kwargs)
}

func bound(t *starlark.Thread, name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if x, ok := args[0].(starlark.HasAttrs); ok {
		m, err := x.Attr(name)
		if err != nil {
			return nil, err
		}
		if m != nil {
			return starlark.Call(t, m, args[1:], kwargs)
		}
	}
	return nil, missing(args[0], name)
}

// attribute returns the guard of attributes called as one of these methods is:
// of the method itself a script cannot get hold.
func attribute(name string) *starlark.Builtin {
	return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		if x, ok := args[0].(starlark.HasAttrs); ok {
			v, err := x.Attr(name)
			if _, isMethod := v.(*starlark.Builtin); isMethod {
				return nil, fmt.Errorf(".%s without parentheses: call it", name)
			}
			if v != nil || err != nil {
				return v, err
			}
		}
		return nil, missing(args[0], name)
	})
}

func missing(x starlark.Value, name string) error {
	return fmt.Errorf("%s has no .%s field or method", x.Type(), name)
}

// function returns the guard of Starlark's function of that name.
func function(name string, c cost) *starlark.Builtin {
	own := starlark.Universe[name].(*starlark.Builtin)
	return starlark.NewBuiltin(name, func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := pay(t, c(args, kwargs)); err != nil {
			return nil, err
		}
		v, err := own.CallInternal(t, args, kwargs)
		if err != nil {
			return nil, err
		}
		switch name {
		case "range":
			if n := v.(starlark.Sequence).Len(); n > maxRange {
				return nil, fmt.Errorf("a range of more than %d", maxRange)
			}
		case "tuple":
			return v, checkNested(v)
		case "zip":
			for pair := range v.(*starlark.List).Elements() {
				if err := checkNested(pair); err != nil {
					return nil, err
				}
			}
		}
		return v, nil
	})
}

func total(args starlark.Tuple, kwargs []starlark.Tuple) int {
	n := 0
	for _, x := range args {
		n += sizeOf(x)
	}
	return n + 16*len(kwargs)
}

func fourfold(args starlark.Tuple, kwargs []starlark.Tuple) int { return times(4, total(args, kwargs)) }

// joined is sep.join(list).
func joined(args starlark.Tuple, _ []starlark.Tuple) int {
	sep, _ := starlark.AsString(args[0])
	if len(args) != 2 {
		return 0
	}
	list, ok := args[1].(starlark.Iterable)
	if !ok {
		return 0
	}
	n := 0
	for x := range starlark.Elements(list) {
		s, _ := starlark.AsString(x)
		if n += len(s) + len(sep); n > maxValue {
			return tooMuch
		}
	}
	return n
}

// replaced is text.replace(old, new[, count]).
func replaced(args starlark.Tuple, _ []starlark.Tuple) int {
	text, ok := starlark.AsString(args[0])
	if !ok || len(args) < 3 {
		return 0
	}
	old, _ := starlark.AsString(args[1])
	with, _ := starlark.AsString(args[2])
	many := strings.Count(text, old)
	if len(args) > 3 {
		if n, err := starlark.AsInt32(args[3]); err == nil && n >= 0 {
			many = min(many, n)
		}
	}
	return times(many, len(with)) + len(text)
}

// split is a text's split and the like.
func split(args starlark.Tuple, _ []starlark.Tuple) int {
	text, _ := starlark.AsString(args[0])
	sep := ""
	if len(args) > 1 {
		sep, _ = starlark.AsString(args[1])
	}
	if sep != "" {
		return 16 * (strings.Count(text, sep) + 1)
	}
	parts := 1
	for i := range len(text) {
		if text[i] <= ' ' {
			parts++
		}
	}
	return 16 * parts
}

// digits is int(text): the time it takes grows faster than the text.
func digits(args starlark.Tuple, _ []starlark.Tuple) int {
	if len(args) == 0 {
		return 0
	}
	s, _ := starlark.AsString(args[0])
	return times(len(s), len(s))
}

// printed is what is written of values: str(x), fail(x).
func printed(args starlark.Tuple, _ []starlark.Tuple) int { return written(args) }

// formatted is format % value. Only what is named may stand in several places.
func formatted(format string, value starlark.Value) int {
	n := written(starlark.Tuple{value})
	if _, named := value.(starlark.Mapping); named {
		n = times(n, strings.Count(format, "%"))
	}
	return n + len(format)
}

// written returns how long values are when they are written, or more than
// maxValue. A list that holds another twice, which holds another twice, is
// longer than any memory; one that is a million lists deep would take as much
// of the stack.
func written(args starlark.Tuple) int {
	n := 0
	var add func(v starlark.Value, depth int) error
	add = func(v starlark.Value, depth int) error {
		if n += 8; n > maxValue || depth > 100 {
			return errors.New("too long")
		}
		switch v := v.(type) {
		case starlark.String:
			n += len(v)
		case starlark.Bytes:
			n += len(v)
		case starlark.Int:
			n += 3 * sizeOf(v)
		case *starlark.Dict:
			for key, x := range v.Entries() {
				if err := errors.Join(add(key, depth+1), add(x, depth+1)); err != nil {
					return err
				}
			}
		case starlark.Sequence:
			for x := range starlark.Elements(v) {
				if err := add(x, depth+1); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, v := range args {
		if add(v, 0) != nil {
			return tooMuch
		}
	}
	return n
}
