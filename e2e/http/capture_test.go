package http_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

const (
	get  = "GET / HTTP/1.1\r\nHost: shop\r\n\r\n"
	post = "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\nhi"

	// What is cut short: the content that the codec cuts too.
	page = "<!DOCTYPE html>\n<html>\n<head><title>Welcome</title></head>\n<body>\n" +
		"<h1>Welcome</h1>\n<p>This page is longer than what comes of it.</p>\n</body>\n</html>\n"
)

// TestCaptures drives nginx into each failure, and compares what it says with
// the captures that the codec's tests compare the codec with.
func TestCaptures(t *testing.T) {
	half := page[:len(page)/2]
	for _, tt := range []struct {
		name, made string
		server     func(t *testing.T) string // nginx's
		request    string
		first      string // what is asked before, on the same connection or not
		same       bool
	}{
		{
			name: "429", made: "limit_req with limit_req_status 429 and Retry-After, after the one request that it lets pass",
			server: func(*testing.T) string {
				return `server { listen PORT; limit_req zone=all; limit_req_status 429; add_header Retry-After 1 always; }`
			},
			request: get, first: get,
		}, {
			name: "503", made: "limit_req with its own status and Retry-After, after the one request that it lets pass",
			server: func(*testing.T) string {
				return `server { listen PORT; limit_req zone=all; add_header Retry-After 1 always; }`
			},
			request: get, first: get,
		}, {
			name: "502", made: "proxy_pass to a port where nobody listens",
			server: func(t *testing.T) string {
				return fmt.Sprintf(`server { listen PORT; location / { proxy_pass http://127.0.0.1:%s; } }`, lab.FreePort(t))
			},
			request: get,
		}, {
			name: "504", made: "proxy_pass to a server that says nothing, proxy_read_timeout 50ms",
			server: func(t *testing.T) string {
				return fmt.Sprintf(`server { listen PORT; location / { proxy_read_timeout 50ms; proxy_pass http://%s; } }`, upstream(t, ""))
			},
			request: get,
		}, {
			name: "413", made: "client_max_body_size 1",
			server:  func(*testing.T) string { return `server { listen PORT; client_max_body_size 1; }` },
			request: post,
		}, {
			name: "short-body", made: "proxy_pass to a server that sends half of what its Content-Length says",
			server: func(t *testing.T) string {
				return fmt.Sprintf(`server { listen PORT; location / { proxy_pass http://%s; } }`,
					upstream(t, fmt.Sprintf("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", len(page), half)))
			},
			request: get,
		}, {
			name: "chunked-without-end", made: "proxy_pass over HTTP/1.1 to a server that sends one chunk and closes",
			server: func(t *testing.T) string {
				return fmt.Sprintf(`server { listen PORT; location / { proxy_http_version 1.1; proxy_pass http://%s; } }`,
					upstream(t, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(half), half)))
			},
			request: get,
		}, {
			name: "idle-closed", made: "keepalive_timeout 100ms, after a request",
			server:  func(*testing.T) string { return `server { listen PORT; keepalive_timeout 100ms; }` },
			request: "", first: get, same: true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := nginx(t, tt.server(t))
			if tt.first != "" && !tt.same {
				talk(t, server, tt.first)
			}
			addr, capture := lab.Record(t, server)
			talk(t, addr, tt.first[:len(tt.first)*btoi(tt.same)]+tt.request)
			c := capture()
			c.Made = []string{version(t), "made by: " + tt.made}
			for i := range c.Lines {
				c.Lines[i].Bytes = aDate.ReplaceAll(c.Lines[i].Bytes, []byte("Date: Wed, 06 Nov 2013 11:00:00 GMT\r"))
				c.Lines[i].Bytes = aVersion.ReplaceAll(c.Lines[i].Bytes, nil)
			}
			lab.Keep(t, "../../protocol/http/testdata/captures/"+tt.name+".txt", c)
		})
	}
}

var (
	aDate    = regexp.MustCompile(`Date: [^\r]*\r`)
	aVersion = regexp.MustCompile(`(Last-Modified|ETag): [^\r]*\r\n`) // of nginx's own file
)

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// talk sends requests on a connection and reads until the server closes it, or
// for as long as it has replies to give.
func talk(t *testing.T, addr, requests string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	lab.Must(t, err)
	defer c.Close()
	_, err = io.WriteString(c, requests)
	lab.Must(t, err)
	r := bufio.NewReader(c)
	res, err := http.ReadResponse(r, nil)
	lab.Must(t, err)
	if _, err = io.Copy(io.Discard, res.Body); err == nil && !res.Close && !strings.Contains(t.Name(), "idle") {
		return
	}
	io.Copy(io.Discard, r)
}

// version is nginx's, as captures name it.
func version(t *testing.T) string {
	out := lab.Run(t, "nginx", "-v")
	return strings.TrimSpace(strings.Replace(strings.TrimPrefix(out, "nginx version: "), "/", " ", 1))
}
