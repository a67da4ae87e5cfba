package mysql

import (
	"io"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

// A loop is a stream that says the same again and again, once a read.
type loop string

func (l loop) Read(p []byte) (int, error) { return copy(p, l), nil }

// A mill frames one exchange after the other as the engine does.
type mill struct {
	codec             *codec
	requests, replies *vaurien.Reader
	req, reply        vaurien.Message
}

func newMill(t testing.TB, s speed) *mill {
	m := &mill{codec: loggedIn(t, oldClient), requests: vaurien.NewReader(loop(s.request)), replies: vaurien.NewReader(loop(s.reply))}
	if s.before != "" {
		var reply vaurien.Message
		req := ask(t, m.codec, s.before)
		r := vaurien.NewReader(strings.NewReader(s.beforeReply))
		if err := m.codec.ReadReply(r, req, &reply); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m *mill) ask() error {
	m.req = vaurien.Message{Info: m.req.Info}
	if err := m.codec.ReadRequest(m.requests, &m.req); err != nil {
		return err
	}
	return m.take(m.requests, m.req.Body)
}

func (m *mill) answer() error {
	m.reply = vaurien.Message{Info: m.reply.Info}
	if err := m.codec.ReadReply(m.replies, &m.req, &m.reply); err != nil {
		return err
	}
	return m.take(m.replies, m.reply.Body)
}

func (m *mill) take(r *vaurien.Reader, b vaurien.Body) error {
	for b != nil {
		n, err := b.Next(r)
		if err == io.EOF {
			return nil
		}
		for ; n > 0 && err == nil; err = r.More() {
			k := min(n, int64(len(r.Buffered())))
			r.Take(int(k))
			if n -= k; n == 0 {
				break
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *mill) turn() error {
	if err := m.ask(); err != nil {
		return err
	}
	return m.answer()
}

type speed struct{ name, before, beforeReply, request, reply string }

var (
	preparePoint      = pkt(0, "\x16SELECT c FROM sbtest1 WHERE id=?")
	preparePointReply = pkt(1, "\x00", le(5, 4), le(1, 2), le(1, 2), "\x00", le(0, 2)) + columns(2, 1) + eof(3, 2) + columns(4, 1) + eof(5, 2)
	hundredRows       = func() string {
		rows := make([]string, 100)
		for i := range rows {
			rows[i] = "\x03123\x05hello\x0a0123456789"
		}
		return resultSet(autocommit, rows...)
	}()
)

var speeds = []speed{
	{"ping", "", "", pkt(0, "\x0e"), okay(1, autocommit)},
	{"point select", "", "", query("SELECT c FROM sbtest1 WHERE id=4711"), resultSet(autocommit, "\x05hello")},
	{"insert", "", "", query("INSERT INTO sbtest1 (id, k, c, pad) VALUES (4711, 17, '" + strings.Repeat("c", 120) + "', '" + strings.Repeat("p", 60) + "')"), okay(1, autocommit)},
	{"execute", preparePoint, preparePointReply, pkt(0, "\x17", le(5, 4), "\x00", le(1, 4), "\x00\x01\x03\x00", le(1, 4)), resultSet(autocommit, "\x05hello")},
	{"100 rows", "", "", query("SELECT c FROM sbtest1 WHERE id BETWEEN 1 AND 100"), hundredRows},
	{"prepare", "", "", preparePoint, preparePointReply},
}

func TestNoAllocations(t *testing.T) {
	if racing {
		t.Skip("allocations are not counted under the race detector")
	}
	for _, s := range speeds {
		m := newMill(t, s)
		m.turn() // the first makes what is used again
		if n := testing.AllocsPerRun(1000, func() {
			if err := m.turn(); err != nil {
				t.Fatal(s.name, err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", s.name, n)
		}
	}
}

func BenchmarkFraming(b *testing.B) {
	for _, s := range speeds {
		b.Run(s.name, func(b *testing.B) {
			m := newMill(b, s)
			b.SetBytes(int64(len(s.request) + len(s.reply)))
			b.ReportAllocs()
			for b.Loop() {
				if err := m.turn(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(s.name+", request", func(b *testing.B) {
			m := newMill(b, s)
			for b.Loop() {
				if err := m.ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
