package ldap

import "github.com/vaurien-proxy/vaurien"

// A way is how a failure comes about.
type way uint8

const (
	says    way = iota // a result in the reply's place
	limits             // the backend is asked for fewer entries than the client asked for
	expires            // the same, or no entry at all
	notices            // a Notice of Disconnection, and then the end
	closes             // the end
)

// A failure is one way to fail that has a name.
type failure struct {
	vaurien.FailureKind
	way   way
	code  int
	text  string               // the diagnosticMessage
	texts map[operation]string // and where it is another
	named bool                 // the first attribute that is set is put after the text
}

const (
	slapd   = "captured: slapd 2.5.13 (testdata/captures/"
	stays   = "stays open"
	nobody  = "stays open; after a bind, anonymous"
	closed  = "closes"
	rfc4511 = "RFC 4511 "

	stronger = "strong(er) authentication required"
)

var failures = []failure{
	{code: 51, text: "ldap server busy", texts: map[operation]string{bind: "ldap_server_busy"}, FailureKind: vaurien.FailureKind{
		Name: "busy", Phase: vaurien.Asking, Doc: "busy (51): the server has too much to do", Effect: nobody,
		Source: "OpenLDAP 2.5 servers/slapd/back-mdb/search.c mdb_search, bind.c mdb_bind", Fits: replied}},
	{code: 52, text: "Proxy can't contact remote server", FailureKind: vaurien.FailureKind{
		Name: "unavailable", Phase: vaurien.Asking, Doc: "unavailable (52): the server behind a slapd proxy is gone", Effect: nobody,
		Source: slapd + "unavailable.txt)", Fits: replied}},
	{code: invalidCredentials, FailureKind: vaurien.FailureKind{
		Name: "invalid-credentials", Phase: vaurien.Authenticating, Doc: "invalidCredentials (49): no such user, or a wrong password", Effect: "stays open, anonymous",
		Source: slapd + "invalid-credentials-*.txt)", Fits: proves}},
	{code: 13, text: "confidentiality required", FailureKind: vaurien.FailureKind{
		Name: "confidentiality-required", Phase: vaurien.Authenticating, Doc: "confidentialityRequired (13): not without TLS", Effect: nobody,
		Source: slapd + "confidentiality-required-*.txt)", Fits: only(bind, search, modify, add, del, modrdn, compare, extended)}},
	{code: 8, text: "modifications require authentication", texts: map[operation]string{
		search: stronger, compare: stronger, extended: stronger,
	}, FailureKind: vaurien.FailureKind{
		Name: "strong-auth-required", Phase: vaurien.Asking, Doc: "strongerAuthRequired (8): not for the anonymous", Effect: stays,
		Source: slapd + "strong-auth-required-*.txt)", Fits: only(search, modify, add, del, modrdn, compare, extended)}},
	{code: 50, texts: map[operation]string{
		add: "no write access to parent", del: "no write access to parent", modrdn: "no write access to parent's children",
	}, FailureKind: vaurien.FailureKind{
		Name: "insufficient-access", Phase: vaurien.Asking, Doc: "insufficientAccessRights (50): the user may not do that", Effect: stays,
		Source: slapd + "insufficient-access-*.txt)", Fits: only(modify, add, del, modrdn, compare, extended)}},
	{code: 32, FailureKind: vaurien.FailureKind{
		Name: "no-such-object", Phase: vaurien.Asking, Doc: "noSuchObject (32): the entry, or the parent of one to add, does not exist", Effect: stays,
		Source: slapd + "no-such-object-*.txt)", Fits: only(search, modify, add, del, modrdn, compare)}},
	{code: 19, named: true, texts: map[operation]string{
		add: "add breaks constraint on ", modify: "modify breaks constraint on ", extended: "Password fails quality checking policy",
	}, FailureKind: vaurien.FailureKind{
		Name: "constraint-violation", Phase: vaurien.Asking, Doc: "constraintViolation (19): a value that the server's policy forbids", Effect: stays,
		Source: slapd + "constraint-violation-*.txt)", Fits: constrains}},
	{code: 53, text: "operation restricted", FailureKind: vaurien.FailureKind{
		Name: "unwilling-to-perform", Phase: vaurien.Asking, Doc: "unwillingToPerform (53): the server is read-only, or restricted otherwise", Effect: nobody,
		Source: slapd + "unwilling-to-perform-*.txt)", Fits: only(bind, search, modify, add, del, modrdn, compare, extended)}},
	{code: 4, way: limits, FailureKind: vaurien.FailureKind{
		Name: "size-limit-exceeded", Phase: vaurien.Asking, Doc: "a few entries, then sizeLimitExceeded (4); success if there are no more entries than that", Effect: stays,
		Source: "the backend itself, asked with a sizeLimit of 1 to 8", Fits: finds}},
	{code: 3, way: expires, FailureKind: vaurien.FailureKind{
		Name: "time-limit-exceeded", Phase: vaurien.Asking, Doc: "no entry, or a few, then timeLimitExceeded (3)", Effect: stays,
		Source: slapd + "time-limit-exceeded.txt)", Fits: only(search)}},
	{code: 11, FailureKind: vaurien.FailureKind{
		Name: "admin-limit-exceeded", Phase: vaurien.Asking, Doc: "adminLimitExceeded (11): a search that is too much work", Effect: stays,
		Source: slapd + "admin-limit-exceeded.txt)", Fits: finds}},
	{code: 2, text: "unsupported extended operation", FailureKind: vaurien.FailureKind{
		Name: "protocol-error", Phase: vaurien.Asking, Doc: "protocolError (2): the server does not know this extended operation, such as StartTLS", Effect: stays,
		Source: slapd + "protocol-error.txt)", Fits: extends}},
	{code: 1, text: "SASL bind in progress", FailureKind: vaurien.FailureKind{
		Name: "operations-error", Phase: vaurien.Asking, Doc: "operationsError (1): a SASL bind is under way", Effect: stays,
		Source: slapd + "operations-error.txt)", OnRequest: true, Fits: only(search, modify, add, del, modrdn, compare, extended)}},
	{code: referral, FailureKind: vaurien.FailureKind{
		Name: "referral", Phase: vaurien.Asking, Doc: "referral (10) to the server that the option referral names", Effect: stays,
		Source: slapd + "referral-*.txt)", OnRequest: true, Fits: only(search, modify, add, del, modrdn, compare)}},
	{code: 52, way: notices, FailureKind: vaurien.FailureKind{
		Name: "server-down", Phase: vaurien.Asking, Doc: "a Notice of Disconnection: unavailable (52)", Effect: closed,
		Source: rfc4511 + "section 4.4.1", Fits: replied}},
	{code: 8, way: notices, FailureKind: vaurien.FailureKind{
		Name: "notice-of-strong-auth-required", Phase: vaurien.Asking, Doc: "a Notice of Disconnection: strongerAuthRequired (8), what protected the session is gone", Effect: closed,
		Source: rfc4511 + "section 4.4.1", OnRequest: true, Fits: replied}},
	{code: 2, way: notices, text: "decoding error", FailureKind: vaurien.FailureKind{
		Name: "notice-of-protocol-error", Phase: vaurien.Asking, Doc: "a Notice of Disconnection: protocolError (2), the server cannot read the request", Effect: closed,
		Source: slapd + "notice-of-protocol-error.txt)", OnRequest: true, Fits: replied}},
	{way: closes, FailureKind: vaurien.FailureKind{
		Name: "closed", Phase: vaurien.Asking, Doc: "no reply: slapd stops, or has waited for its idletimeout", Effect: closed,
		Source: slapd + "closed.txt)", Fits: replied}},
}

