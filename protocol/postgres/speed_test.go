package postgres

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// A loop is a stream that says something once and then the same again and
// again, once a read.
type loop struct {
	first string
	again []byte
}

func (l *loop) Read(p []byte) (int, error) {
	if l.first != "" {
		n := copy(p, l.first)
		l.first = l.first[n:]
		return n, nil
	}
	return copy(p, l.again), nil
}

// A mill frames one exchange after the other as the engine does.
type mill struct {
	codec             vaurien.Codec
	requests, replies *vaurien.Reader
	req, reply        vaurien.Message
}

func newMill(t testing.TB, request, reply string) *mill {
	m := &mill{
		codec:    new(Protocol).NewCodec(),
		requests: vaurien.NewReader(&loop{hello + parse("s1", "select abalance from pgbench_accounts where aid = $1") + sync, []byte(request)}),
		replies:  vaurien.NewReader(&loop{welcome + parsed + ready('I'), []byte(reply)}),
	}
	for range 3 { // the opening, the statement, and one that makes what is used again
		if err := m.turn(); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// turn frames one request and its reply.
func (m *mill) turn() error {
	m.req = vaurien.Message{Info: m.req.Info}
	err := m.codec.ReadRequest(m.requests, &m.req)
	if err == nil {
		err = protocoltest.Drain(m.requests, m.req.Body)
	}
	if err == nil {
		m.reply = vaurien.Message{Info: m.reply.Info}
		err = m.codec.ReadReply(m.replies, &m.req, &m.reply)
	}
	if err == nil {
		err = protocoltest.Drain(m.replies, m.reply.Body)
	}
	return err
}

var speeds = []struct{ name, request, reply string }{
	{"prepared", bind("s1") + describe + execute + sync, bound + columns + row + done("SELECT 1") + ready('I')},
	{"simple", query("SELECT abalance FROM pgbench_accounts WHERE aid = 4711;"), columns + row + done("SELECT 1") + ready('I')},
	{
		"unnamed", parse("", "SELECT abalance FROM pgbench_accounts WHERE aid = $1;") + bind("") + describe + execute + sync,
		parsed + bound + columns + row + done("SELECT 1") + ready('I'),
	},
	{"100 rows", bind("s1") + describe + execute + sync, bound + columns + strings.Repeat(row, 100) + done("SELECT 100") + ready('I')},
}

func TestNoAllocations(t *testing.T) {
	if racing {
		t.Skip("allocations are not counted under the race detector")
	}
	for _, s := range speeds {
		m := newMill(t, s.request, s.reply)
		if n := testing.AllocsPerRun(1000, func() {
			if err := m.turn(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", s.name, n)
		}
	}
}

// BenchmarkExchange frames a request and its reply.
func BenchmarkExchange(b *testing.B) {
	for _, s := range speeds {
		b.Run(s.name, func(b *testing.B) {
			m := newMill(b, s.request, s.reply)
			b.SetBytes(int64(len(s.request) + len(s.reply)))
			b.ReportAllocs()
			for b.Loop() {
				if err := m.turn(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
