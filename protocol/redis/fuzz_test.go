package redis

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// Talks longer than this teach nothing more and take long.
const longestFuzz = 16 << 10

// FuzzTalk asserts the laws.
func FuzzTalk(f *testing.F) {
	f.Add([]byte(resp("GET", "k")), []byte("$1\r\nv\r\n"))
	f.Add([]byte(commandsOf("HELLO 3", "SUBSCRIBE a b", "GET k", "UNSUBSCRIBE")), []byte("%1\r\n+proto\r\n:3\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n_\r\n"))
	f.Add([]byte(commandsOf("SUBSCRIBE a", "PING", "UNSUBSCRIBE", "RESET")), []byte("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n+RESET\r\n"))
	f.Add([]byte(commandsOf("MULTI", "SELECT 1", "INCR n", "EXEC", "WATCH k", "DISCARD")), []byte("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:1\r\n+OK\r\n-ERR DISCARD without MULTI\r\n"))
	f.Add([]byte(commandsOf("CLIENT REPLY OFF", "SET a b", "CLIENT REPLY SKIP", "CLIENT REPLY ON", "MONITOR")), []byte("+OK\r\n+OK\r\n+1700000000.123456 [0 127.0.0.1:1] \"PING\"\r\n"))
	f.Add([]byte("\r\n*0\r\nSET \"a b\" 'c'\r\n"+resp("SET", "k", strings.Repeat("x", 100))), []byte("|1\r\n+a\r\n:1\r\n*2\r\n#t\r\n,1.5\r\n=5\r\ntxt:x\r\n(123\r\n!5\r\nERR x\r\n"))
	f.Add([]byte(commandsOf("AUTH a b", "HELLO 2 AUTH a b SETNAME c", "EVAL x 1 k", "XREAD STREAMS a 0", "PSYNC ? -1")), []byte("+OK\r\n*0\r\n*-1\r\n~1\r\n_\r\n"))
	f.Fuzz(func(t *testing.T, requests, replies []byte) {
		if len(requests)+len(replies) > longestFuzz {
			return
		}
		protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{Requests: requests, Replies: replies})
	})
}

// FuzzFail asserts that whatever a request is, its failures are one line each,
// or RESP's null.
func FuzzFail(f *testing.F) {
	f.Add([]byte(commandsOf("HELLO 3", "WATCH k", "MULTI", "SET k v", "EXEC", "EVAL x 1 k", "MGET a b")))
	f.Add([]byte("SET \"a b\" 'c'\r\n*0\r\nAUTH a b\r\nXREAD STREAMS a 0\r\nCLIENT REPLY SKIP\r\nGET k\r\n"))
	f.Fuzz(func(t *testing.T, requests []byte) {
		c := new(Protocol).NewCodec().(*codec)
		r := vaurien.NewReader(strings.NewReader(string(requests)))
		var m vaurien.Message
		for range 64 {
			m = vaurien.Message{Info: m.Info}
			if c.ReadRequest(r, &m) != nil {
				return
			}
			for _, a := range c.protocol.Attributes() {
				c.Attribute(&m, a.Name)
			}
			for _, k := range vaurien.Fit(c.protocol, &m, "") {
				a, err := c.Fail(&m, vaurien.Failure{Kind: k.Name}, nil)
				told := string(a.Bytes)
				if len(a.Forward) > 0 {
					told = string(m.Info.(*note).answer)
				}
				if err != nil || told != "" && (strings.Count(told, "\r\n") != 1 || !strings.HasSuffix(told, "\r\n")) {
					t.Fatalf("%s: %q, %v", k.Name, told, err)
				}
			}
			if m.Body != nil {
				return
			}
		}
	})
}
