package postgres

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/vaurien-proxy/vaurien"
)

// longestMessage is how long the text of an error may be.
const longestMessage = 8 << 10

// Failures returns the ways to fail that have a name.
func (p *Protocol) Failures() []vaurien.FailureKind { return kinds }

var kinds = func() []vaurien.FailureKind {
	all := make([]vaurien.FailureKind, len(failures))
	for i := range failures {
		all[i] = failures[i].FailureKind
	}
	return all
}()

// CheckFailure says what is wrong with a code or a message.
func (p *Protocol) CheckFailure(f vaurien.Failure) error {
	if err := checkCode(f.Code); err != nil {
		return err
	}
	if k := kindOf(f.Kind); k != nil && k.bytes != "" && (f.Code != "" || f.Message != "") {
		return fmt.Errorf("%s is told without a code and a message: leave them out", f.Kind)
	}
	switch {
	case strings.ContainsRune(f.Message, 0):
		return fmt.Errorf("a NUL in the message would end it: leave it out")
	case len(f.Message) > longestMessage:
		return fmt.Errorf("a message of %d bytes is too long: use %d at most", len(f.Message), longestMessage)
	}
	return nil
}

// checkCode says what is wrong with an SQLSTATE (the manual, appendix A
// "PostgreSQL Error Codes").
func checkCode(code string) error {
	if code == "" {
		return nil
	}
	ok := len(code) == 5
	for _, c := range []byte(code) {
		ok = ok && (c >= '0' && c <= '9' || c >= 'A' && c <= 'Z')
	}
	if !ok {
		return fmt.Errorf("%q is no SQLSTATE: use five digits or capitals, as 40001 or 57P01", code)
	}
	switch code[:2] {
	case "00", "01", "02":
		return fmt.Errorf("%s is no error: those of the classes 00, 01 and 02 say that all went well", code)
	}
	return nil
}

// kindOf returns the failure of that name; nil if there is none.
func kindOf(name string) *failure {
	for i := range failures {
		if failures[i].Name == name {
			return &failures[i]
		}
	}
	return nil
}

// choose returns the failure that f asks for. Without a kind it is one with
// f's code that fits req, or one that the dice choose; nil if there is none.
func (p *Protocol) choose(req *vaurien.Message, f vaurien.Failure, rng *rand.Rand) (*failure, error) {
	switch {
	case f.Kind != "":
		if k := kindOf(f.Kind); k != nil {
			return k, nil
		}
		return nil, fmt.Errorf("unknown failure %q", f.Kind)
	case f.Code != "":
		for i := range failures {
			if k := &failures[i]; k.response.code == f.Code && req != nil && k.Fits(req) {
				return k, nil
			}
		}
		// Without words of its own an error is called by its code, as PL/pgSQL's
		// RAISE does (the manual, section 43.9.1).
		return &failure{response: response{code: f.Code, message: f.Code}}, nil
	}
	fit := vaurien.Fit(p, req, "")
	if len(fit) == 0 {
		return nil, nil
	}
	return kindOf(fit[rng.IntN(len(fit))].Name), nil
}

// Fail returns what becomes of a request that the server fails.
func (c *codec) Fail(req *vaurien.Message, f vaurien.Failure, rng *rand.Rand) (vaurien.Answer, error) {
	k, err := new(Protocol).choose(req, f, rng)
	if err != nil {
		return vaurien.Answer{}, err
	}
	n := noteOf(req)
	switch {
	case k == nil:
		return vaurien.Answer{Pass: true}, nil
	case k.bytes != "":
		return vaurien.Answer{Bytes: []byte(k.bytes), Close: req == nil}, nil
	case req == nil:
		return vaurien.Answer{Bytes: c.words(k, f, nil, n, rng).append(nil), Close: true}, nil
	}
	e := c.words(k, f, req, n, rng)
	switch {
	case n.opening>>16 == version3, n.first == 'p':
		e.severity = "FATAL" // there is no session yet that could go on
	case !n.runs():
		return vaurien.Answer{Pass: true}, nil
	}
	if k.closes() || e.severity == "FATAL" {
		return vaurien.Answer{Bytes: k.last(e), Close: true}, nil
	}
	return c.failStatement(n, req, e, f.Unread), nil
}

// words returns what the client is told of k.
func (c *codec) words(k *failure, f vaurien.Failure, req *vaurien.Message, n *note, rng *rand.Rand) *response {
	e := k.response
	if e.severity == "" {
		e.severity = "ERROR"
	}
	if k.fill != nil && req != nil {
		severity := e.severity
		k.fill(&e, c.askedBy(n, req.Verb, req.Head, rng))
		e.severity = severity
	}
	if f.Code != "" {
		e.code = f.Code
	}
	if f.Message != "" {
		e.message = f.Message
		e.detail, e.hint, e.where = "", "", "" // of another text
	}
	return &e
}

// last returns the last that a client is told in its session.
func (f *failure) last(e *response) []byte {
	var b []byte
	if f.admitted {
		b = appendMessage(b, 'R', "\x00\x00\x00\x00")
	}
	start := len(b)
	b = e.append(b)
	if f.notice {
		b[start] = 'N'
	}
	return b
}

// failStatement lets a statement fail and the session go on. Where no
// transaction is open and the server has nothing to know of it, the answer is
// made here.
func (c *codec) failStatement(n *note, req *vaurien.Message, e *response, unread bool) vaurien.Answer {
	word, _ := keyword(n.text(req.Head))
	switch {
	case n.status == failed, word == "ROLLBACK", word == "ABORT":
		return vaurien.Answer{Pass: true}
	case n.status == idle && (n.first == 'Q' || n.first == 'F') && !unread:
		// No ReadyForQuery comes from the server; the state is as it was.
		c.state.CompareAndSwap((n.sequence-1)<<8|uint64(idle), n.sequence<<8|uint64(idle))
		return vaurien.Answer{Bytes: appendMessage(e.append(nil), 'Z', string(idle))}
	}
	return raise(n, req.Head, e)
}
