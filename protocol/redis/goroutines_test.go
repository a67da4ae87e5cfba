package redis

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

// One direction's goroutine reads requests, and lets some fail, while the
// other's reads replies; each reply finds its own request.
func TestTwoGoroutines(t *testing.T) {
	const many = 2000
	c := new(Protocol).NewCodec()
	requests := commandsOf("MULTI", "SELECT 1", "SET k v", "EXEC", "SELECT 99", "SUBSCRIBE a", "UNSUBSCRIBE", "GET k")
	replies := "+OK\r\n+QUEUED\r\n-ERR wrong\r\n-EXECABORT no\r\n-ERR out of range\r\n*3\r\n" + bulk("subscribe") + bulk("a") + ":1\r\n*3\r\n" + bulk("unsubscribe") + bulk("a") + ":0\r\n$1\r\nv\r\n"
	inFlight := make(chan *vaurien.Message, 1024)
	free := make(chan *vaurien.Message, 1024)
	go func() {
		defer close(inFlight)
		r := vaurien.NewReader(strings.NewReader(strings.Repeat(requests, many)))
		for range 8 * many {
			m := new(vaurien.Message)
			select {
			case m = <-free:
				*m = vaurien.Message{Info: m.Info}
			default:
			}
			if err := c.ReadRequest(r, m); err != nil {
				t.Error(err)
				return
			}
			c.(vaurien.Describer).Attribute(m, "subscribed")
			if m.Verb == "SET" {
				if _, err := c.Fail(m, vaurien.Failure{Kind: "oom"}, nil); err != nil {
					t.Error(err)
				}
			}
			m.Head = nil
			inFlight <- m
		}
	}()

	r := vaurien.NewReader(strings.NewReader(strings.Repeat(replies, many)))
	want := map[string]byte{"MULTI": '+', "EXEC": '-', "SET": '-', "SUBSCRIBE": '*', "UNSUBSCRIBE": '*', "GET": '$'}
	var m vaurien.Message
	n := 0
	for req := range inFlight {
		m = vaurien.Message{Info: m.Info}
		if err := c.ReadReply(r, req, &m); err != nil {
			t.Fatal(err)
		}
		if kind, ok := want[req.Verb]; ok && m.Head[0] != kind || req.Verb == "SET" && !strings.HasPrefix(string(m.Head), "-OOM") || m.More || m.Unasked {
			t.Fatalf("reply %d to %s: %q", n, req.Verb, m.Head)
		}
		n++
		select {
		case free <- req:
		default:
		}
	}
	if n != 8*many {
		t.Errorf("%d replies of %d", n, 8*many)
	}
}
