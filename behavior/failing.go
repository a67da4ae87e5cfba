package behavior

import (
	"fmt"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// failing is what error and transient have in common.
type failing struct {
	inject bool
	vaurien.Failure
}

// anyCode is another way to leave the option code out.
const anyCode = "any"

func (f *failing) declare(set *option.Set) {
	set.Bool(&f.inject, "inject", false, "pass the request on, and put random bytes into the middle of the reply")
	set.Text(&f.Kind, "kind", "", "which of the protocol's failures (docs/fidelity.md lists them); without it one that fits, drawn by the dice")
	set.Text(&f.Code, "code", "", "the error's code, as the protocol writes it, in place of the kind's own")
	set.Text(&f.Message, "message", "", "the error's text, in place of the kind's own")
}

// behavior returns what answers the requests of a proxy of the protocol p.
func (f failing) behavior(p vaurien.Protocol) (vaurien.Behavior, error) {
	if f.Code == anyCode {
		f.Code = ""
	}
	protocol, names := p.(vaurien.Failing)
	name, value := f.given()
	switch {
	case name == "" && f.inject:
		return injected{}, nil
	case name != "" && f.inject:
		return nil, &option.Error{Name: name, Problem: "not with inject, which passes the request on: leave out one of the two"}
	case names:
		return named(protocol, f.Failure)
	case name != "":
		return nil, &option.Error{Name: name, Problem: fmt.Sprintf("%q: this protocol has no errors of its own to choose from", value)}
	}
	return vaurien.At(vaurien.Request, failed{}), nil
}

// given returns the first option given that says how to fail, and its value.
func (f *failing) given() (name, value string) {
	switch {
	case f.Kind != "":
		return "kind", f.Kind
	case f.Code != "":
		return "code", f.Code
	case f.Message != "":
		return "message", f.Message
	}
	return "", ""
}

// named returns what fails the requests of p that can fail as f says.
func named(p vaurien.Failing, f vaurien.Failure) (vaurien.Behavior, error) {
	if f.Kind == "" && f.Code == "" && f.Message != "" {
		return nil, &option.Error{Name: "message", Problem: "needs a kind, or a code, whose text it is"}
	}
	if f.Kind != "" {
		kind, err := kindOf(p, f.Kind)
		if err != nil {
			return nil, &option.Error{Name: "kind", Problem: err.Error()}
		}
		if err := p.CheckFailure(f); err != nil {
			return nil, checked(f, err)
		}
		if kind.AtAccept {
			return vaurien.At(vaurien.Accept, failed{protocol: p, failure: f}), nil
		}
		return fitting(p, f), nil
	}
	if f.Code != "" {
		if err := p.CheckFailure(f); err != nil {
			return nil, checked(f, err)
		}
		return vaurien.At(vaurien.Request, failed{failure: f}), nil
	}
	return fitting(p, f), nil
}

// checked is what CheckFailure found wrong, with the option that it is about.
func checked(f vaurien.Failure, err error) error {
	name := "message"
	if f.Code != "" {
		name = "code"
	}
	return &option.Error{Name: name, Problem: err.Error()}
}

// fitting returns what fails a request as f says, for those that p can fail so.
func fitting(p vaurien.Failing, f vaurien.Failure) vaurien.Behavior {
	fits := func(e *vaurien.Event) bool {
		return e.Message != nil && len(vaurien.Fit(p, e.Message, f.Kind)) > 0
	}
	return vaurien.When(fits, vaurien.At(vaurien.Request, failed{protocol: p, failure: f}))
}

func kindOf(p vaurien.Failing, name string) (vaurien.FailureKind, error) {
	var known []string
	for _, k := range p.Failures() {
		if k.Name == name {
			return k, nil
		}
		known = append(known, k.Name)
	}
	return vaurien.FailureKind{}, fmt.Errorf("unknown kind %q%s known: %s",
		name, orSemicolon(option.DidYouMean(name, known)), strings.Join(known, ", "))
}

func orSemicolon(s string) string {
	if s == "" {
		return ";"
	}
	return s
}

// failed answers a request, or at Accept the connection, with a failure.
type failed struct {
	protocol vaurien.Failing // nil: the failure is as it is to be
	failure  vaurien.Failure
}

func (failed) Points() vaurien.Point { return vaurien.Accept | vaurien.Request }

func (f failed) Act(e *vaurien.Event, next vaurien.Next) error {
	failure := f.failure
	if f.protocol != nil && failure.Kind == "" {
		fit := vaurien.Fit(f.protocol, e.Message, "")
		if len(fit) == 0 {
			return next()
		}
		failure.Kind = fit[e.Rand().IntN(len(fit))].Name
	}
	return e.Fail(failure)
}
