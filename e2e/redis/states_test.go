package redis

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/e2e/lab"
	"github.com/vaurien-proxy/vaurien/protocol/redis"
)

// states are commands that change what later replies look like.
var states = []string{
	"MULTI", "MULTI", "EXEC", "EXEC", "DISCARD", "WATCH k", "UNWATCH", "SET k 1", "INCR k", "GET k", "GET", "NOSUCH", "LRANGE l 0 -1",
	"SUBSCRIBE a", "SUBSCRIBE a b", "PSUBSCRIBE c* d*", "UNSUBSCRIBE", "UNSUBSCRIBE a x", "PUNSUBSCRIBE", "SSUBSCRIBE s", "SUNSUBSCRIBE",
	"SUBSCRIBE", "RESET", "HELLO", "HELLO 2", "HELLO 3", "HELLO 9", "AUTH x", "SELECT 1", "SELECT 99",
	"CLIENT REPLY OFF", "CLIENT REPLY SKIP", "CLIENT REPLY SKIP", "CLIENT REPLY ON", "CLIENT REPLY BAD", "CLIENT REPLY ON x", "CLIENT NOSUCH",
	"PUBLISH a message", "CLIENT TRACKING ON", "CLIENT TRACKING OFF", "SET k 2", "DEL k", "MONITOR", "RPUSH l message a b", "RPUSH l subscribe x 1",
}

// Whatever a client makes of its connection, the codec knows which reply is to
// which request.
func TestStates(t *testing.T) {
	addr := server(t)
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 1500 {
		var script []string
		for i := range 1 + rng.IntN(10) {
			script = append(script, states[rng.IntN(len(states))], fmt.Sprint("PING mark", i))
		}
		c, err := net.Dial("tcp", addr)
		lab.Must(t, err)
		requests := words(script...)
		go func() {
			io.WriteString(c, requests)
			c.(*net.TCPConn).CloseWrite()
		}()
		c.SetReadDeadline(time.Now().Add(lab.Patience))
		replies, err := io.ReadAll(c)
		c.Close()
		if err != nil && !strings.Contains(err.Error(), "reset") {
			t.Fatal(err)
		}
		direct(t, addr)
		for _, pipelined := range []bool{false, true} {
			if why := misread(requests, string(replies), pipelined); why != "" {
				t.Fatalf("seed %d: %q, pipelined %v: %s\n%q", seed, script, pipelined, why, replies)
			}
		}
	}
}

// direct leaves nothing behind.
func direct(t *testing.T, addr string) {
	c := dial(t, addr)
	c.must("FLUSHALL")
	c.Close()
}

// misread lets a codec read a talk, and says what it got wrong.
func misread(requests, replies string, pipelined bool) string {
	codec := new(redis.Protocol).NewCodec()
	up, down := vaurien.NewReader(strings.NewReader(requests)), vaurien.NewReader(strings.NewReader(replies))
	type asked struct {
		m    *vaurien.Message
		head string
	}
	var waiting []asked
	answer := func(req *asked) (string, error) {
		for {
			var m vaurien.Message
			var r *vaurien.Message
			if req != nil {
				r = req.m
			}
			if err := codec.ReadReply(down, r, &m); err != nil {
				return "", err
			}
			got := string(m.Head)
			for m.Body != nil {
				n, err := m.Body.Next(down)
				if err != nil {
					break
				}
				for ; n > 0 && len(down.Buffered()) > 0; n -= int64(len(got)) {
					k := min(int(n), len(down.Buffered()))
					got += string(down.Take(k))
					n -= int64(k)
					break
				}
			}
			if m.Unasked {
				if req == nil {
					return got, nil
				}
				continue
			}
			if !m.More {
				return got, nil
			}
		}
	}
	check := func() string {
		req := waiting[0]
		waiting = waiting[1:]
		got, err := answer(&req)
		if err == io.EOF {
			return fmt.Sprintf("%q waits for ever", req.head)
		}
		if err != nil {
			return "opaque" // it says so itself
		}
		if _, mark, ok := strings.Cut(req.head, "mark"); ok {
			if !strings.Contains(got, "mark"+mark) && !strings.HasPrefix(got, "+QUEUED") && got[0] != '-' {
				return fmt.Sprintf("%q got %q", req.head, got)
			}
		}
		return ""
	}
	for {
		m := new(vaurien.Message)
		err := codec.ReadRequest(up, m)
		if err == io.EOF {
			break
		}
		if err != nil {
			return ""
		}
		if !m.NoReply {
			waiting = append(waiting, asked{m, string(bytes.Clone(m.Head))})
		}
		for !pipelined && len(waiting) > 0 {
			if why := check(); why == "opaque" {
				return ""
			} else if why != "" {
				return why
			}
		}
	}
	for len(waiting) > 0 {
		if why := check(); why == "opaque" {
			return ""
		} else if why != "" {
			return why
		}
	}
	for {
		got, err := answer(nil)
		if err != nil {
			return ""
		}
		if got[0] != '>' && got[0] != '*' && !(got[0] == '+' && strings.Contains(got, "[")) {
			return fmt.Sprintf("nobody asked for %q", got)
		}
	}
}
