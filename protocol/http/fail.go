package http

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// drawn are the failures to draw one from.
var drawn = [...]int{500, 501, 502, 503}

// reasons are the reason phrases of RFC 9110 section 15.6 and of the registry
// that its section 16.2 describes; a code without one has an empty phrase.
var reasons = map[int]string{
	500: "Internal Server Error",
	501: "Not Implemented",
	502: "Bad Gateway",
	503: "Service Unavailable",
	504: "Gateway Timeout",
	505: "HTTP Version Not Supported",
	506: "Variant Also Negotiates",         // RFC 2295
	507: "Insufficient Storage",            // RFC 4918
	508: "Loop Detected",                   // RFC 5842
	510: "Not Extended",                    // RFC 2774
	511: "Network Authentication Required", // RFC 6585
}

// imfFixdate is how time.Format writes a date (RFC 9110 section 5.6.7).
const imfFixdate = "Mon, 02 Jan 2006 15:04:05 GMT"

// Fail returns an error page as a common server sends it: with the code that f
// asks for, of 500 to 599, or with 500, 501, 502 or 503 as rng draws.
//
// The connection is closed after it if the client will not go on (RFC 9112
// section 9.3), or cannot because its request was not read to the end. A
// server says HTTP/1.1 also to a client of HTTP/1.0 (RFC 9110 section 2.5),
// which needs to be told that the connection stays.
func (c *codec) Fail(req *vaurien.Message, f vaurien.Failure, rng *rand.Rand) (vaurien.Answer, error) {
	code, err := codeOf(f)
	if err != nil {
		return vaurien.Answer{}, err
	}
	if code == 0 {
		code = drawn[rng.IntN(len(drawn))]
	}

	asked := noteOf(req)
	answer := vaurien.Answer{Close: f.Unread || !asked.persistent}
	connection := "keep-alive"
	if answer.Close {
		connection = "close" // RFC 9112 section 9.6
	}
	number := strconv.Itoa(code)
	title := number
	if reason := reasons[code]; reason != "" {
		title += " " + reason
	}
	page := "<html>\r\n<head><title>" + title + "</title></head>\r\n" +
		"<body>\r\n<h1>" + title + "</h1>\r\n</body>\r\n</html>\r\n"

	// The blank before a reason stays when that is empty (RFC 9112 section 4).
	b := fmt.Appendf(nil, "HTTP/1.1 %s %s\r\n", number, reasons[code])
	b = append(b, "Date: "...) // RFC 9110 section 6.6.1
	b = c.protocol.time().UTC().AppendFormat(b, imfFixdate)
	b = fmt.Appendf(b, "\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: %s\r\n\r\n", len(page), connection)
	if asked.method != head { // RFC 9110 section 9.3.2
		b = append(b, page...)
	}
	answer.Bytes = b
	return answer, nil
}

// codeOf returns the code that f asks for; 0 if any.
func codeOf(f vaurien.Failure) (int, error) {
	if f.Code == "" {
		for _, known := range failures {
			if known.Name == f.Kind {
				return known.code, nil
			}
		}
		return 0, nil
	}
	code, err := strconv.Atoi(f.Code)
	if err != nil || code < 500 || code > 599 {
		return 0, fmt.Errorf("%s is no code for a failure: use one of 500 to 599", f.Code)
	}
	return code, nil
}

// time is now, by the Protocol's clock.
func (p *Protocol) time() time.Time {
	if p.now != nil {
		return p.now()
	}
	return time.Now()
}
