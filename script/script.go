package script

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// maxSource is how long a script may be.
const maxSource = 256 << 10

// handlers are the functions that a script may define, with their parameters
// and where they act.
var handlers = []struct {
	name   string
	params int
	usage  string
	point  vaurien.Point
}{
	{"on_connect", 1, "(ctx)", vaurien.Accept},
	{"on_request", 2, "(ctx, msg)", vaurien.Request},
	{"on_reply", 2, "(ctx, msg)", vaurien.Reply},
}

// A Script is a compiled script. It may be used from many goroutines.
type Script struct {
	path     string
	source   string
	doc      string
	on       map[vaurien.Point]*starlark.Function
	options  []*declared
	uses     []use
	runners  runners
	stateful bool // it may use ctx.state
	counts   bool // it may use ctx.recent
}

// Read reads and compiles the script in a file. Errors about what the script
// says are *option.Error, one or several joined.
func Read(path string) (*Script, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	source, err := io.ReadAll(io.LimitReader(f, maxSource+1))
	if err != nil {
		return nil, err
	}
	return Parse(path, string(source))
}

// Parse compiles a script; path stands in the places of its errors, which are
// *option.Error, one or several joined.
func Parse(path, source string) (*Script, error) {
	if len(source) > maxSource {
		return nil, &option.Error{Place: path, Problem: "too large: a script has at most " + option.FormatSize(maxSource)}
	}
	dialect := &syntax.FileOptions{Set: true, While: true, TopLevelControl: true}
	file, err := dialect.Parse(path, source, 0)
	if err != nil {
		return nil, compileError(path, err)
	}
	s := &Script{path: path, source: source, on: make(map[vaurien.Point]*starlark.Function)}
	s.runners.init()
	s.doc = docOf(file, path)
	s.uses = usesOf(file)
	s.stateful, s.counts = names(file, "state"), names(file, "recent")
	if err := rewrite(file); err != nil {
		return nil, err
	}
	program, err := starlark.FileProgram(file, predeclared.Has)
	if err != nil {
		return nil, compileError(path, err)
	}
	globals, err := s.runners.load(program)
	if err != nil {
		return nil, s.located(err)
	}
	globals.Freeze()
	if err := s.take(globals); err != nil {
		return nil, err
	}
	return s, s.checkUses()
}

// Source returns the script's text.
func (s *Script) Source() string { return s.source }

// take takes the handlers and the options of the script's globals.
func (s *Script) take(globals starlark.StringDict) error {
	var errs []error
	var known []string
	for _, h := range handlers {
		known = append(known, h.name)
		v, ok := globals[h.name]
		if !ok {
			continue
		}
		fn, ok := v.(*starlark.Function)
		switch {
		case !ok:
			errs = append(errs, &option.Error{Place: s.path, Problem: fmt.Sprintf("%s is no function: write def %[1]s%s:", h.name, h.usage)})
		case fn.NumParams() != h.params || fn.NumKwonlyParams() > 0 || fn.HasKwargs():
			errs = append(errs, problem(fn.Position(), "%s takes %s: write def %[1]s%[2]s:", h.name, h.usage))
		default:
			s.on[h.point] = fn
		}
	}
	for _, name := range globals.Keys() {
		if fn, ok := globals[name].(*starlark.Function); ok && strings.HasPrefix(name, "on_") && !slices.Contains(known, name) {
			near := option.DidYouMean(name, known)
			errs = append(errs, problem(fn.Position(), "%s: nothing calls it%s; a script has %s", name, near, strings.Join(known, ", ")))
		}
	}
	if len(errs) == 0 && len(s.on) == 0 {
		errs = append(errs, &option.Error{Place: s.path, Problem: "defines none of " + strings.Join(known, ", ") + ": nothing would be done"})
	}
	options, err := s.optionsOf(globals["options"])
	s.options = options
	return errors.Join(append(errs, err)...)
}

// docOf returns the first line of the script's docstring.
func docOf(file *syntax.File, path string) string {
	if len(file.Stmts) > 0 {
		if x, ok := file.Stmts[0].(*syntax.ExprStmt); ok {
			if l, ok := x.X.(*syntax.Literal); ok && l.Token == syntax.STRING {
				line, _, _ := strings.Cut(strings.TrimSpace(l.Value.(string)), "\n")
				if line = strings.TrimSuffix(strings.TrimSpace(line), "."); line != "" {
					return line
				}
			}
		}
	}
	return "what the script " + path + " says"
}

// problem is what is wrong at a place in a script.
func problem(at syntax.Position, format string, args ...any) *option.Error {
	return &option.Error{Place: at.String(), Problem: fmt.Sprintf(format, args...)}
}

// compileError says what the parser or the resolver found wrong.
func compileError(path string, err error) error {
	if list, ok := errors.AsType[resolve.ErrorList](err); ok {
		var errs []error
		for _, e := range list {
			errs = append(errs, problem(e.Pos, "%s", e.Msg))
		}
		return errors.Join(errs...)
	}
	if e, ok := errors.AsType[syntax.Error](err); ok {
		return problem(e.Pos, "%s", e.Msg)
	}
	return &option.Error{Place: path, Problem: err.Error()}
}

// longestFault is how much of an error's text is kept: it may quote what the
// script was at work on.
const longestFault = 500

// located returns an error of the interpreter as one line with the place in the
// script where it happened.
func (s *Script) located(err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) > longestFault {
		text = strings.ToValidUTF8(text[:longestFault], "") + "…"
	}
	out := &option.Error{Place: s.path, Problem: text}
	if e, ok := errors.AsType[*starlark.EvalError](err); ok {
		for _, frame := range slices.Backward(e.CallStack) {
			if frame.Pos.Filename() == s.path {
				out.Place = frame.Pos.String()
				break
			}
		}
	}
	return out
}
