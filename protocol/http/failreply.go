package http

import (
	"encoding/json"
	"fmt"
	"html"
	"strconv"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// A reply is what a server that fails says.
type reply struct {
	code       int
	style      style
	message    string // in place of the code's own reason; the detail of a problem
	retryAfter string // seconds (RFC 9110 section 10.2.3)
	last       bool   // the connection is closed after it, as its Connection says
	cut        bool   // the body is cut short, and the connection closed
	chunked    bool   // the body is in the chunked coding
	json       bool   // the content that is cut is JSON
}

// A style is whose reply it looks like.
type style uint8

const (
	common  style = iota // a page with a code, as many servers send it
	nginx                // nginx's own: the bytes of testdata/captures
	problem              // an application's, in JSON (RFC 9457)
)

// imfFixdate is how time.Format writes a date (RFC 9110 section 5.6.7).
const imfFixdate = "Mon, 02 Jan 2006 15:04:05 GMT"

// answer writes a reply to the request that asked is the note on. A server says
// HTTP/1.1 also to a client of HTTP/1.0 (RFC 9110 section 2.5), which needs to
// be told that the connection stays.
func (r *reply) answer(asked *note, unread bool, now time.Time) vaurien.Answer {
	closes := r.last || unread || !asked.persistent
	kind, content := r.content()
	length := len(content)
	if r.cut {
		content = content[:length/2]
	}

	// The blank before a reason stays when that is empty (RFC 9112 section 4).
	b := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n", r.code, r.reason())
	if r.style == nginx {
		b = append(b, "Server: nginx\r\n"...)
	}
	b = append(b, "Date: "...) // RFC 9110 section 6.6.1
	b = now.UTC().AppendFormat(b, imfFixdate)
	b = append(b, "\r\nContent-Type: "+kind+"\r\n"...)
	if r.chunked {
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	} else {
		b = fmt.Appendf(b, "Content-Length: %d\r\n", length)
	}
	if closes {
		b = append(b, "Connection: close\r\n"...) // RFC 9112 section 9.6
	} else {
		b = append(b, "Connection: keep-alive\r\n"...)
	}
	if r.retryAfter != "" {
		b = append(b, "Retry-After: "+r.retryAfter+"\r\n"...)
	}
	b = append(b, "\r\n"...)
	switch {
	case asked.method == head: // RFC 9110 section 9.3.2
	case r.chunked:
		b = fmt.Appendf(b, "%x\r\n%s\r\n", len(content), content)
	default:
		b = append(b, content...)
	}
	return vaurien.Answer{Bytes: b, Close: closes || r.cut}
}

// reason returns the reason phrase of the status line.
func (r *reply) reason() string {
	if r.message != "" && r.style != problem {
		return r.message
	}
	if words, ok := nginxReasons[r.code]; ok && r.style == nginx {
		return words
	}
	return reasons[r.code]
}

// title returns what an error page says beside its code.
func (r *reply) title() string {
	if words, ok := nginxTitles[r.code]; ok && r.style == nginx && r.message == "" {
		return words
	}
	return r.reason()
}

// content returns the reply's content and its type.
func (r *reply) content() (kind, content string) {
	switch {
	case r.cut && r.json:
		return "application/json", wholeJSON
	case r.cut:
		return "text/html", wholePage
	case r.style == problem:
		return "application/problem+json", r.problem()
	}
	title := strconv.Itoa(r.code)
	if words := r.title(); words != "" {
		title += " " + html.EscapeString(words)
	}
	if r.style == nginx { // ngx_http_special_response.c
		return "text/html", "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n" +
			"<center><h1>" + title + "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
	}
	return "text/html", "<html>\r\n<head><title>" + title + "</title></head>\r\n" +
		"<body>\r\n<h1>" + title + "</h1>\r\n</body>\r\n</html>\r\n"
}

// problem returns the details of a problem (RFC 9457 section 3): about:blank
// says that the code tells all there is, and the title is its reason (section
// 4.2.1).
func (r *reply) problem() string {
	b, err := json.Marshal(struct {
		Type   string `json:"type"`
		Title  string `json:"title,omitempty"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
	}{"about:blank", reasons[r.code], r.code, r.message})
	if err != nil {
		panic(err) // strings and a number
	}
	return string(b)
}

// What short bodies are cut from.
const (
	wholeJSON = `{"items":[{"id":1,"name":"one"},{"id":2,"name":"two"},{"id":3,"name":"three"}]}` + "\n"
	wholePage = "<!DOCTYPE html>\n<html>\n<head><title>Welcome</title></head>\n<body>\n" +
		"<h1>Welcome</h1>\n<p>This page is longer than what comes of it.</p>\n</body>\n</html>\n"
)
