package smtp

// A verb is a command that means something to the codec.
type verb uint8

const (
	another verb = iota // one line, one reply
	connect             // none at all: it is answered by the greeting
	helo
	ehlo
	lhlo
	mailFrom
	rcptTo
	data
	bdat
	rset
	quit
	auth
	startTLS
	turn
	xclient
	strange // unknown: the reply may ask for what nobody can read
)

// longestVerb is how long a verb that is known may be.
const longestVerb = 8

// verbOf returns a command's name in capitals, and what it means. It costs no
// memory; names that are not known are all one.
func verbOf(name []byte) (string, verb) {
	if len(name) > longestVerb {
		return "unknown", strange
	}
	var upper [longestVerb]byte
	for i, c := range name {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper[i] = c
	}
	switch string(upper[:len(name)]) {
	case "MAIL":
		return "MAIL", mailFrom
	case "RCPT":
		return "RCPT", rcptTo
	case "DATA":
		return "DATA", data
	case "RSET":
		return "RSET", rset
	case "QUIT":
		return "QUIT", quit
	case "HELO":
		return "HELO", helo
	case "EHLO":
		return "EHLO", ehlo
	case "NOOP":
		return "NOOP", another
	case "VRFY":
		return "VRFY", another
	case "EXPN":
		return "EXPN", another
	case "HELP":
		return "HELP", another
	case "BDAT": // RFC 3030
		return "BDAT", bdat
	case "STARTTLS": // RFC 3207
		return "STARTTLS", startTLS
	case "AUTH": // RFC 4954
		return "AUTH", auth
	case "LHLO": // RFC 2033
		return "LHLO", lhlo
	case "ETRN": // RFC 1985
		return "ETRN", another
	case "TURN": // RFC 821: the two change places
		return "TURN", turn
	case "ATRN": // RFC 2645: as TURN
		return "ATRN", turn
	case "BURL": // RFC 4468
		return "BURL", another
	case "XFORWARD": // Postfix, XFORWARD_README
		return "XFORWARD", another
	case "XCLIENT": // Postfix, XCLIENT_README
		return "XCLIENT", xclient
	}
	return "unknown", strange
}

// is tells whether b is that word, in any letter case.
func is(b []byte, upper string) bool {
	if len(b) != len(upper) {
		return false
	}
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != upper[i] {
			return false
		}
	}
	return true
}
