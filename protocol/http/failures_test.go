package http

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

const (
	getJSON  = "GET /a HTTP/1.1\r\nHost: a\r\naccept: text/plain, application/vnd.api+JSON\r\n\r\n"
	postJSON = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
	oldGet   = "GET / HTTP/1.0\r\n\r\n"
)

// What is said in nginx's place is what nginx said, field by field.
func TestFailuresAreNginxs(t *testing.T) {
	for _, tt := range []struct {
		kind, request, file string
		code                string // of those that the dice choose from
	}{
		{"too-many-requests", get, "429", ""},
		{"overloaded", get, "503", ""},
		{"gateway-timeout", get, "504", ""},
		{"content-too-large", postJSON, "413", ""},
		{"html-error", getJSON, "502", "502"},
		{"html-error", getJSON, "504", "504"},
		{"short-body", get, "short-body", ""},
		{"chunked-without-end", get, "chunked-without-end", ""},
	} {
		t.Run(tt.kind+" "+tt.file, func(t *testing.T) {
			want, closed := protocoltest.ReadCapture(t, "testdata/captures/"+tt.file+".txt").Said()
			a := fail(t, tt.request, vaurien.Failure{Kind: tt.kind, Code: tt.code}, rand.New(rand.NewPCG(1, 2)))
			if !bytes.Equal(a.Bytes, want) {
				t.Errorf("got  %q\nwant %q", a.Bytes, want)
			}
			// Where nginx kept the connection it was the client that closed it.
			if closed = closed && serverClosedFirst(t, tt.file); a.Close != closed {
				t.Errorf("closed: %v, want %v", a.Close, closed)
			}
		})
	}
}

// html-error is a 502 or a 504, as the dice fall.
func TestHTMLErrorDraws(t *testing.T) {
	rng, seen := rand.New(rand.NewPCG(1, 2)), make(map[string]int)
	for range 100 {
		a := fail(t, getJSON, vaurien.Failure{Kind: "html-error"}, rng)
		seen[strings.Fields(string(a.Bytes))[1]]++
	}
	if seen["502"] < 25 || seen["504"] < 25 || len(seen) != 2 {
		t.Errorf("drawn: %v", seen)
	}
}

func serverClosedFirst(t *testing.T, file string) bool {
	lines := protocoltest.ReadCapture(t, "testdata/captures/"+file+".txt").Lines
	last := lines[len(lines)-1]
	return last.End == "close" && !last.Server
}

func TestFailureBytes(t *testing.T) {
	const date = "Date: Wed, 06 Nov 2013 11:00:00 GMT\r\n"
	for _, tt := range []struct {
		name, request string
		failure       vaurien.Failure
		want          string
		closes        bool
	}{
		{"problem", getJSON, vaurien.Failure{Kind: "problem-json"}, "HTTP/1.1 500 Internal Server Error\r\n" + date +
			"Content-Type: application/problem+json\r\nContent-Length: 67\r\nConnection: keep-alive\r\n\r\n" +
			`{"type":"about:blank","title":"Internal Server Error","status":500}`, false},
		{"problem with a message", getJSON, vaurien.Failure{Kind: "problem-json", Code: "422", Message: `no "<x>"`},
			"HTTP/1.1 422 Unprocessable Content\r\n" + date + "Content-Type: application/problem+json\r\nContent-Length: 99\r\nConnection: keep-alive\r\n\r\n" +
				`{"type":"about:blank","title":"Unprocessable Content","status":422,"detail":"no \"\u003cx\u003e\""}`, false},
		{"message", get, vaurien.Failure{Code: "507", Message: "Disk <full>"}, "HTTP/1.1 507 Disk <full>\r\n" + date +
			"Content-Type: text/html\r\nContent-Length: 117\r\nConnection: keep-alive\r\n\r\n" +
			"<html>\r\n<head><title>507 Disk &lt;full&gt;</title></head>\r\n<body>\r\n<h1>507 Disk &lt;full&gt;</h1>\r\n</body>\r\n</html>\r\n", false},
		{"cut JSON", getJSON, vaurien.Failure{Kind: "short-body"}, "HTTP/1.1 200 OK\r\nServer: nginx\r\n" + date +
			"Content-Type: application/json\r\nContent-Length: 80\r\nConnection: keep-alive\r\n\r\n" + wholeJSON[:40], true},
		{"head", headReq, vaurien.Failure{Kind: "overloaded"}, "HTTP/1.1 503 Service Temporarily Unavailable\r\nServer: nginx\r\n" + date +
			"Content-Type: text/html\r\nContent-Length: 190\r\nConnection: keep-alive\r\nRetry-After: 1\r\n\r\n", false},
		{"1.0", oldGet, vaurien.Failure{Kind: "too-many-requests", Code: "420"}, "HTTP/1.1 420 \r\nServer: nginx\r\n" + date +
			"Content-Type: text/html\r\nContent-Length: 126\r\nConnection: close\r\nRetry-After: 1\r\n\r\n" +
			"<html>\r\n<head><title>420</title></head>\r\n<body>\r\n<center><h1>420</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n", true},
		{"idle", get, vaurien.Failure{Kind: "idle-closed"}, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := fail(t, tt.request, tt.failure, rand.New(rand.NewPCG(1, 2)))
			if string(a.Bytes) != tt.want || a.Close != tt.closes {
				t.Errorf("to be closed %v:\n got %q\nwant %q", a.Close, a.Bytes, tt.want)
			}
		})
	}
}

