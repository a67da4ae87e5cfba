package http

import (
	"fmt"
	"strconv"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// A failure is one of the ways to fail that have a name.
type failure struct {
	vaurien.FailureKind
	reply reply // what the client is told, but for a code or a message of the user's; the zero reply is none
	codes []int // of which the reply has one, as the dice fall
}

// errs tells whether the failure is an error reply, which has a code and a
// text.
func (f *failure) errs() bool { return !f.reply.cut && (f.reply.code != 0 || f.codes != nil) }

const (
	staysOpen = "stays open"
	closes    = "closes"
)

// failures are all of them. The first four are those that Vaurien has always
// drawn one from.
var failures = []failure{
	{FailureKind: vaurien.FailureKind{
		Name: "internal-server-error", Phase: vaurien.Asking, Doc: "500 Internal Server Error",
		Effect: staysOpen, Source: "RFC 9110 section 15.6.1",
	}, reply: reply{code: 500}},
	{FailureKind: vaurien.FailureKind{
		Name: "not-implemented", Phase: vaurien.Asking, Doc: "501 Not Implemented",
		Effect: staysOpen, Source: "RFC 9110 section 15.6.2",
	}, reply: reply{code: 501}},
	{FailureKind: vaurien.FailureKind{
		Name: "bad-gateway", Phase: vaurien.Asking, Doc: "502 Bad Gateway",
		Effect: staysOpen, Source: "RFC 9110 section 15.6.3",
	}, reply: reply{code: 502}},
	{FailureKind: vaurien.FailureKind{
		Name: "service-unavailable", Phase: vaurien.Asking, Doc: "503 Service Unavailable, without a word on when to come again",
		Effect: staysOpen, Source: "RFC 9110 section 15.6.4",
	}, reply: reply{code: 503}},
	{FailureKind: vaurien.FailureKind{
		Name: "too-many-requests", Phase: vaurien.Asking, Doc: "429 Too Many Requests, with Retry-After: 1",
		Effect: staysOpen, Source: captured("429", "RFC 6585 section 4"), OnRequest: true,
	}, reply: reply{code: 429, style: nginx, retryAfter: "1"}},
	{FailureKind: vaurien.FailureKind{
		Name: "overloaded", Phase: vaurien.Asking, Doc: "503 Service Temporarily Unavailable, with Retry-After: 1",
		Effect: staysOpen, Source: captured("503", "RFC 9110 section 10.2.3"), OnRequest: true,
	}, reply: reply{code: 503, style: nginx, retryAfter: "1"}},
	{FailureKind: vaurien.FailureKind{
		Name: "gateway-timeout", Phase: vaurien.Asking, Doc: "504 Gateway Time-out",
		Effect: staysOpen, Source: captured("504", "RFC 9110 section 15.6.5"), OnRequest: true,
	}, reply: reply{code: 504, style: nginx}},
	{FailureKind: vaurien.FailureKind{
		Name: "content-too-large", Phase: vaurien.Asking, Doc: "413 Request Entity Too Large",
		Effect: closes, Source: captured("413", "RFC 9110 section 15.5.14"), OnRequest: true, Fits: hasBody,
	}, reply: reply{code: 413, style: nginx, last: true}},
	{FailureKind: vaurien.FailureKind{
		Name: "html-error", Phase: vaurien.Asking, Doc: "a gateway's HTML page, with 502 or 504, where JSON was asked for",
		Effect: staysOpen, Source: captured("502", "captures/504.txt"), OnRequest: true, Fits: wantsJSON,
	}, reply: reply{style: nginx}, codes: []int{502, 504}},
	{FailureKind: vaurien.FailureKind{
		Name: "problem-json", Phase: vaurien.Asking, Doc: "500 with the details of a problem in JSON",
		Effect: staysOpen, Source: "RFC 9457 sections 3 and 4.2.1", OnRequest: true,
	}, reply: reply{code: 500, style: problem}},
	{FailureKind: vaurien.FailureKind{
		Name: "short-body", Phase: vaurien.Asking, Doc: "200 OK with less of a body than its Content-Length says",
		Effect: closes, Source: captured("short-body", "RFC 9112 section 8"), OnRequest: true, Fits: getsBody,
	}, reply: reply{code: 200, style: nginx, cut: true}},
	{FailureKind: vaurien.FailureKind{
		Name: "chunked-without-end", Phase: vaurien.Asking, Doc: "200 OK with a chunked body that lacks its end",
		Effect: closes, Source: captured("chunked-without-end", "RFC 9112 section 8"), OnRequest: true, Fits: getsChunks,
	}, reply: reply{code: 200, style: nginx, cut: true, chunked: true}},
	{FailureKind: vaurien.FailureKind{
		Name: "idle-closed", Phase: vaurien.Connecting, Doc: "no reply: the connection was idle too long, and closes as the request comes",
		Effect: closes, Source: captured("idle-closed", "RFC 9112 section 9.6"), OnRequest: true, Fits: isLater,
	}},
}

func captured(file, more string) string {
	return "captured: nginx 1.22.1 (testdata/captures/" + file + ".txt); " + more
}

// hasBody tells whether a request brings content.
func hasBody(req *vaurien.Message) bool { return req.Body != nil }

// wantsJSON tells whether a request is one for JSON: it says that it takes it,
// or brings some.
func wantsJSON(req *vaurien.Message) bool {
	return containsFold(fieldOf(req.Head, "accept"), "json") || containsFold(fieldOf(req.Head, "content-type"), "json")
}

// getsBody tells whether a 200 to a request has content.
func getsBody(req *vaurien.Message) bool { return noteOf(req).method == another }

// getsChunks tells whether it may come in the chunked coding: not to HTTP/1.0
// (RFC 9112 section 6.1).
func getsChunks(req *vaurien.Message) bool { return getsBody(req) && !noteOf(req).old }

// isLater tells whether a request is not the first on its connection.
func isLater(req *vaurien.Message) bool { return noteOf(req).later }

// Failures returns the ways to fail that have a name.
func (p *Protocol) Failures() []vaurien.FailureKind {
	kinds := make([]vaurien.FailureKind, len(failures))
	for i, f := range failures {
		kinds[i] = f.FailureKind
	}
	return kinds
}

// failureOf returns the failure of that name, nil if there is none.
func failureOf(name string) *failure {
	for i := range failures {
		if failures[i].Name == name {
			return &failures[i]
		}
	}
	return nil
}

// longestMessage is how many bytes a text of the user's may have: it stands on
// the status line.
const longestMessage = 1000

// CheckFailure says what is wrong with the code or the message of f.
func (p *Protocol) CheckFailure(f vaurien.Failure) error {
	if k := failureOf(f.Kind); k != nil && !k.errs() {
		if f.Code != "" {
			return fmt.Errorf("not with %s, which is no error reply: leave it out", f.Kind)
		}
		if f.Message != "" {
			return fmt.Errorf("not with %s, which has no text: leave it out", f.Kind)
		}
	}
	if f.Code != "" {
		code, err := strconv.Atoi(f.Code)
		if err != nil || len(f.Code) != 3 || code < 400 || code > 599 {
			return fmt.Errorf("%q is no code for a failure: use one of 400 to 599", f.Code)
		}
	}
	if len(f.Message) > longestMessage {
		return fmt.Errorf("of %d bytes: use %d at most", len(f.Message), longestMessage)
	}
	for i, c := range []byte(f.Message) { // reason-phrase, RFC 9112 section 4
		if c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("has the byte %#02x at %d: it stands on one line, without control characters", c, i)
		}
	}
	return nil
}

// RetryAfter returns how long the failure of that name tells the client to wait,
// in its field Retry-After; 0 if it has none.
func RetryAfter(kind string) time.Duration {
	k := failureOf(kind)
	if k == nil {
		return 0
	}
	seconds, _ := strconv.Atoi(k.reply.retryAfter) // empty, or digits: the list above
	return time.Duration(seconds) * time.Second
}
