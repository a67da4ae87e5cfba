package http

import "github.com/vaurien-proxy/vaurien"

// failures are the ways to fail that have a name. The first four are those that
// Vaurien has always drawn one from.
var failures = []failure{
	{code: 500, FailureKind: vaurien.FailureKind{Name: "internal-server-error", Source: "RFC 9110 section 15.6.1"}},
	{code: 501, FailureKind: vaurien.FailureKind{Name: "not-implemented", Source: "RFC 9110 section 15.6.2"}},
	{code: 502, FailureKind: vaurien.FailureKind{Name: "bad-gateway", Source: "RFC 9110 section 15.6.3"}},
	{code: 503, FailureKind: vaurien.FailureKind{Name: "service-unavailable", Source: "RFC 9110 section 15.6.4"}},
}

type failure struct {
	vaurien.FailureKind
	code int
}

// Failures returns the ways to fail that have a name.
func (p *Protocol) Failures() []vaurien.FailureKind {
	kinds := make([]vaurien.FailureKind, len(failures))
	for i, f := range failures {
		kinds[i] = f.FailureKind
	}
	return kinds
}

// CheckFailure says what is wrong with the code that f asks for.
func (p *Protocol) CheckFailure(f vaurien.Failure) error {
	_, err := codeOf(f)
	return err
}
