package http

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

func TestOverwriteHost(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "GET / HTTP/1.1\r\nHost: a.example\r\nA: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: b:80\r\nA: b\r\n\r\n"},
		{"spelling and blanks stay", "GET / HTTP/1.1\r\nhOsT:\t a.example \t\r\n\r\n", "GET / HTTP/1.1\r\nhOsT:\t b:80 \t\r\n\r\n"},
		{"no blank", "GET / HTTP/1.1\r\nHost:a\r\n\r\n", "GET / HTTP/1.1\r\nHost:b:80\r\n\r\n"},
		{"empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / HTTP/1.1\r\nHost:b:80\r\n\r\n"},
		{"blank", "GET / HTTP/1.1\r\nHost:  \r\n\r\n", "GET / HTTP/1.1\r\nHost:b:80  \r\n\r\n"},
		{"twice", "GET / HTTP/1.1\r\nHost: a\r\nB: c\r\nHost: d\r\n\r\n", "GET / HTTP/1.1\r\nHost: b:80\r\nB: c\r\nHost: b:80\r\n\r\n"},
		{"LF", "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\nHost: b:80\n\n"},
		{"empty line before", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\nGET / HTTP/1.1\r\nHost: b:80\r\n\r\n"},
		{"a field as long after it", "GET / HTTP/1.1\r\nHost: a\r\nDate: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: b:80\r\nDate: x\r\n\r\n"},
		{"other fields", "GET / HTTP/1.1\r\nX-Host: a\r\nHosts: a\r\nHost1: Host: a\r\n\r\n", "GET / HTTP/1.1\r\nX-Host: a\r\nHosts: a\r\nHost1: Host: a\r\n\r\n"},
		{"none", "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &Protocol{OverwriteHostHeader: true}
			p.SetBackend("b:80")
			body := "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nHost: a\r\n"
			got := protocoltest.Laws(t, p.NewCodec, protocoltest.Talk{Requests: []byte(tt.in + body), Rewrites: true}).Requests
			if len(got.Frames) != 2 || string(got.Frames[0].Head) != tt.want || string(got.Frames[1].Body) != "Host: a\r\n" {
				t.Errorf("%q became %v, want %q", tt.in, got.Frames, tt.want)
			}
		})
	}
}

func TestSetBackend(t *testing.T) {
	const in = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	p := &Protocol{OverwriteHostHeader: true}
	c := p.NewCodec()
	read := func() string {
		t.Helper()
		m := new(vaurien.Message)
		if err := c.ReadRequest(vaurien.NewReader(strings.NewReader(in)), m); err != nil {
			t.Fatal(err)
		}
		return strings.Fields(string(m.Head))[4]
	}
	if got := read(); got != "a" {
		t.Errorf("without a backend: %s", got)
	}
	for _, tt := range []struct{ addr, host string }{
		{"b:80", "b:80"}, {"[::1]:8080", "[::1]:8080"}, {"c.example:443", "c.example:443"},
		{"", "a"}, {"/run/b.sock", "a"}, {"b:80\r\nX: y", "a"}, {"b 80", "a"},
	} {
		p.SetBackend(tt.addr)
		if got := read(); got != tt.host {
			t.Errorf("with the backend %q: %s, want %s", tt.addr, got, tt.host)
		}
	}
}

func TestKind(t *testing.T) {
	kind := Kind()
	if kind.Name != "http" {
		t.Errorf("name %q", kind.Name)
	}
	for _, tt := range []struct {
		values option.Values
		want   bool
	}{
		{nil, false},
		{option.Values{"overwrite_host_header": {Text: "yes"}}, true},
		{option.Values{"overwrite-host-header": {Text: "true"}}, true},
	} {
		set := new(option.Set)
		build := kind.New(set)
		if err := set.Assign(tt.values); err != nil {
			t.Fatal(err)
		}
		if got := build().(*Protocol).OverwriteHostHeader; got != tt.want {
			t.Errorf("%v: %v", tt.values, got)
		}
	}
}
