package ldap

import (
	"fmt"
	"strconv"
	"strings"
)

// The result codes that the codec treats in their own way.
const (
	success            = 0
	sizeLimitExceeded  = 4
	compareFalse       = 5
	compareTrue        = 6
	referral           = 10
	noSuchObject       = 32
	invalidCredentials = 49
	saslBindInProgress = 14
	highestCode        = 123 // authorizationDenied, the last that the IANA registry has
)

// codes are the names of result codes: those of RFC 4511 appendix A and of the
// registry that RFC 4520 section 3.8 describes.
var codes = map[int]string{
	0: "success", 1: "operationsError", 2: "protocolError", 3: "timeLimitExceeded", 4: "sizeLimitExceeded",
	5: "compareFalse", 6: "compareTrue", 7: "authMethodNotSupported", 8: "strongerAuthRequired",
	10: "referral", 11: "adminLimitExceeded", 12: "unavailableCriticalExtension", 13: "confidentialityRequired",
	14: "saslBindInProgress", 16: "noSuchAttribute", 17: "undefinedAttributeType", 18: "inappropriateMatching",
	19: "constraintViolation", 20: "attributeOrValueExists", 21: "invalidAttributeSyntax",
	32: "noSuchObject", 33: "aliasProblem", 34: "invalidDNSyntax", 36: "aliasDereferencingProblem",
	48: "inappropriateAuthentication", 49: "invalidCredentials", 50: "insufficientAccessRights", 51: "busy",
	52: "unavailable", 53: "unwillingToPerform", 54: "loopDetect",
	64: "namingViolation", 65: "objectClassViolation", 66: "notAllowedOnNonLeaf", 67: "notAllowedOnRDN",
	68: "entryAlreadyExists", 69: "objectClassModsProhibited", 71: "affectsMultipleDSAs", 80: "other",
	113: "lcupResourcesExhausted", 114: "lcupSecurityViolation", 115: "lcupInvalidData", // RFC 3928
	116: "lcupUnsupportedScheme", 117: "lcupReloadRequired",
	118: "canceled", 119: "noSuchOperation", 120: "tooLate", 121: "cannotCancel", // RFC 3909
	122: "assertionFailed", 123: "authorizationDenied", // RFC 4528, RFC 4370
}

// names are codes by number, so that no reply costs a search.
var names = func() (names [highestCode + 1]string) {
	for code, name := range codes {
		names[code] = name
	}
	return names
}()

// nameOf returns the name of a result code; empty if it has none.
func nameOf(code int) string {
	if code < 0 || code > highestCode {
		return ""
	}
	return names[code]
}

// parseCode reads a result code as users write it.
func parseCode(text string) (int, error) {
	code, err := strconv.Atoi(text)
	if err != nil {
		code = -1
		plain := strings.ReplaceAll(text, "-", "")
		for c, name := range codes {
			if strings.EqualFold(name, plain) {
				code = c
			}
		}
	}
	switch code {
	case success, compareFalse, compareTrue, saslBindInProgress: // RFC 4511 appendix A.1
		return 0, fmt.Errorf("%s is no error: use a number from 1 to %d or a name of RFC 4511, such as 51 or busy", text, highestCode)
	}
	if code < 0 || code > highestCode {
		return 0, fmt.Errorf("%s is no result code: use a number from 1 to %d or a name of RFC 4511, such as 51 or busy", text, highestCode)
	}
	return code, nil
}

// A result is what a reply by which a request is over says (RFC 4511 section
// 4.1.9).
type result struct {
	code    int
	matched string // matchedDN
	text    string // diagnosticMessage
	uri     string // the referral's
}

// message returns the LDAPMessage that has r as the reply op to the request id;
// name is the responseName of an extended reply.
func (r result) message(id uint32, op operation, name string) []byte {
	b := appendNumber(nil, enumerated, uint32(r.code))
	b = appendElement(b, octetString, []byte(r.matched))
	b = appendElement(b, octetString, []byte(r.text))
	if r.uri != "" { // RFC 4511 section 4.1.10
		b = appendElement(b, 0xa3, appendElement(nil, octetString, []byte(r.uri)))
	}
	if name != "" { // RFC 4511 section 4.12
		b = appendElement(b, 0x8a, []byte(name))
	}
	return message(id, appendElement(nil, byte(op), b))
}

// notice returns the Notice of Disconnection that says r (RFC 4511 section
// 4.4.1).
func (r result) notice() []byte { return r.message(0, extendedDone, disconnection) }

// message returns the LDAPMessage of an operation.
func message(id uint32, op []byte) []byte {
	return appendElement(nil, sequence, append(appendNumber(nil, integer, id), op...))
}
