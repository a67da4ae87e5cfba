package memcache

import "testing"

const eight = "\x00\x00\x00\x00\x00\x00\x00\x00"

var binaryTalks = []talkTest{
	{
		name: "binary",
		requests: req(0x00, 1, "", "a", "") + req(0x01, 2, eight, "a", "hello") + req(0x04, 3, "", "a", "") +
			req(0x0c, 4, "", "a", "") + req(0x05, 5, eight+eight+"\x00\x00\x00\x00", "n", "") + req(0x0b, 6, "", "", "") + req(0x07, 7, "", "", ""),
		replies: res(0x00, 0, 1, "\x00\x00\x00\x00", "", "hello") + res(0x01, 3, 2, "", "", "Too large.") + res(0x04, 0, 3, "", "", "") +
			res(0x0c, 1, 4, "", "a", "") + res(0x05, 0, 5, "", "", eight) + res(0x0b, 0, 6, "", "", "1.6.18") + res(0x07, 0, 7, "", "", ""),
		asked:    "get, set 5, delete, getk, incr, version, quit",
		answered: "0x0000 9, 0x0003 10, 0x0000, 0x0001 1, 0x0000 8, 0x0000 6, 0x0000",
	},
	{
		name: "quiet",
		requests: req(0x0d, 0, "", "a", "") + req(0x0d, 0, "", "b", "") + req(0x11, 0, eight, "c", "x") +
			req(0x14, 0, "", "d", "") + req(0x0a, 0, "", "", "") + req(0x00, 0, "", "a", "") + req(0x17, 0, "", "", ""),
		replies: res(0x0d, 0, 0, "\x00\x00\x00\x00", "a", "1") + res(0x11, 0x82, 0, "", "", "Out of memory allocating item") +
			res(0x0a, 0, 0, "", "", "") + res(0x00, 1, 0, "", "", "Not found"),
		asked:    "getkq quiet, getkq quiet, setq 1 quiet, deleteq quiet, noop, get, quitq quiet",
		answered: "0x0000 6 unasked, 0x0082 29 unasked, 0x0000, 0x0001 9",
	},
	{
		name:     "stat",
		requests: req(opStat, 1, "", "", "") + req(opStat, 2, "", "reset", "") + req(opStat, 3, "", "x", "") + req(0x0a, 4, "", "", ""),
		replies: res(opStat, 0, 1, "", "pid", "77") + res(opStat, 0, 1, "", "uptime", "5") + res(opStat, 0, 1, "", "", "") +
			res(opStat, 0, 2, "", "", "") + res(opStat, 1, 3, "", "", "Not found") + res(0x0a, 0, 4, "", "", ""),
		asked:    "stat, stat, stat, noop",
		answered: "0x0000 60, 0x0000, 0x0001 9, 0x0000",
	},
	{
		name:     "SASL",
		requests: req(0x20, 0, "", "", "") + req(0x21, 0, "", "PLAIN", "\x00u\x00p") + req(0x22, 0, "", "PLAIN", "x"),
		replies:  res(0x20, 0, 0, "", "", "PLAIN") + res(0x21, 0x21, 0, "", "", "go on") + res(0x22, 0x20, 0, "", "", "Auth failure."),
		asked:    "sasl_list_mechs, sasl_auth 4, sasl_step 1",
		answered: "0x0000 5, 0x0021 5, 0x0020 13",
	},
	{
		name:     "one connection too many",
		requests: req(0x0a, 1, "", "", ""),
		replies:  "ERROR Too many open connections\r\n",
		asked:    "noop",
		answered: "ERROR",
	},
	{name: "an unknown opcode", requests: req(0x77, 1, "", "", ""), err: "opcode 0x77"},
	{name: "verbosity", requests: req(0x1b, 1, "\x00\x00\x00\x00", "", ""), err: "opcode 0x1b"},
	{
		name:     "text after it",
		requests: req(0x0a, 1, "", "", "") + "get a\r\n                        ",
		replies:  res(0x0a, 0, 1, "", "", ""),
		asked:    "noop", answered: "0x0000",
		err: "byte 0x67 where a binary request begins",
	},
	{
		name:     "a packet shorter than its key",
		requests: req(0x00, 1, "", "a", "")[:11] + "\x00" + "\x00\x00\x00\x01" + eight + "a",
		err:      "shorter than its key",
	},
	{
		name: "another's reply", requests: req(0x00, 1, "", "a", ""), replies: res(0x00, 1, 2, "", "", ""),
		asked: "get", err: "opcode 0x00 in reply to get",
	},
	{
		name: "another opcode's reply", requests: req(0x00, 1, "", "a", ""), replies: res(0x01, 1, 1, "", "", ""),
		asked: "get", err: "opcode 0x01 in reply to get",
	},
	{
		name: "not a STAT", requests: req(opStat, 1, "", "", ""), replies: res(opStat, 0, 1, "", "a", "b") + res(0x0a, 0, 1, "", "", ""),
		asked: "stat", answered: "0x0000 2 cut", err: "none of STAT's",
	},
}

func TestBinary(t *testing.T) {
	for _, tt := range binaryTalks {
		t.Run(tt.name, tt.run)
	}
}
