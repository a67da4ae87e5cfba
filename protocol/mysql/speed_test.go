package mysql

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

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

// begun is what is said before the first command.
var begun = protocoltest.Talk{
	Requests: []byte(logIn(oldClient)), Replies: []byte(greet(mysqlCaps) + okay(2, autocommit)), Greeting: true,
}

var speeds = []protocoltest.Speed{
	{Name: "ping", Before: begun, Request: pkt(0, "\x0e"), Reply: okay(1, autocommit)},
	{
		Name: "point select", Before: begun,
		Request: query("SELECT c FROM sbtest1 WHERE id=4711"), Reply: resultSet(autocommit, "\x05hello"),
	},
	{
		Name: "insert", Before: begun,
		Request: query("INSERT INTO sbtest1 (id, k, c, pad) VALUES (4711, 17, '" + strings.Repeat("c", 120) + "', '" + strings.Repeat("p", 60) + "')"),
		Reply:   okay(1, autocommit),
	},
	{
		Name: "execute",
		Before: protocoltest.Talk{
			Requests: append(begun.Requests[:len(begun.Requests):len(begun.Requests)], preparePoint...),
			Replies:  append(begun.Replies[:len(begun.Replies):len(begun.Replies)], preparePointReply...),
		},
		Request: pkt(0, "\x17", le(5, 4), "\x00", le(1, 4), "\x00\x01\x03\x00", le(1, 4)), Reply: resultSet(autocommit, "\x05hello"),
	},
	{Name: "100 rows", Before: begun, Request: query("SELECT c FROM sbtest1 WHERE id BETWEEN 1 AND 100"), Reply: hundredRows},
	{Name: "prepare", Before: begun, Request: preparePoint, Reply: preparePointReply, Lockstep: true},
}

// long is held whole although it is longer than a read: in a buffer of its own.
var long = []protocoltest.Speed{
	{
		Name: "insert of 64 KiB", Before: begun,
		Request: query("INSERT INTO t VALUES ('" + strings.Repeat("c", 64<<10) + "')"), Reply: okay(1, autocommit),
	},
}

func TestNoAllocations(t *testing.T) { protocoltest.NoAllocations(t, new(Protocol), speeds) }

func BenchmarkFraming(b *testing.B) {
	protocoltest.Framing(b, new(Protocol), speeds)
	protocoltest.Framing(b, new(Protocol), long)
}