// Each failure is for the requests that a server could fail so.
func TestFits(t *testing.T) {
	p, c := new(Protocol), new(Protocol).NewCodec()
	const all = "internal-server-error not-implemented bad-gateway service-unavailable too-many-requests overloaded gateway-timeout "
	const any = all + "problem-json "
	for i, tt := range []struct{ request, want string }{
		{get, any + "short-body chunked-without-end"},
		{get, any + "short-body chunked-without-end idle-closed"},
		{headReq, any + "idle-closed"},
		{oldGet, any + "short-body idle-closed"},
		{getJSON, all + "html-error problem-json short-body chunked-without-end idle-closed"},
		{postJSON, all + "content-too-large html-error problem-json short-body chunked-without-end idle-closed"},
		{connectReq, any + "idle-closed"},
	} {
		m := new(vaurien.Message)
		if err := c.ReadRequest(vaurien.NewReader(strings.NewReader(tt.request)), m); err != nil {
			t.Fatal(err)
		}
		var fit []string
		for _, k := range p.Failures() {
			if k.Fits == nil || k.Fits(m) {
				fit = append(fit, k.Name)
			}
		}
		if got := strings.Join(fit, " "); got != tt.want {
			t.Errorf("request %d:\n got %s\nwant %s", i, got, tt.want)
		}
		if n := len(vaurien.Fit(p, m, "")); n != drawn {
			t.Errorf("request %d: the dice choose from %d", i, n)
		}
	}
}

func TestFailuresAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range new(Protocol).Failures() {
		if k.Name == "" || seen[k.Name] || k.Phase == "" || k.Doc == "" || k.Effect == "" || k.Source == "" {
			t.Errorf("%+v", k)
		}
		seen[k.Name] = true
	}
}

func TestCheckFailure(t *testing.T) {
	for _, tt := range []struct {
		failure vaurien.Failure
		want    string
	}{
		{vaurien.Failure{Code: "400"}, ""},
		{vaurien.Failure{Code: "599", Message: "Über\tall"}, ""},
		{vaurien.Failure{Kind: "overloaded", Code: "529"}, ""},
		{vaurien.Failure{Kind: "html-error", Code: "500", Message: "x"}, ""},
		{vaurien.Failure{Code: "399"}, `"399" is no code for a failure: use one of 400 to 599`},
		{vaurien.Failure{Code: "+500"}, `"+500" is no code for a failure: use one of 400 to 599`},
		{vaurien.Failure{Code: "oops"}, `"oops" is no code for a failure: use one of 400 to 599`},
		{vaurien.Failure{Kind: "short-body", Code: "500"}, "not with short-body, which is no error reply: leave it out"},
		{vaurien.Failure{Kind: "idle-closed", Message: "x"}, "not with idle-closed, which has no text: leave it out"},
		{vaurien.Failure{Code: "500", Message: "a\r\nX: y"}, "has the byte 0x0d at 1: it stands on one line, without control characters"},
		{vaurien.Failure{Code: "500", Message: strings.Repeat("x", 1001)}, "of 1001 bytes: use 1000 at most"},
	} {
		got := ""
		if err := new(Protocol).CheckFailure(tt.failure); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%+v:\n got %s\nwant %s", tt.failure, got, tt.want)
		}
	}
}
