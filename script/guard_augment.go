package script

import (
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// augment is x op= y, but for the assignment.
func augment(t *starlark.Thread, op syntax.Token, x, y starlark.Value) (starlark.Value, error) {
	name := ""
	switch x.(type) {
	case *starlark.List:
		if _, ok := y.(starlark.Iterable); ok && op == syntax.PLUS {
			name = "extend"
		}
	case *starlark.Dict:
		if _, ok := y.(*starlark.Dict); ok && op == syntax.PIPE {
			name = "update"
		}
	case *starlark.Set:
		if _, ok := y.(*starlark.Set); ok && op == syntax.PIPE {
			name = "update"
		}
	}
	if name == "" {
		return binary(t, op, x, y)
	}
	_, err := callMethod(t, name, starlark.Tuple{x, y}, nil)
	return x, err
}

// augmentItem is x[i] op= y.
func augmentItem(t *starlark.Thread, op syntax.Token, x, i, y starlark.Value) error {
	switch x := x.(type) {
	case *starlark.Dict:
		v, found, err := x.Get(i)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("key %s not in dict", shown(i))
		}
		if v, err = augment(t, op, v, y); err != nil {
			return err
		}
		return x.SetKey(i, v)
	case *starlark.List:
		n, err := starlark.AsInt32(i)
		if err != nil {
			return err
		}
		if n < 0 {
			n += x.Len()
		}
		if n < 0 || n >= x.Len() {
			return fmt.Errorf("list index %v out of range of %d", i, x.Len())
		}
		v, err := augment(t, op, x.Index(n), y)
		if err != nil {
			return err
		}
		return x.SetIndex(n, v)
	}
	return fmt.Errorf("a %s does not let its items be assigned to", x.Type())
}
