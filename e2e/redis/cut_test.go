package redis

import (
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

var idOf = regexp.MustCompile(`(id|m)\r\n:\d+`)

// Wherever what is said is cut, it is understood alike.
func TestCutAnywhere(t *testing.T) {
	addr := server(t)
	requests := words("FLUSHALL", "SET a 1", "GET a", "MULTI", "INCR a", "SET bad 1", "EXEC", "GET a", "LRANGE l 0 -1", "MULTI", "INCR a", "EXEC",
		"CLIENT REPLY SKIP", "INCR a", "GET a", "CLIENT REPLY OFF", "GET a", "CLIENT REPLY ON", "SUBSCRIBE x y", "PING p", "UNSUBSCRIBE", "HELLO 3", "HGETALL h", "SUBSCRIBE z", "PUBLISH z m", "GET bad") +
		"\r\nPING inline\r\n*0\r\n" + words("CONFIG GET save", "GET bad", "ECHO last")
	for _, plan := range []string{"100:dummy", "100:error --behavior-error-kind oom --behavior-error-match key==\"bad\""} {
		var p *lab.Process
		lab.CutAnywhere(t, addr, func(backend string) string {
			var through string
			p, through = lab.Vaurien(t, append([]string{"--protocol", "redis", "--proxy", "127.0.0.1:0", "--backend", backend, "--behavior"}, strings.Fields(plan)...)...)
			return through
		}, func(addr string) string {
			c, err := net.Dial("tcp", addr)
			lab.Must(t, err)
			defer c.Close()
			lab.Must(t, c.SetDeadline(time.Now().Add(lab.Patience)))
			go io.WriteString(c, requests)
			var said strings.Builder
			b := make([]byte, 4096)
			for !strings.HasSuffix(said.String(), "last\r\n") {
				n, err := c.Read(b)
				if said.Write(b[:n]); err != nil {
					return said.String() + err.Error()
				}
			}
			return idOf.ReplaceAllString(said.String(), "id")
		})
		if out := p.Out.String(); strings.Contains(out, "goes on as tcp") {
			t.Error(out)
		}
	}
}
