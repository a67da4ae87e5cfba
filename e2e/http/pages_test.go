package http_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/e2e/lab"
	vhttp "github.com/vaurien-proxy/vaurien/protocol/http"
)

// withPage are the codes for which nginx has a page. (It has one for 408 too,
// which it never sends.)
var withPage = []int{
	400, 401, 402, 403, 404, 405, 406, 409, 410, 411, 412, 413, 414, 415, 416, 421, 429, 500, 501, 502, 503, 504, 505, 507,
}

// With a code of the user's, too, what is said in nginx's place is what nginx
// says, but for the connection, which nginx does not keep after some of them.
func TestPagesOfNginx(t *testing.T) {
	var locations strings.Builder
	for _, code := range withPage {
		fmt.Fprintf(&locations, "location = /%d { return %[1]d; }\n", code)
	}
	addr := nginx(t, "server { listen PORT; "+locations.String()+"}")
	for _, code := range withPage {
		request := fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", code)
		c, err := net.Dial("tcp", addr)
		lab.Must(t, err)
		io.WriteString(c, request)
		want, err := io.ReadAll(c)
		lab.Must(t, err)
		c.Close()

		codec, m := new(vhttp.Protocol).NewCodec(), new(vaurien.Message)
		lab.Must(t, codec.ReadRequest(vaurien.NewReader(strings.NewReader(request)), m))
		a, err := codec.Fail(m, vaurien.Failure{Kind: "gateway-timeout", Code: fmt.Sprint(code)}, rand.New(rand.NewPCG(1, 2)))
		lab.Must(t, err)
		if got, want := aDate.ReplaceAllString(string(a.Bytes), ""), aDate.ReplaceAllString(string(want), ""); got != want {
			t.Errorf("%d:\n got %q\nwant %q", code, got, want)
		}
	}
}
