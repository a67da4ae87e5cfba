package script

import (
	"go.starlark.net/syntax"

	"github.com/vaurien-proxy/vaurien"
)

// A use is a place in a script that names an attribute of ctx, of ctx.options
// or of msg. What can be seen to be wrong with it is found before any traffic
// meets it.
type use struct {
	at   syntax.Position
	of   string // ctx, options or msg
	name string
	in   vaurien.Point // the handler in which it stands; 0: another function

	// Arguments of a verb that are written out; nil for others.
	kind, code, wait *syntax.Literal
}

// usesOf finds the uses in a script: of the handlers' parameters, whatever they
// are called, and of ctx and msg in other functions.
func usesOf(file *syntax.File) []use {
	var uses []use
	for _, stmt := range file.Stmts {
		def, ok := stmt.(*syntax.DefStmt)
		if !ok {
			continue
		}
		names := map[string]string{"ctx": "ctx", "msg": "msg"}
		var in vaurien.Point
		for _, h := range handlers {
			if h.name == def.Name.Name && len(def.Params) == h.params {
				in, names = h.point, map[string]string{}
				for i, p := range def.Params {
					if id, ok := p.(*syntax.Ident); ok {
						names[id.Name] = [2]string{"ctx", "msg"}[i]
					}
				}
			}
		}
		syntax.Walk(def, func(n syntax.Node) bool {
			if call, ok := n.(*syntax.CallExpr); ok {
				if u, ok := useOf(call.Fn, names); ok {
					u.in = in
					u.arguments(call)
					uses = append(uses, u)
				}
			}
			if dot, ok := n.(*syntax.DotExpr); ok {
				if u, ok := useOf(dot, names); ok {
					u.in = in
					uses = append(uses, u)
				}
			}
			return true
		})
	}
	return uses
}

// useOf returns the use that an expression is.
func useOf(x syntax.Expr, names map[string]string) (use, bool) {
	dot, ok := x.(*syntax.DotExpr)
	if !ok {
		return use{}, false
	}
	u := use{at: dot.Name.NamePos, name: dot.Name.Name}
	switch x := dot.X.(type) {
	case *syntax.Ident:
		u.of = names[x.Name]
	case *syntax.DotExpr:
		if id, ok := x.X.(*syntax.Ident); ok && names[id.Name] == "ctx" && x.Name.Name == "options" {
			u.of = "options"
		}
	}
	return u, u.of != ""
}

// arguments takes those arguments of a verb that are written out.
func (u *use) arguments(call *syntax.CallExpr) {
	for i, arg := range call.Args {
		name := ""
		if named, ok := arg.(*syntax.BinaryExpr); ok && named.Op == syntax.EQ {
			name, arg = named.X.(*syntax.Ident).Name, named.Y
		} else if i == 0 {
			name = map[string]string{"fail": "kind", "delay": "time", "recent": "within"}[u.name]
		}
		l, _ := arg.(*syntax.Literal) // nil: it cannot be seen here
		switch name {
		case "kind":
			u.kind = l
		case "code":
			u.code = l
		case "time", "within":
			u.wait = l
		}
	}
}

// names reports whether a script names an attribute anywhere, of whatever: ctx
// may have any name.
func names(file *syntax.File, attribute string) bool {
	found := false
	syntax.Walk(file, func(n syntax.Node) bool {
		if dot, ok := n.(*syntax.DotExpr); ok && dot.Name.Name == attribute {
			found = true
		}
		return !found
	})
	return found
}