// replied fits requests that get a reply.
func replied(req *vaurien.Message) bool {
	n := noteOf(req)
	return n != nil && n.op.done() != 0
}

// only returns what fits these operations. Of extended ones it is all but
// StartTLS, which servers refuse in its own ways.
func only(ops ...operation) func(*vaurien.Message) bool {
	var fits [256]bool
	for _, op := range ops {
		fits[op] = true
	}
	return func(req *vaurien.Message) bool {
		n := noteOf(req)
		return n != nil && fits[n.op] && (n.op != extended || string(extensionOf(n.content(req))) != startTLS)
	}
}

// proves fits a bind with credentials that may be wrong.
func proves(req *vaurien.Message) bool {
	n := noteOf(req)
	if n == nil || n.op != bind {
		return false
	}
	q := readBind(n.content(req))
	return q.proves()
}

// finds fits a search that may find more than one entry.
func finds(req *vaurien.Message) bool {
	n := noteOf(req)
	if n == nil || n.op != search {
		return false
	}
	q, ok := readSearch(n.content(req))
	return ok && q.scope != 0
}

// extends fits an extended operation.
func extends(req *vaurien.Message) bool {
	n := noteOf(req)
	return n != nil && n.op == extended
}

// constrains fits what sets attributes, or a password.
func constrains(req *vaurien.Message) bool {
	n := noteOf(req)
	if n == nil {
		return false
	}
	return n.op == add || n.op == modify || n.op == extended && string(extensionOf(n.content(req))) == passwordModify
}

// Failures returns the ways to fail that have a name.
func (p *Protocol) Failures() []vaurien.FailureKind {
	kinds := make([]vaurien.FailureKind, len(failures))
	for i, f := range failures {
		kinds[i] = f.FailureKind
	}
	return kinds
}
