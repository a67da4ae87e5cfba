package redis

import (
	"fmt"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// Requests that are sent twice take effect twice, and the client sees the first
// reply of each, also in transactions and for values of a megabyte.
func TestDuplicates(t *testing.T) {
	addr := server(t)
	direct := dial(t, addr)
	_, through := lab.Vaurien(t, "--protocol", "redis", "--proxy", "127.0.0.1:0", "--backend", addr,
		"--behavior", "100:duplicate", "--behavior-duplicate-match", `command in ("INCR", "APPEND")`)
	c := dial(t, through)
	const many = 500
	go func() {
		for range many {
			c.send("INCR", "n")
			c.send("PING")
		}
	}()
	for i := range many {
		if got, want := c.reply(), fmt.Sprintf(":%d\r\n", 2*i+1); got != want {
			t.Fatalf("INCR %d gave %q, want %q", i, got, want)
		}
		if got := c.reply(); got != "+PONG\r\n" {
			t.Fatalf("PING %d gave %q", i, got)
		}
	}
	if got, want := direct.do("GET n"), fmt.Sprintf("$4\r\n%d\r\n", 2*many); got != want {
		t.Errorf("n is %q, want %q", got, want)
	}
	for _, command := range []string{"MULTI", "INCR m", "EXEC"} {
		c.do(command)
	}
	if got := direct.do("GET m"); got != "$1\r\n2\r\n" {
		t.Errorf("after the transaction m is %q", got)
	}
	value := make([]byte, 900<<10)
	for i := range value {
		value[i] = byte('a' + i%26)
	}
	c.send("APPEND", "v", string(value))
	if got, want := c.reply(), fmt.Sprintf(":%d\r\n", len(value)); got != want {
		t.Errorf("APPEND gave %q, want %q", got, want)
	}
	if got, want := c.do("STRLEN v"), fmt.Sprintf(":%d\r\n", 2*len(value)); got != want {
		t.Errorf("v is %q long, want %q", got, want)
	}
}

// What is dropped has no effect, or had it without a word; what follows is
// answered.
func TestDrops(t *testing.T) {
	addr := server(t)
	for _, tt := range []struct{ direction, effect string }{
		{"to_backend", "$-1\r\n"}, {"to_client", "$1\r\n1\r\n"},
	} {
		_, through := lab.Vaurien(t, "--protocol", "redis", "--proxy", "127.0.0.1:0", "--backend", addr,
			"--behavior", "100:drop", "--behavior-drop-direction", tt.direction, "--behavior-drop-match", `command == "SET"`)
		c := dial(t, through)
		c.send("SET", tt.direction, "1")
		if got := c.do("GET " + tt.direction); got != tt.effect {
			t.Errorf("%s: GET gave %q, want %q", tt.direction, got, tt.effect)
		}
	}
}
