package vaurien_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/behavior"
	"github.com/vaurien-proxy/vaurien/option"
)

// whole returns drop or duplicate for a direction.
func whole(t *testing.T, k vaurien.Kind, direction string) vaurien.Behavior {
	t.Helper()
	var set option.Set
	build := k.New(&set)
	if err := set.Assign(option.Values{"direction": {Text: direction}}); err != nil {
		t.Fatal(err)
	}
	b, err := build(lines{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A request that is sent twice reaches the backend twice, also in the middle of
// a pipeline; the client sees one reply to each request, in their order.
func TestDuplicateRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, n := recording(t, lines{}, vaurien.NewPlan(when("SET", whole(t, behavior.Duplicate(), "to_backend"))))
		defer w.close()
		c := w.dial()
		b := w.accept()
		send(t, c, "GET 1\nSET 2\nNOTE x\nSET 3\nSET 4\nGET 5\n")
		go func() {
			asked := 0
			for line := range strings.Lines(read(b, "GET 1\nSET 2\nSET 2\nNOTE x\nSET 3\nSET 3\nSET 4\nSET 4\nGET 5\n")) {
				if strings.HasPrefix(line, "NOTE") {
					continue
				}
				asked++
				fmt.Fprintf(b, "!%d\n%d to %s", asked, asked, line)
			}
		}()
		expect(t, c, "!1\n1 to GET 1\n!2\n2 to SET 2\n!3\n!4\n4 to SET 3\n!5\n!6\n6 to SET 4\n!7\n!8\n8 to GET 5\n")
		c.CloseWrite()
		expectEnd(t, b, io.EOF)
		b.Close()
		expectEnd(t, c, io.EOF)
		synctest.Wait()
		if told := strings.Join(n.ended, "\n"); len(n.ended) != 6 || strings.Count(told, "Request:repeat") != 3 {
			t.Errorf("told:\n%s", told)
		}
	})
}

// read reads as much as want is long, and says what it read instead.
func read(c net.Conn, want string) string {
	b := make([]byte, len(want))
	if n, _ := io.ReadFull(c, b); string(b[:n]) != want {
		panic(fmt.Sprintf("the backend read %q, want %q", b[:n], want))
	}
	return want
}

// A request whose reply decides how the next is read is not sent twice.
func TestDuplicateNotWhereItDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := recording(t, lines{}, vaurien.NewPlan(whole(t, behavior.Duplicate(), "to_backend")))
		defer w.close()
		c := w.dial()
		b := w.accept()
		send(t, c, "DATA\n")
		expect(t, b, "DATA\n")
		send(t, b, "go\n")
		expect(t, c, "go\n")
		send(t, c, "the mail\nGET\n")
		expect(t, b, "the mail\nGET\nGET\n")
		send(t, b, "mail\none\ntwo\n")
		expect(t, c, "mail\none\n")
		send(t, b, "!done\n")
		expect(t, c, "!done\n")
	})
}

func TestDuplicateReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := recording(t, lines{}, vaurien.NewPlan(when("TWICE", whole(t, behavior.Duplicate(), "to_client"))))
		defer w.close()
		c := w.dial()
		b := w.accept()
		send(t, c, "GET\nTWICE\nGET\n")
		expect(t, b, "GET\nTWICE\nGET\n")
		send(t, b, "1\n2\n3\n")
		expect(t, c, "1\n2\n2\n3\n")
	})
}

// What is dropped is gone; what follows it is answered.
func TestDrop(t *testing.T) {
	for _, direction := range []string{"to_backend", "to_client"} {
		synctest.Test(t, func(t *testing.T) {
			w, _ := recording(t, lines{}, vaurien.NewPlan(when("LOSE", whole(t, behavior.Drop(), direction))))
			defer w.close()
			c := w.dial()
			b := w.accept()
			send(t, c, "GET 1\nLOSE 2\nGET 3\n")
			if direction == "to_backend" {
				expect(t, b, "GET 1\nGET 3\n")
				send(t, b, "1\n3\n")
			} else {
				expect(t, b, "GET 1\nLOSE 2\nGET 3\n")
				send(t, b, "1\n2\n3\n")
			}
			expect(t, c, "1\n3\n")
		})
	}
}
