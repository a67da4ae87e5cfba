package script

import (
	"errors"

	"go.starlark.net/syntax"
)

// rewrite puts the guards in the place of the operators and methods that need
// one, and refuses what no guard could watch.
func rewrite(file *syntax.File) error {
	var r rewriter
	r.stmts(file.Stmts)
	return errors.Join(r.errs...)
}

type rewriter struct{ errs []error }

func (r *rewriter) fail(at syntax.Position, format string, args ...any) {
	r.errs = append(r.errs, problem(at, format, args...))
}

// guarded is a call of a guard.
func guarded(guard string, at syntax.Position, args ...syntax.Expr) syntax.Expr {
	return &syntax.CallExpr{Fn: &syntax.Ident{NamePos: at, Name: guard}, Lparen: at, Args: args, Rparen: at}
}

func (r *rewriter) stmts(list []syntax.Stmt) {
	for i, s := range list {
		list[i] = r.stmt(s)
	}
}

func (r *rewriter) stmt(s syntax.Stmt) syntax.Stmt {
	switch s := s.(type) {
	case *syntax.AssignStmt:
		return r.assign(s)
	case *syntax.DefStmt:
		r.params(s.Params)
		r.stmts(s.Body)
	case *syntax.ExprStmt:
		s.X = r.expr(s.X)
	case *syntax.ForStmt:
		r.target(s.Vars)
		s.X = r.expr(s.X)
		r.stmts(s.Body)
	case *syntax.WhileStmt:
		s.Cond = r.expr(s.Cond)
		r.stmts(s.Body)
	case *syntax.IfStmt:
		s.Cond = r.expr(s.Cond)
		r.stmts(s.True)
		r.stmts(s.False)
	case *syntax.ReturnStmt:
		if s.Result != nil {
			s.Result = r.expr(s.Result)
		}
	case *syntax.LoadStmt:
		r.fail(s.Load, "load: a script is one file")
	}
	return s
}

// augmented are the operators of x op= y that have a guard.
var augmented = map[syntax.Token]syntax.Token{
	syntax.PLUS_EQ: syntax.PLUS, syntax.STAR_EQ: syntax.STAR, syntax.PERCENT_EQ: syntax.PERCENT,
	syntax.LTLT_EQ: syntax.LTLT, syntax.PIPE_EQ: syntax.PIPE,
}

func (r *rewriter) assign(s *syntax.AssignStmt) syntax.Stmt {
	s.RHS = r.expr(s.RHS)
	r.target(s.LHS)
	op, watched := augmented[s.Op]
	if !watched || isNumber(s.RHS) && op == syntax.PLUS {
		return s
	}
	switch x := unparen(s.LHS).(type) {
	case *syntax.Ident:
		read := &syntax.Ident{NamePos: x.NamePos, Name: x.Name}
		s.RHS, s.Op = guarded(inPlace(op), s.OpPos, read, s.RHS), syntax.EQ
	case *syntax.IndexExpr:
		return &syntax.ExprStmt{X: guarded(inItem(op), s.OpPos, x.X, x.Y, s.RHS)}
	}
	return s
}

// target rewrites the expressions inside what is assigned to.
func (r *rewriter) target(x syntax.Expr) {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		r.target(x.X)
	case *syntax.TupleExpr:
		for _, part := range x.List {
			r.target(part)
		}
	case *syntax.ListExpr:
		for _, part := range x.List {
			r.target(part)
		}
	case *syntax.IndexExpr:
		x.X, x.Y = r.expr(x.X), r.expr(x.Y)
	case *syntax.DotExpr:
		r.fail(x.Dot, "attributes cannot be set: keep what you need in ctx.state[%q]", x.Name.Name)
	}
}

func (r *rewriter) params(list []syntax.Expr) {
	for _, p := range list {
		switch p := p.(type) {
		case *syntax.BinaryExpr: // name = default
			p.Y = r.expr(p.Y)
		case *syntax.UnaryExpr:
			if p.X != nil {
				r.fail(p.OpPos, "a function of a script names its parameters: pass a list in place of %v", p.Op)
			}
		}
	}
}

func (r *rewriter) exprs(list []syntax.Expr) {
	for i, x := range list {
		list[i] = r.expr(x)
	}
}

