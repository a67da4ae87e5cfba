package vaurien_test

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/vaurien-proxy/vaurien"
)

// A behavior that takes the session over has both connections to itself, under
// any protocol, and they close when it is done.
func TestTakeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shouts := acting(vaurien.Accept, func(e *vaurien.Event, _ vaurien.Next) error {
			client, backend, err := e.TakeOver()
			if err != nil {
				return err
			}
			lines := bufio.NewScanner(client)
			for lines.Scan() {
				if _, err := io.WriteString(backend, strings.ToUpper(lines.Text())+"\n"); err != nil {
					return err
				}
				if _, err := io.CopyN(client, backend, 3); err != nil {
					return err
				}
			}
			return lines.Err()
		})
		w, _ := recording(t, lines{}, vaurien.NewPlan(shouts))
		defer w.close()
		c := w.dial()
		b := w.accept()
		for range 2 {
			send(t, c, "hello\n")
			expect(t, b, "HELLO\n")
			send(t, b, "ok\n")
			expect(t, c, "ok\n")
		}
		if st := w.proxy.Stats(); st.ToBackend != 12 || st.ToClient != 6 {
			t.Errorf("counted %d bytes to the backend and %d to the client", st.ToBackend, st.ToClient)
		}
		c.CloseWrite()
		expectEnd(t, b, io.EOF)
		expectEnd(t, c, io.EOF)

		c = w.dial()
		b = w.accept()
		w.proxy.Close() // while the behavior reads
		expectEnd(t, c, io.EOF)
		expectEnd(t, b, io.EOF)
	})
}

// Without a backend there is nothing to take over.
func TestTakeOverOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err error
		w, _ := recording(t, lines{}, vaurien.NewPlan(acting(vaurien.Accept, func(e *vaurien.Event, _ vaurien.Next) error {
			_, _, err = e.TakeOver()
			return err
		})))
		defer w.close()
		w.back.Close()
		expectReset(t, w.dial())
		synctest.Wait()
		if err == nil {
			t.Error("no error")
		}
	})
}
