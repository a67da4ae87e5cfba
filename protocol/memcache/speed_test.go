package memcache

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

var value = strings.Repeat("x", 32)

var speeds = []protocoltest.Speed{
	{Name: "get", Request: "get key:1234567890\r\n", Reply: "VALUE key:1234567890 0 32\r\n" + value + "\r\nEND\r\n"},
	{Name: "miss", Request: "get key:1234567890\r\n", Reply: "END\r\n"},
	{Name: "set", Request: "set key:1234567890 0 0 32\r\n" + value + "\r\n", Reply: "STORED\r\n"},
	{Name: "set noreply", Request: "set key:1234567890 0 0 32 noreply\r\n" + value + "\r\n"},
	{Name: "set of 64 KiB", Request: "set key:1234567890 0 0 65536\r\n" + strings.Repeat("x", 64<<10) + "\r\n", Reply: "STORED\r\n"},
	{Name: "gets of 4", Request: "gets a b c d\r\n", Reply: strings.Repeat("VALUE key 0 32 7\r\n"+value+"\r\n", 4) + "END\r\n"},
	{Name: "stats", Request: "stats\r\n", Reply: strings.Repeat("STAT name value\r\n", 40) + "END\r\n"},
	{Name: "mg", Request: "mg key:1234567890 v\r\n", Reply: "VA 32\r\n" + value + "\r\n"},
	{Name: "ms", Request: "ms key:1234567890 32 T0\r\n" + value + "\r\n", Reply: "HD\r\n"},
	{Name: "binary get", Request: req(0, 1, "", "key:1234567890", ""), Reply: res(0, 0, 1, "\x00\x00\x00\x00", "", value)},
	{Name: "binary set", Request: req(1, 1, eight, "key:1234567890", value), Reply: res(1, 0, 1, "", "", "")},
}

func TestNoAllocations(t *testing.T) { protocoltest.NoAllocations(t, new(Protocol), speeds) }

func BenchmarkFraming(b *testing.B) { protocoltest.Framing(b, new(Protocol), speeds) }
