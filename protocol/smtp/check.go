package smtp

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/vaurien-proxy/vaurien"
)

// longestText is how long the text of a failure may be, so that its reply is
// not longer than a reply may be.
const longestText = longestReply - len("421 4.7.255 \r\n")

// texts are what replies say that nobody gave a text: RFC 5321 section 4.2.2,
// RFC 4954 section 6, RFC 7504.
var texts = map[string]string{
	"421": "{host} Service not available, closing transmission channel",
	"432": "A password transition is needed",
	"450": "Requested mail action not taken: mailbox unavailable",
	"451": "Requested action aborted: local error in processing",
	"452": "Requested action not taken: insufficient system storage",
	"454": "Temporary authentication failure",
	"455": "Server unable to accommodate parameters",
	"500": "Syntax error, command unrecognized",
	"501": "Syntax error in parameters or arguments",
	"502": "Command not implemented",
	"503": "Bad sequence of commands",
	"504": "Command parameter not implemented",
	"521": "Server does not accept mail",
	"530": "Authentication required",
	"534": "Authentication mechanism is too weak",
	"535": "Authentication credentials invalid",
	"538": "Encryption required for requested authentication mechanism",
	"550": "Requested action not taken: mailbox unavailable",
	"551": "User not local",
	"552": "Requested mail action aborted: exceeded storage allocation",
	"553": "Requested action not taken: mailbox name not allowed",
	"554": "Transaction failed",
	"555": "MAIL FROM/RCPT TO parameters not recognized or not implemented",
	"556": "Domain does not accept mail",
}

// CheckFailure says what is wrong with the code or the text that f asks for.
func (p *Protocol) CheckFailure(f vaurien.Failure) error {
	_, err := resolve(f)
	return err
}

// resolve returns the failure that f asks for: one that has a name, with f's
// code and text over its own, or one that is nothing but a code.
func resolve(f vaurien.Failure) (failure, error) {
	var found failure
	for _, known := range failures {
		if known.Name == f.Kind {
			found = known
		}
	}
	if f.Kind != "" && found.Name == "" {
		return failure{}, fmt.Errorf("no failure is called %q", f.Kind)
	}
	if f.Code != "" {
		code, enhanced, err := parseCode(f.Code)
		if err != nil {
			return failure{}, err
		}
		if enhanced == "" && found.enhanced != "" {
			enhanced = code[:1] + found.enhanced[1:] // RFC 2034 section 4: the classes are the same
		}
		found.code, found.enhanced = code, enhanced
	}
	if f.Message != "" {
		if err := checkText(f.Message); err != nil {
			return failure{}, err
		}
		found.text, found.verbatim = f.Message, true
	}
	if found.text == "" {
		found.text = cmp.Or(texts[found.code], "Command failed")
	}
	return found, nil
}

// parseCode reads a code, and the enhanced one if there is one after it.
func parseCode(s string) (code, enhanced string, err error) {
	bad := func(why string) error {
		return fmt.Errorf("%q is no code of a failure: %s; write one such as \"452\" or \"452 4.3.1\"", s, why)
	}
	code, enhanced, two := strings.Cut(s, " ")
	if len(code) != 3 || code[0] != '4' && code[0] != '5' || code[1] < '0' || code[1] > '5' || !isNumber(code) {
		return "", "", bad("it must begin with three digits, 400 to 559")
	}
	if !two {
		return code, "", nil
	}
	parts := strings.Split(enhanced, ".")
	if len(parts) != 3 || !isNumber(parts[0]) || !isNumber(parts[1]) || !isNumber(parts[2]) {
		return "", "", bad("after a blank it must have three numbers with dots between them (RFC 3463)")
	}
	if parts[0] != code[:1] {
		return "", "", bad("the enhanced code must begin with " + code[:1] + ", as the code does (RFC 2034)")
	}
	return code, enhanced, nil
}

// isNumber tells whether s is one of RFC 3463's numbers: one to three digits.
func isNumber(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(s) > 0 && len(s) <= 3
}

// checkText refuses what would not be one line of a reply.
func checkText(s string) error {
	if len(s) > longestText {
		return fmt.Errorf("a text of %d bytes: a reply's line has room for %d (RFC 5321 section 4.5.3.1.5)", len(s), longestText)
	}
	for i, c := range []byte(s) {
		if c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("byte %#02x at %d in the text: it must be one line without control characters", c, i)
		}
	}
	return nil
}
