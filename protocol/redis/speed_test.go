package redis

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

var speeds = []protocoltest.Speed{
	{Name: "PING", Request: resp("PING"), Reply: "+PONG\r\n"},
	{Name: "GET", Request: resp("GET", "key:000000012345"), Reply: bulk("xxx")},
	{Name: "SET", Request: resp("SET", "key:000000012345", "xxx"), Reply: "+OK\r\n"},
	{Name: "lower case get", Request: resp("get", "user:1000:profile"), Reply: "$-1\r\n"},
	{Name: "HSET", Request: resp("HSET", "myhash", "field1", "value1", "field2", "value2"), Reply: ":2\r\n"},
	{Name: "CONFIG GET", Request: resp("CONFIG", "GET", "save"), Reply: "*2\r\n" + bulk("save") + bulk("3600 1")},
	{
		Name: "MULTI to EXEC", Requests: 4, Request: commandsOf("MULTI", "SET k v", "INCR n", "EXEC"),
		Reply: "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:1\r\n", Lockstep: true,
	},
	{Name: "SET of 64 KiB", Request: resp("SET", "k", strings.Repeat("x", 64<<10)), Reply: "+OK\r\n"},
	{Name: "LRANGE of 10", Request: resp("LRANGE", "l", "0", "9"), Reply: "*10\r\n" + strings.Repeat(bulk("element"), 10)},
	{Name: "LRANGE of 1000", Request: resp("LRANGE", "l", "0", "999"), Reply: "*1000\r\n" + strings.Repeat(bulk("element"), 1000)},
	{Name: "push", Request: resp("GET", "k"), Reply: ">2\r\n" + bulk("invalidate") + "*1\r\n" + bulk("k") + bulk("v")},
}

func TestNoAllocations(t *testing.T) { protocoltest.NoAllocations(t, new(Protocol), speeds) }

func BenchmarkFraming(b *testing.B) { protocoltest.Framing(b, new(Protocol), speeds) }
