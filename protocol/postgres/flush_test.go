package postgres

import (
	"io"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

// The server may tell an error before the Flush of its batch has come: what the
// Sync after it is answered with is not the batch's.
func TestErrorBeforeItsFlush(t *testing.T) {
	r := opened(t, idle)
	r.requests.WriteString(parse("s", "nonsense") + describe)
	batch, sync1 := new(vaurien.Message), new(vaurien.Message)
	if err := r.codec.ReadRequest(r.up, batch); err != nil {
		t.Fatal(err)
	}
	n, err := batch.Body.Next(r.up)
	if err != nil {
		t.Fatal(err)
	}
	r.up.Take(int(n))

	r.replies.WriteString(syntaxError)
	reply := new(vaurien.Message)
	if err := r.codec.ReadReply(r.down, batch, reply); err != nil {
		t.Fatal(err)
	}
	if n, err = reply.Body.Next(r.down); err != nil || n != int64(len(syntaxError)-headerSize) {
		t.Fatalf("the error: %d, %v", n, err)
	}
	r.down.Take(int(n))

	r.requests.WriteString(flush + sync)
	if n, err = batch.Body.Next(r.up); err != nil || n != headerSize {
		t.Fatalf("the rest of the batch: %d, %v", n, err)
	}
	r.up.Take(int(n))
	if _, err = batch.Body.Next(r.up); err != io.EOF {
		t.Fatalf("after Flush: %v", err)
	}
	if err := r.codec.ReadRequest(r.up, sync1); err != nil || sync1.Verb != "Sync" {
		t.Fatalf("%s, %v", sync1.Verb, err)
	}
	r.replies.WriteString(ready('I'))
	if _, err = reply.Body.Next(r.down); err != io.EOF {
		t.Fatalf("after the error: %v", err)
	}
	if got := r.reply(sync1, ""); got != ready('I') {
		t.Errorf("to Sync: %q", got)
	}
}
