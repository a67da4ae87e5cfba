package ldap

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/vaurien-proxy/vaurien"
)

// mostEntries is how many entries a search gets at most before it exceeds a
// limit.
const mostEntries = 8

// CheckFailure says what is wrong with the code or the text that f asks for.
func (p *Protocol) CheckFailure(f vaurien.Failure) error {
	if f.Code != "" {
		if _, err := parseCode(f.Code); err != nil {
			return err
		}
	}
	if !utf8.ValidString(f.Message) { // RFC 4511 section 4.1.2
		return fmt.Errorf("%q is not UTF-8, which a diagnosticMessage must be", f.Message)
	}
	if known := failureOf(f.Kind); known != nil && known.way == closes && f.Code+f.Message != "" {
		return fmt.Errorf("%s tells the client nothing: leave the code and the message out", f.Kind)
	}
	return nil
}

func failureOf(name string) *failure {
	for i := range failures {
		if failures[i].Name == name {
			return &failures[i]
		}
	}
	return nil
}

// Fail lets req fail as OpenLDAP's slapd would fail it.
//
// A bind that fails leaves its session anonymous (RFC 4513 section 4). So a
// session that the backend holds for bound is made anonymous there too, by a
// bind in this one's place. A search that exceeds a limit after some entries
// has them from the backend, which is asked for so many.
func (c *codec) Fail(req *vaurien.Message, f vaurien.Failure, rng *rand.Rand) (vaurien.Answer, error) {
	known := failureOf(f.Kind)
	if known == nil && f.Code == "" {
		fit := vaurien.Fit(c.protocol, req, "")
		if len(fit) == 0 {
			return vaurien.Answer{Pass: true}, nil
		}
		known = failureOf(fit[rng.IntN(len(fit))].Name)
	}
	if known == nil {
		known = new(failure)
	}
	n := noteOf(req)
	if n == nil || n.op.done() == 0 {
		return vaurien.Answer{Pass: true}, nil
	}
	c.shared.abandons(n.id) // what was to become of it when Fail was called before
	r, err := c.result(req, n, known, f)
	if err != nil {
		return vaurien.Answer{}, err
	}

	switch known.way {
	case notices:
		return vaurien.Answer{Bytes: r.notice(), Close: true}, nil
	case closes:
		return vaurien.Answer{Close: true}, nil
	}
	reply := r.message(n.id, n.op.done(), "")
	switch {
	case f.Unread:
		return vaurien.Answer{Bytes: reply, Close: true}, nil
	case known.way == limits:
		with := replacement{reply: reply, limit: true}
		if f.Code == "" && f.Message == "" {
			with.reply = nil // the backend's own is what it is to be
		}
		if forward := c.limit(req, n, 1+rng.IntN(mostEntries), with); forward != nil {
			return vaurien.Answer{Forward: forward, Rest: true}, nil
		}
	case known.way == expires && rng.IntN(2) == 0:
		if forward := c.limit(req, n, 1+rng.IntN(mostEntries), replacement{reply: reply, limit: true}); forward != nil {
			return vaurien.Answer{Forward: forward, Rest: true}, nil
		}
	case n.op == bind && c.shared.holds():
		c.shared.renounces(n.id, replacement{reply: reply})
		return vaurien.Answer{Forward: anonymous(n.id)}, nil
	case n.op == extended:
		c.shared.startTLS.CompareAndSwap(n.id, 0)
	}
	return vaurien.Answer{Bytes: reply}, nil
}

// limit returns a search that the backend stops after so many entries, or as
// many as the client wants if they are fewer, and notes what to say at its end;
// nil if it cannot be made of req.
func (c *codec) limit(req *vaurien.Message, n *note, entries int, at replacement) []byte {
	q, ok := readSearch(n.content(req))
	if !ok || q.scope == 0 {
		return nil
	}
	if own, ok := number(q.size); ok && own > 0 {
		entries = min(entries, int(own))
	}
	forward := limited(req.Head, n, byte(entries))
	if forward != nil && at.reply != nil {
		c.shared.answer(n.id, at)
	}
	return forward
}

// anonymous is the bind by which nobody binds (RFC 4513 section 5.1.1).
func anonymous(id uint32) []byte {
	b := appendNumber(nil, integer, 3)
	b = appendElement(b, octetString, nil)
	b = appendElement(b, simpleChoice, nil)
	return message(id, appendElement(nil, byte(bind), b))
}

// result returns what is said of req when it fails as known, with the code and
// the text that f asks for.
func (c *codec) result(req *vaurien.Message, n *note, known *failure, f vaurien.Failure) (result, error) {
	b := n.content(req)
	r := result{code: known.code, text: known.text}
	if text, ok := known.texts[n.op]; ok {
		r.text = text
	}
	if r.code == invalidCredentials {
		q := readBind(b)
		r.text = q.refusal()
	}
	if known.named && n.op != extended {
		if all := attributesIn(n.op, b); len(all) > 0 {
			r.text += all[0]
		}
	}
	if f.Code != "" {
		code, err := parseCode(f.Code)
		if err != nil {
			return r, err
		}
		if r.code != code {
			r.code, r.text = code, ""
		}
	}
	if f.Message != "" {
		r.text = f.Message
	}
	switch r.code {
	case referral:
		r.uri = c.protocol.referral(n.op, b)
	case noSuchObject:
		r.matched = parent(nameOfEntry(n.op, b))
		if n.op == add { // it is the entry above that does not exist
			r.matched = parent(r.matched)
		}
	}
	return r, nil
}

// nameOfEntry returns the name of the entry that a request is about.
func nameOfEntry(op operation, b []byte) string {
	dn, _ := describe(op, b, "dn").(string)
	return dn
}

// parent returns the name of the entry above dn: the last that a server finds
// when dn itself does not exist (RFC 4511 section 4.1.9). It is empty where
// dn is likely to be the highest that the server has.
func parent(dn string) string {
	for i := 0; i < len(dn); i++ {
		switch dn[i] {
		case '\\': // RFC 4514 section 2.4
			i++
		case ',':
			above := strings.TrimLeft(dn[i+1:], " ")
			first, _, _ := strings.Cut(dn, "=")
			if strings.EqualFold(first, "dc") || strings.EqualFold(first, "o") {
				return ""
			}
			return above
		}
	}
	return ""
}

// referral returns the URI (RFC 4516) that names the entry of a request on
// another server, as slapd does: with a search's scope.
func (p *Protocol) referral(op operation, b []byte) string {
	server := strings.TrimRight(p.Referral, "/")
	if server == "" {
		server = elsewhere
	}
	uri := server + "/" + strings.ReplaceAll(url.PathEscape(nameOfEntry(op, b)), "%2C", ",")
	if q, ok := readSearch(b); op == search && ok && q.scope < uint32(len(scopes)) {
		uri += "??" + scopes[q.scope]
	}
	return uri
}
