package script

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// checkUses checks what can be checked without a protocol.
func (s *Script) checkUses() error {
	var errs []error
	options := make([]string, len(s.options))
	for i, d := range s.options {
		options[i] = d.name
	}
	for _, u := range s.uses {
		switch u.of {
		case "options":
			if !slices.Contains(options, u.name) {
				errs = append(errs, problem(u.at, "unknown option %q%s", u.name, known(u.name, options)))
			}
		case "ctx":
			v := verbs[u.name]
			if v == nil && !slices.Contains(contextNames, u.name) {
				errs = append(errs, problem(u.at, "ctx has no %q%s", u.name, known(u.name, allContextNames())))
			} else if v != nil && u.in&^v.points != 0 {
				errs = append(errs, problem(u.at, "%s", impossible(u.name, u.in)))
			}
			if u.wait != nil {
				errs = append(errs, u.checkWait())
			}
		}
	}
	return distinct(errs)
}

func (u *use) checkWait() error {
	var v starlark.Value
	switch x := u.wait.Value.(type) {
	case string:
		v = starlark.String(x)
	case int64:
		v = starlark.MakeInt64(x)
	case float64:
		v = starlark.Float(x)
	default:
		return nil
	}
	d, err := durationOf(v)
	if err == nil && u.name == "recent" && d > longestWindow {
		err = fmt.Errorf("ctx.recent looks back %s at most", option.FormatDuration(longestWindow))
	}
	if err != nil {
		return problem(u.wait.TokenPos, "%s", err)
	}
	return nil
}

// check checks what depends on the protocol.
func (b *acting) check() error {
	var errs []error
	for _, u := range b.script.uses {
		switch {
		case u.of == "msg" && u.in == vaurien.Reply && b.attributes[u.name] && !slices.Contains(messageNames, u.name):
			errs = append(errs, problem(u.at, "msg.%s is the request's: a reply has %s; in on_request keep it in ctx.state",
				u.name, strings.Join(messageNames, ", ")))
		case u.of == "msg" && !slices.Contains(b.messageNames(), u.name):
			hint := ""
			if len(b.attributes) == 0 {
				hint = "; under tcp, no request is told from the next: give --protocol"
			}
			errs = append(errs, problem(u.at, "msg has no %q%s%s", u.name, known(u.name, b.messageNames()), hint))
		case u.of == "ctx" && u.name == "fail":
			errs = append(errs, b.checkUse(&u))
		}
	}
	return distinct(errs)
}

// checkUse checks the arguments of a fail as far as they are written out.
func (b *acting) checkUse(u *use) error {
	var f vaurien.Failure
	at := u.at
	if u.kind != nil {
		f.Kind, _ = u.kind.Value.(string)
		at = u.kind.TokenPos
	}
	if u.code != nil {
		f.Code = strings.Trim(u.code.Raw, `"'`)
		if u.kind == nil {
			at = u.code.TokenPos
		}
	}
	if f == (vaurien.Failure{}) {
		return nil
	}
	if err := b.checkFailure(f, u.in); err != nil {
		return problem(at, "%s", err)
	}
	return nil
}

// checkFailure says what is wrong with a failure at a point, or anywhere if it
// is 0.
func (b *acting) checkFailure(f vaurien.Failure, at vaurien.Point) error {
	if f == (vaurien.Failure{}) {
		return nil
	}
	if b.failing == nil {
		return errors.New("ctx.fail: this protocol has no errors of its own to choose from: leave out kind, code and message")
	}
	if f.Kind == "" && f.Code == "" {
		return errors.New("ctx.fail: message needs a kind, or a code, whose text it is")
	}
	if f.Kind != "" {
		var names []string
		i := slices.IndexFunc(b.failing.Failures(), func(k vaurien.FailureKind) bool { return k.Name == f.Kind })
		if i < 0 {
			for _, k := range b.failing.Failures() {
				names = append(names, k.Name)
			}
			return fmt.Errorf("unknown kind %.60q%s", f.Kind, known(f.Kind, names))
		}
		switch atAccept := b.failing.Failures()[i].AtAccept; {
		case atAccept && at == vaurien.Request:
			return fmt.Errorf("%s fails the connection as it is made: use it in on_connect", f.Kind)
		case !atAccept && at == vaurien.Accept:
			return fmt.Errorf("%s fails a request: use it in on_request", f.Kind)
		}
	}
	return b.failing.CheckFailure(f)
}

// messageNames are the attributes that a message may have.
func (b *acting) messageNames() []string {
	names := slices.Concat(messageNames, slices.Collect(maps.Keys(b.attributes)))
	slices.Sort(names)
	return slices.Compact(names)
}

// known suggests the nearest of the names that there are, and lists them.
func known(name string, names []string) string {
	if len(names) == 0 {
		return ": there are none"
	}
	near := option.DidYouMean(name, names)
	if near == "" {
		near = ";"
	}
	return near + " known: " + strings.Join(names, ", ")
}

// distinct joins errors, each once: a call is seen as a call and as what it
// calls.
func distinct(errs []error) error {
	var out []error
	seen := map[string]bool{}
	for _, err := range errs {
		if err != nil && !seen[err.Error()] {
			seen[err.Error()] = true
			out = append(out, err)
		}
	}
	return errors.Join(out...)
}
