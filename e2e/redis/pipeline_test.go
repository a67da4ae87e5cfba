package redis

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// Of a thousand commands in one pipeline a tenth fails, and each reply is that
// of its own command; with the same seed the same ones fail.
func TestPipelineKeepsItsOrder(t *testing.T) {
	const many = 1000
	addr := server(t)
	c := dial(t, addr)
	var gets strings.Builder
	for i := range many {
		c.must(fmt.Sprintf("SET key:%d value:%d", i, i))
		gets.WriteString(words(fmt.Sprintf("GET key:%d", i)))
	}
	ask := func(seed string) (failed []int) {
		_, through := lab.Vaurien(t, "--protocol", "redis", "--proxy", "127.0.0.1:0", "--backend", addr,
			"--behavior", "10:error", "--seed", seed)
		c := dial(t, through)
		go io.WriteString(c, gets.String())
		for i := range many {
			value := fmt.Sprint("value:", i)
			switch got := c.reply(); {
			case got[0] == '-':
				failed = append(failed, i)
			case got != fmt.Sprintf("$%d\r\n%s\r\n", len(value), value):
				t.Fatalf("the reply to GET key:%d is %q", i, got)
			}
		}
		if got := c.do("PING"); got[0] != '+' && got[0] != '-' {
			t.Errorf("then PING gave %q", got)
		}
		return failed
	}
	first := ask("7")
	if len(first) < many/20 || len(first) > many/5 {
		t.Errorf("%d of %d failed", len(first), many)
	}
	if again := ask("7"); !slices.Equal(first, again) {
		t.Errorf("with the same seed other commands failed: %v and %v", first, again)
	}
	if other := ask("8"); slices.Equal(first, other) {
		t.Errorf("with another seed the same commands failed")
	}
}
