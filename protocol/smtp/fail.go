package smtp

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/vaurien-proxy/vaurien"
)

// letGo is what Postfix says to DATA.
const letGo = "354 End data with <CR><LF>.<CR><LF>\r\n"

// noRecipients is what Postfix says to DATA when it has accepted no recipient.
const noRecipients = "554 5.5.1 Error: no valid recipients\r\n"

// Fail returns the reply that f asks for, in req's turn. The server hears
// nothing of a command that is answered so.
//
// A mail fails after its last byte, in this way: for DATA the server is asked
// NOOP. If by its reply there are recipients, the client is told to send the
// mail, which goes nowhere; the server gets RSET in its place, and then has
// forgotten the transaction as it would have after refusing the mail (RFC 5321
// section 4.1.1.4). The client is told what f says for the server's 250.
func (c *codec) Fail(req *vaurien.Message, f vaurien.Failure, rng *rand.Rand) (vaurien.Answer, error) {
	if f.Kind == "" && f.Code == "" {
		fit := vaurien.Fit(c.protocol, req, "")
		if len(fit) == 0 {
			return vaurien.Answer{Pass: true}, nil
		}
		f.Kind = fit[rng.IntN(len(fit))].Name
	}
	failing, err := resolve(f)
	if err != nil {
		return vaurien.Answer{}, err
	}
	asked := noteOf(req)
	said := c.say(failing, req)
	switch {
	case req == nil:
		return vaurien.Answer{Bytes: said, Close: true}, nil
	case asked.verb == connect:
		return c.greet(said), nil
	case failing.atEnd && asked.verb == data:
		if c.open.Load() <= 1 && c.accepted.Load() == 0 {
			return vaurien.Answer{Pass: true}, nil // the server refuses it itself
		}
		asked.fate, asked.verdict = leaveAsked, said
		return vaurien.Answer{Forward: []byte("NOOP\r\n")}, nil
	case failing.atEnd && asked.verb == bdat && !closes(said):
		asked.fate, asked.verdict = forgotten, said
		return vaurien.Answer{Forward: []byte("RSET\r\n")}, nil
	case failing.Phase == vaurien.Authenticating && asked.verb == auth && !closes(said):
		c.steps = append(challenges(req.Head, rng), string(said))
		return c.step(nil), nil
	}
	if !asked.over { // a second call is about the same end
		asked.over = true
		c.open.Add(-1)
	}
	return vaurien.Answer{Bytes: said, Close: closes(said)}, nil
}

// greet returns the answer that said is instead of a greeting. After a 421 the
// server closes; after another it waits for QUIT (RFC 5321 section 3.1). The
// greeting of the server behind is not for the client any more.
func (c *codec) greet(said []byte) vaurien.Answer {
	c.muted.Store(true)
	c.refused.Store(true)
	return vaurien.Answer{Bytes: said, Close: closes(said)}
}

// turnedAway returns the answer to a command of a client that is not welcome.
func turnedAway(v verb) vaurien.Answer {
	if v == quit {
		return vaurien.Answer{Bytes: []byte("221 2.0.0 Bye\r\n"), Close: true}
	}
	return vaurien.Answer{Bytes: []byte("503 5.7.0 Error: access denied for unknown[unknown]\r\n")}
}

// stand replaces the server's reply to what it got in a request's place.
func (c *codec) stand(asked *note, m *vaurien.Message) {
	switch {
	case asked.fate == forgotten:
		times := 1
		if c.lmtp.Load() { // RFC 2033 section 4.2: a reply for each recipient
			times = max(1, int(c.accepted.Load()))
		}
		m.Head = []byte(strings.Repeat(string(asked.verdict), times))
		c.accepted.Store(0)
	case c.accepted.Load() == 0:
		m.Head = []byte(noRecipients)
	default:
		m.Head, m.Invites = []byte(letGo), true
		asked.fate, asked.invited = forgotten, true
		c.sentence = asked.verdict
		c.expect(aMail)
	}
}

// step returns the answer to a client that authenticates in vain and sent this
// response: the next challenge, or in the end the failure.
func (c *codec) step(response []byte) vaurien.Answer {
	said := c.steps[0]
	c.steps = c.steps[1:]
	if string(response) == "*\r\n" { // RFC 4954 section 4
		said, c.steps = "501 5.7.0 Authentication aborted\r\n", nil
	}
	more := len(c.steps) > 0
	if more {
		c.expect(aResponse)
	} else {
		c.open.Add(-1)
	}
	return vaurien.Answer{Bytes: []byte(said), Invites: more}
}

// challenges returns what the client is asked before it is told that it failed:
// what servers ask by the mechanisms that are common (RFC 4616 for PLAIN,
// RFC 2195 for CRAM-MD5, draft-murchison-sasl-login for LOGIN). By others it
// fails at once.
func challenges(line []byte, rng *rand.Rand) []string {
	words := strings.Fields(strings.ToUpper(string(line)))
	if len(words) < 2 {
		return nil
	}
	initial := len(words) > 2
	const username, password = "334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"
	switch mechanism := words[1]; {
	case mechanism == "PLAIN" && !initial:
		return []string{"334 \r\n"}
	case mechanism == "LOGIN" && !initial:
		return []string{username, password}
	case mechanism == "LOGIN":
		return []string{password}
	case mechanism == "CRAM-MD5":
		nonce := fmt.Sprintf("<%d.%d@localhost>", rng.Uint32(), rng.Uint32())
		return []string{"334 " + base64.StdEncoding.EncodeToString([]byte(nonce)) + "\r\n"}
	}
	return nil
}

// closes tells whether a server closes the connection after this reply (RFC
// 5321 section 3.8).
func closes(reply []byte) bool { return strings.HasPrefix(string(reply), "421") }

// say returns the reply that a failure is.
func (c *codec) say(f failure, req *vaurien.Message) []byte {
	text := f.text
	if !f.verbatim && strings.Contains(text, "{") {
		text = strings.NewReplacer(
			"{host}", c.serverName(), "{client}", "unknown", // as Postfix has it of a client that is gone
			"{sender}", c.address(req, mailFrom), "{recipient}", c.address(req, rcptTo)).Replace(text)
	}
	reply := f.code + " "
	if f.enhanced != "" {
		reply += f.enhanced + " "
	}
	if room := longestReply - len(reply) - len("\r\n"); len(text) > room {
		text = text[:room] // an address may be longer than a reply
	}
	return []byte(reply + text + "\r\n")
}

// longestReply is how long a reply's line may be (RFC 5321 section 4.5.3.1.5).
const longestReply = 512

// address returns the address in a request, if it is that command.
func (c *codec) address(req *vaurien.Message, v verb) string {
	if req == nil || noteOf(req).verb != v {
		return ""
	}
	return string(path(req.Head))
}

// serverName is the name that the server greeted with, or one that a server
// here would have.
func (c *codec) serverName() string {
	if name := c.host.Load(); name != nil {
		return *name
	}
	if name, err := os.Hostname(); err == nil {
		return name
	}
	return "localhost"
}
