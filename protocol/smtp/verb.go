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

// verbs are the commands that have a reply of their own and no more, unless
// their verb says otherwise.
var verbs = []struct {
	name string
	verb verb
}{
	{"MAIL", mailFrom}, {"RCPT", rcptTo}, {"DATA", data}, {"RSET", rset}, {"QUIT", quit},
	{"HELO", helo}, {"EHLO", ehlo}, {"NOOP", another}, {"VRFY", another}, {"EXPN", another}, {"HELP", another},
	{"BDAT", bdat},         // RFC 3030
	{"STARTTLS", startTLS}, // RFC 3207
	{"AUTH", auth},         // RFC 4954
	{"LHLO", lhlo},         // RFC 2033
	{"ETRN", another},      // RFC 1985
	{"TURN", turn},         // RFC 821: the two change places
	{"ATRN", turn},         // RFC 2645
	{"BURL", another},      // RFC 4468
	{"XFORWARD", another},  // Postfix, XFORWARD_README
	{"XCLIENT", xclient},   // Postfix, XCLIENT_README
}

// verbOf returns a command's name in capitals, and what it means. Those that
// are known cost no memory.
func verbOf(name []byte) (string, verb) {
	for i := range verbs {
		if v := &verbs[i]; is(name, v.name) {
			return v.name, v.verb
		}
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