func (r *rewriter) expr(x syntax.Expr) syntax.Expr {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		x.X = r.expr(x.X)
	case *syntax.CallExpr:
		r.call(x)
	case *syntax.DotExpr:
		x.X = r.expr(x.X)
		if _, watched := methodCosts[x.Name.Name]; watched {
			return guarded(guardAttribute(x.Name.Name), x.Name.NamePos, x.X)
		}
	case *syntax.Comprehension:
		x.Body = r.expr(x.Body)
		for _, c := range x.Clauses {
			switch c := c.(type) {
			case *syntax.ForClause:
				r.target(c.Vars)
				c.X = r.expr(c.X)
			case *syntax.IfClause:
				c.Cond = r.expr(c.Cond)
			}
		}
	case *syntax.CondExpr:
		x.Cond, x.True, x.False = r.expr(x.Cond), r.expr(x.True), r.expr(x.False)
	case *syntax.DictExpr:
		r.exprs(x.List)
	case *syntax.DictEntry:
		x.Key, x.Value = r.expr(x.Key), r.expr(x.Value)
	case *syntax.IndexExpr:
		x.X, x.Y = r.expr(x.X), r.expr(x.Y)
	case *syntax.LambdaExpr:
		r.params(x.Params)
		x.Body = r.expr(x.Body)
	case *syntax.ListExpr:
		r.exprs(x.List)
	case *syntax.TupleExpr:
		r.exprs(x.List)
		if len(x.List) > 0 && !allLiterals(x.List) {
			return guarded(guardTuple, syntax.Start(x), x.List...)
		}
	case *syntax.SliceExpr:
		at := syntax.Start(x.X)
		x.X = guarded(guardCopy, at, r.expr(x.X))
		for _, part := range []*syntax.Expr{&x.Lo, &x.Hi, &x.Step} {
			if *part != nil {
				*part = r.expr(*part)
			}
		}
	case *syntax.UnaryExpr:
		if x.X != nil {
			x.X = r.expr(x.X)
		}
	case *syntax.BinaryExpr:
		return r.binary(x)
	}
	return x
}

func (r *rewriter) call(x *syntax.CallExpr) {
	for i, arg := range x.Args {
		switch arg := arg.(type) {
		case *syntax.UnaryExpr:
			if arg.Op == syntax.STAR || arg.Op == syntax.STARSTAR {
				arg.X = guarded(guardCopy, arg.OpPos, r.expr(arg.X))
				continue
			}
		case *syntax.BinaryExpr:
			if arg.Op == syntax.EQ { // name = value
				arg.Y = r.expr(arg.Y)
				continue
			}
		}
		x.Args[i] = r.expr(arg)
	}
	method, ok := x.Fn.(*syntax.DotExpr)
	if !ok {
		x.Fn = r.expr(x.Fn)
		return
	}
	method.X = r.expr(method.X)
	if _, watched := methodCosts[method.Name.Name]; watched {
		x.Fn = &syntax.Ident{NamePos: method.Name.NamePos, Name: guardMethod(method.Name.Name)}
		x.Args = append([]syntax.Expr{method.X}, x.Args...)
	}
}

func (r *rewriter) binary(x *syntax.BinaryExpr) syntax.Expr {
	x.X, x.Y = r.expr(x.X), r.expr(x.Y)
	switch x.Op {
	case syntax.PLUS:
		if isNumber(x.X) || isNumber(x.Y) {
			return x
		}
	case syntax.PERCENT:
		if isNumber(x.Y) {
			return x
		}
	case syntax.STAR, syntax.LTLT, syntax.PIPE:
	default:
		return x
	}
	return guarded(guardBinary(x.Op), x.OpPos, x.X, x.Y)
}

// isNumber reports whether x is a number as it is written.
func isNumber(x syntax.Expr) bool {
	l, ok := unparen(x).(*syntax.Literal)
	return ok && (l.Token == syntax.INT || l.Token == syntax.FLOAT)
}

func allLiterals(list []syntax.Expr) bool {
	for _, x := range list {
		if _, ok := x.(*syntax.Literal); !ok {
			return false
		}
	}
	return true
}

func unparen(x syntax.Expr) syntax.Expr {
	for {
		p, ok := x.(*syntax.ParenExpr)
		if !ok {
			return x
		}
		x = p.X
	}
}
