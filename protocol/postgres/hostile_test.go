package postgres

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// A repeated is a stream of so many bytes of the same text.
type repeated struct {
	text string
	left int64
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n+len(r.text) <= len(p) && r.left > 0 {
		n += copy(p[n:], r.text)
		r.left -= int64(len(r.text))
	}
	return n, nil
}

// headed is a message's header for that many bytes of content.
func headed(kind byte, length int64) string {
	length += 4
	return string([]byte{kind, byte(length >> 24), byte(length >> 16), byte(length >> 8), byte(length)})
}

// A mill frames one exchange after the other as the engine does.
type mill struct {
	codec             vaurien.Codec
	requests, replies *vaurien.Reader
	req, reply        vaurien.Message
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

const gigabyte = 1 << 30

// A gigabyte in either direction, in one value or in many rows, passes in
// constant memory.
func TestAGigabyte(t *testing.T) {
	if protocoltest.Racing {
		t.Skip("slow under the race detector")
	}
	zeros := strings.Repeat("\x00", 1024)
	for _, tt := range []struct {
		name            string
		request, reply  string
		up, down        *repeated
		upEnd, replyEnd string
	}{
		{name: "a query", request: headed('Q', gigabyte), up: &repeated{zeros, gigabyte}, reply: done("SELECT 1") + ready('I')},
		{name: "a statement", request: headed('P', gigabyte) + "\x00", up: &repeated{zeros, gigabyte - 1024}, upEnd: zeros[:1023] + sync, reply: parsed + ready('I')},
		{name: "a parameter", request: headed('B', gigabyte), up: &repeated{zeros, gigabyte}, upEnd: execute + sync, reply: bound + ready('I')},
		{name: "rows of a COPY in a batch", request: parse("", "copy"), up: &repeated{msg('d', strings.Repeat("x", 1000)), gigabyte}, upEnd: msg('c') + sync, reply: parsed + ready('I')},
		{name: "a value", request: query("select 1"), reply: headed('D', gigabyte), down: &repeated{zeros, gigabyte}, replyEnd: ready('I')},
		{name: "rows", request: query("select 1"), reply: columns, down: &repeated{msg('D', "\x00\x01\x00\x00\x03\xe8", strings.Repeat("x", 1000)), gigabyte}, replyEnd: done("SELECT 1") + ready('I')},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stream := func(begin string, middle *repeated, end string) *vaurien.Reader {
				if middle == nil {
					middle = new(repeated)
				}
				return vaurien.NewReader(io.MultiReader(strings.NewReader(begin), middle, strings.NewReader(end)))
			}
			m := &mill{
				codec:    new(Protocol).NewCodec(),
				requests: stream(hello+tt.request, tt.up, tt.upEnd+sync),
				replies:  stream(welcome+tt.reply, tt.down, tt.replyEnd+ready('I')),
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range 3 { // the opening, the gigabyte, and something after it
				if err := m.turn(); err != nil {
					t.Fatal(err)
				}
			}
			runtime.ReadMemStats(&after)
			if m.req.Verb != "Sync" || m.reply.Verb != "ReadyForQuery" {
				t.Errorf("then %s, %s", m.req.Verb, m.reply.Verb)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
				t.Errorf("%d bytes allocated", grown)
			}
		})
	}
}

// What is remembered of prepared statements has a limit.
func TestStatementsAreBounded(t *testing.T) {
	var s statements
	for n := range 5000 {
		s.remember(fmt.Append(nil, "s", n), []byte("select 1"), "SELECT")
		s.remember(fmt.Append(nil, "s", n), []byte("select 1"), "SELECT")
	}
	if len(s.named) != mostStatements || len(s.order) != mostStatements || s.named["s4999"] == nil || s.named["s1"] != nil {
		t.Errorf("%d statements, %d in order", len(s.named), len(s.order))
	}
	for n := range 2000 {
		s.remember(fmt.Append(nil, "l", n), make([]byte, 1<<20), "SELECT")
	}
	if s.mem > mostStatementMem || len(s.named) > 300 {
		t.Errorf("%d statements of %d bytes", len(s.named), s.mem)
	}
	for n := range 2000 {
		s.forget(fmt.Append(nil, "l", n))
	}
	s.remember(make([]byte, longestName+1), nil, "")
	if s.mem != 0 || len(s.named) != 0 || len(s.order) != 0 {
		t.Errorf("%d statements of %d bytes are left", len(s.named), s.mem)
	}
}

// A client that sends one Close after the other waits for nobody.
func TestLongPrelude(t *testing.T) {
	tt := talkTest{
		requests: strings.Repeat(closing("abcdefgh"), 400) + sync, replies: strings.Repeat(msg('3'), 400) + ready('I'),
		asked: "Close 4110+1895", answered: "CloseComplete 5+2001",
	}
	tt.run(t)
}

// Deep nesting of what nests takes no stack, and endless lines no memory.
func TestHostileSQL(t *testing.T) {
	for _, sql := range []string{
		strings.Repeat("/*", 10000), strings.Repeat("(", 10000), strings.Repeat("--", 10000), strings.Repeat(";\n", 10000),
		strings.Repeat("a", 10000), strings.Repeat("'", 9999), strings.Repeat("update ", 3000), strings.Repeat("create or replace ", 1000),
		"select 'abc", `select "abc`, "select /*", "copy", "lock table", "create", "insert into", "select from .", "\xff\xfe",
	} {
		word, _ := keyword([]byte(sql))
		if len(word) > longestKeyword {
			t.Errorf("a word of %d bytes", len(word))
		}
		if name := table([]byte(sql)); len(name) > len(sql) {
			t.Errorf("a table of %d bytes", len(name))
		}
		tag(word, []byte(sql))
	}
}
