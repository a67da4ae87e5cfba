package http

import "strconv"

// A method is one that changes how a reply is read.
type method uint8

const (
	another method = iota
	head           // its replies have no body
	connect        // a 2xx reply to it makes the connection a tunnel
)

// verbOf returns a method's name and what it means for replies. Methods are
// case-sensitive (RFC 9110 section 9.1). The common ones cost no memory.
func verbOf(name []byte) (string, method) {
	switch string(name) {
	case "GET":
		return "GET", another
	case "HEAD":
		return "HEAD", head
	case "POST":
		return "POST", another
	case "PUT":
		return "PUT", another
	case "DELETE":
		return "DELETE", another
	case "PATCH":
		return "PATCH", another
	case "OPTIONS":
		return "OPTIONS", another
	case "CONNECT":
		return "CONNECT", connect
	case "TRACE":
		return "TRACE", another
	case "PROPFIND": // WebDAV, RFC 4918
		return "PROPFIND", another
	case "REPORT": // RFC 3253
		return "REPORT", another
	case "PURGE": // asked of caches
		return "PURGE", another
	}
	return string(name), another
}

// codes are the numbers from 100 to 999, one after the other.
var codes = func() string {
	b := make([]byte, 0, 3*900)
	for code := 100; code <= 999; code++ {
		b = strconv.AppendInt(b, int64(code), 10)
	}
	return string(b)
}()

// status returns a code from 100 to 999 in digits, without new memory.
func status(code int) string {
	at := 3 * (code - 100)
	return codes[at : at+3]
}
