package postgres

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// begun is what is said before the first statement is executed.
var begun = protocoltest.Talk{
	Requests: []byte(hello + parse("s1", "select abalance from pgbench_accounts where aid = $1") + sync),
	Replies:  []byte(welcome + parsed + ready('I')),
}

var speeds = []protocoltest.Speed{
	{
		Name: "prepared", Before: begun,
		Request: bind("s1") + describe + execute + sync, Reply: bound + columns + row + done("SELECT 1") + ready('I'),
	},
	{
		Name: "simple", Before: begun,
		Request: query("SELECT abalance FROM pgbench_accounts WHERE aid = 4711;"), Reply: columns + row + done("SELECT 1") + ready('I'),
	},
	{
		Name: "unnamed", Before: begun,
		Request: parse("", "SELECT abalance FROM pgbench_accounts WHERE aid = $1;") + bind("") + describe + execute + sync,
		Reply:   parsed + bound + columns + row + done("SELECT 1") + ready('I'),
	},
	{
		Name: "100 rows", Before: begun,
		Request: bind("s1") + describe + execute + sync, Reply: bound + columns + strings.Repeat(row, 100) + done("SELECT 100") + ready('I'),
	},
}

// long is held whole although it is longer than a read: in a buffer of its own.
var long = []protocoltest.Speed{
	{
		Name: "insert of 64 KiB", Before: begun,
		Request: query("INSERT INTO t VALUES ('" + strings.Repeat("x", 64<<10) + "')"), Reply: done("INSERT 0 1") + ready('I'),
	},
}

func TestNoAllocations(t *testing.T) { protocoltest.NoAllocations(t, new(Protocol), speeds) }

func BenchmarkFraming(b *testing.B) {
	protocoltest.Framing(b, new(Protocol), speeds)
	protocoltest.Framing(b, new(Protocol), long)
}
