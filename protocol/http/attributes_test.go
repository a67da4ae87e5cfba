package http

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

func TestAttributes(t *testing.T) {
	for _, tt := range []struct{ request, want string }{
		{get, "GET|/||a||0|||"},
		{"\r\n\r\nPOST /cart/1%207?a=b&c=?d HTTP/1.1\r\nUSER-AGENT:\tcurl/8 (x)  \r\nX-Host: no\r\nHost: shop:8000\r\nHost: other\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
			"POST|/cart/1%207|a=b&c=?d|shop:8000|application/json|2|curl/8 (x)||"},
		{"GET /\nHTTP/1.1", ""},
		{"GET / HTTP/1.1\nHost: a\n\n", "GET|/||a||0|||"},
		{"GET /? HTTP/1.0\r\n\r\n", "GET|/||||0|||"},
		{"GET http://shop.example/a/b?c HTTP/1.1\r\nHost: other\r\n\r\n", "GET|/a/b|c|shop.example||0|||"},
		{"GET http://shop.example?c HTTP/1.1\r\nHost: other\r\n\r\n", "GET||c|shop.example||0|||"},
		{"GET /login?next=http://x/y HTTP/1.1\r\nHost: a\r\n\r\n", "GET|/login|next=http://x/y|a||0|||"},
		{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS|*||a||0|||"},
		{connectReq, "CONNECT|||a:443||0|||"},
		{inChunksHead + "0\r\n\r\n", "POST|/||||0|||"},
	} {
		p := new(Protocol)
		c, m := p.NewCodec(), new(vaurien.Message)
		if err := c.ReadRequest(vaurien.NewReader(strings.NewReader(tt.request)), m); err != nil {
			if tt.want != "" {
				t.Errorf("%q: %v", tt.request, err)
			}
			continue
		}
		var got []string
		for _, a := range p.Attributes() {
			v := c.(vaurien.Describer).Attribute(m, a.Name)
			if v == nil || fmt.Sprintf("%T", v) != fmt.Sprintf("%T", a.Zero) {
				t.Errorf("%q: %s is a %T", tt.request, a.Name, v)
			}
			got = append(got, fmt.Sprint(v))
		}
		if s := strings.Join(got, "|"); s != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.request, s, tt.want)
		}
	}
	if v := new(codec).Attribute(new(vaurien.Message), "nosuch"); v != nil {
		t.Errorf("an attribute that there is not is %v", v)
	}
}

func TestTraceparent(t *testing.T) {
	const trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	for _, tt := range []struct {
		field string
		right bool
	}{
		{"00-" + trace + "-" + parent + "-01", true},
		{"00-" + trace + "-" + parent + "-00", true},
		{"cc-" + trace + "-" + parent + "-01", true},
		{"cc-" + trace + "-" + parent + "-01-what-the-future-will-be-like", true},
		{"cc-" + trace + "-" + parent + "-01.what", false},
		{"00-" + trace + "-" + parent + "-01-more", false},
		{"ff-" + trace + "-" + parent + "-01", false},
		{"00-" + strings.ToUpper(trace) + "-" + parent + "-01", false},
		{"00-" + strings.Repeat("0", 32) + "-" + parent + "-01", false},
		{"00-" + trace + "-" + strings.Repeat("0", 16) + "-01", false},
		{"00-" + trace + "-" + parent + "-0x", false},
		{"00-" + trace + "-" + parent, false},
		{"0", false},
		{"", false},
	} {
		c, m := new(Protocol).NewCodec(), new(vaurien.Message)
		request := "GET / HTTP/1.1\r\nTraceParent: " + tt.field + "\r\n\r\n"
		if err := c.ReadRequest(vaurien.NewReader(strings.NewReader(request)), m); err != nil {
			t.Fatal(err)
		}
		want := [2]any{"", ""}
		if tt.right {
			want = [2]any{trace, parent}
		}
		d := c.(vaurien.Describer)
		if got := [2]any{d.Attribute(m, "trace_id"), d.Attribute(m, "parent_id")}; got != want {
			t.Errorf("%q: %q", tt.field, got)
		}
	}
}

func BenchmarkAttribute(b *testing.B) {
	c, m := new(Protocol).NewCodec(), new(vaurien.Message)
	if err := c.ReadRequest(vaurien.NewReader(strings.NewReader(realRequests[8])), m); err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"path", "user_agent", "trace_id"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.(vaurien.Describer).Attribute(m, name)
			}
		})
	}
}
