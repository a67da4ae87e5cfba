package ldap

import "bytes"

// A bindRequest is what a bind says of who binds and how (RFC 4511 section
// 4.2). Its credentials are nobody's business.
type bindRequest struct {
	name      []byte
	mechanism []byte // of SASL
	proof     []byte // what SASL's client says
	simple    bool
	empty     bool // without a password (RFC 4513 section 5.1.1 and 5.1.2)
}

const (
	simpleChoice = 0x80
	saslChoice   = 0xa3
)

// readBind reads the content of a bind, as far as it can be read.
func readBind(b []byte) (q bindRequest) {
	_, b, ok := take(b, integer) // the version
	if !ok {
		return q
	}
	if q.name, b, ok = take(b, octetString); !ok {
		return q
	}
	tag, content, _, whole, _ := element(b)
	switch tag {
	case simpleChoice:
		q.simple = true
		q.empty = whole && len(content) == 0
	case saslChoice:
		q.mechanism, content, _ = take(content, octetString)
		_, q.proof, _, _, _ = element(content)
	}
	return q
}

// proves reports whether the bind is the step in which it is found out whether
// who binds is who they say.
func (q *bindRequest) proves() bool {
	switch {
	case q.simple:
		return !q.empty
	case bytes.HasPrefix(q.mechanism, []byte("SCRAM-")): // RFC 5802 section 7, client-final-message
		return bytes.HasPrefix(q.proof, []byte("c="))
	}
	return len(q.proof) > 0
}

// refusals are what the mechanisms of Cyrus SASL say of a proof that is wrong
// (version 2.1.28, plugins/digestmd5.c, cram.c, scram.c, gssapi.c).
var refusals = []struct{ mechanism, text string }{
	{"DIGEST-MD5", "client response doesn't match what we generated (tried bogus)"},
	{"CRAM-MD5", "incorrect digest response"},
	{"SCRAM-", "StoredKey mismatch"},
	{"GSS", "GSSAPI Failure: gss_accept_sec_context"},
	{"", "Password verification failed"}, // PLAIN, LOGIN
}

// refusal is the diagnosticMessage for a proof that is wrong.
func (q *bindRequest) refusal() string {
	if q.simple {
		return ""
	}
	for _, r := range refusals {
		if bytes.HasPrefix(q.mechanism, []byte(r.mechanism)) {
			return "SASL(-13): authentication failure: " + r.text
		}
	}
	return ""
}
