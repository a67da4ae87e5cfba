package memcache

import (
	"strings"
	"testing"
)

var textTalks = []talkTest{
	{
		name:     "get",
		requests: "get a\r\nget a b  c\r\ngets a\r\ngat 0 a\r\ngats 10 a b\r\nbget a\r\n get a \r\n",
		replies: "VALUE a 0 5\r\nhello\r\nEND\r\nVALUE a 0 5\r\nEND\r\n\r\nVALUE c 7 0\r\n\r\nEND\r\n" +
			"VALUE a 0 2 77\r\nxy\r\nEND\r\nEND\r\nEND\r\nEND\r\nCLIENT_ERROR bad command line format\r\n",
		asked:    "get, get, gets, gat, gats, bget, get",
		answered: "VALUE 12, VALUE 27, VALUE 9, END, END, END, CLIENT_ERROR",
	},
	{
		name:     "an error among the values",
		requests: "get a b\r\nversion\r\n",
		replies:  "VALUE a 0 1\r\nx\r\nSERVER_ERROR out of memory writing get response\r\nVERSION 1.6.18\r\n",
		asked:    "get, version",
		answered: "VALUE 52, VERSION",
	},
	{
		name: "store",
		requests: "set a 0 0 5\r\nhello\r\nadd a 1 -1 2\r\n\r\n\r\nreplace a 0 0 0\r\n\r\nappend a 0 0 1\r\nx\r\n" +
			"prepend a 0 0 1\r\nx\r\ncas a 0 0 1 99\r\nx\r\nset a 0 0 1\nx\r\n",
		replies:  "STORED\r\nNOT_STORED\r\nSTORED\r\nSTORED\r\nSERVER_ERROR out of memory storing object\r\nEXISTS\r\nCLIENT_ERROR bad data chunk\r\n",
		asked:    "set 7, add 4, replace 2, append 3, prepend 3, cas 3, set 3",
		answered: "STORED, NOT_STORED, STORED, STORED, SERVER_ERROR, EXISTS, CLIENT_ERROR",
	},
	{
		name: "noreply",
		requests: "set a 0 0 5 noreply\r\nhello\r\ncas a 0 0 1 9 noreply\r\nx\r\ndelete a noreply\r\ndelete a 0 noreply\r\n" +
			"incr a 1 noreply\r\nincr a noreply\r\ntouch a 0 noreply\r\nflush_all noreply\r\nflush_all 0 noreply\r\nverbosity 0 noreply\r\n" +
			"slabs automove 1 noreply\r\nlru mode flat noreply\r\ncache_memlimit 64 noreply\r\nversion\r\n",
		replies: "VERSION 1.6.18\r\n",
		asked: "set 7 quiet, cas 3 quiet, delete quiet, delete quiet, incr quiet, incr quiet, touch quiet, flush_all quiet, flush_all quiet, " +
			"verbosity quiet, slabs quiet, lru quiet, cache_memlimit quiet, version",
		answered: "VERSION",
	},
	{
		name:     "noreply that is none",
		requests: "get noreply\r\ndelete noreply\r\nversion noreply\r\nset a 0 noreply\r\nincr noreply\r\nslabs reassign 1 noreply\r\n",
		replies:  "END\r\nNOT_FOUND\r\nVERSION 1.6.18\r\nERROR\r\nERROR\r\nERROR\r\n",
		asked:    "get, delete, version, set, incr, slabs",
		answered: "END, NOT_FOUND, VERSION, ERROR, ERROR, ERROR",
	},
	{
		name:     "others",
		requests: "delete a\r\nincr a 1\r\ndecr a 1\r\ntouch a 5\r\nflush_all\r\nversion\r\nverbosity 1\r\nslabs reassign 1 2\r\nshutdown\r\nfoo bar\r\n\r\nrefresh_certs\r\nquit\r\n",
		replies:  "DELETED\r\n5\r\n4  \r\nTOUCHED\r\nOK\r\nVERSION 1.6.18\r\nOK\r\nNOSPARE source class has no spare pages\r\nERROR: shutdown not enabled\r\nERROR\r\nERROR\r\nError TLS not enabled\r\n",
		asked:    "delete, incr, decr, touch, flush_all, version, verbosity, slabs, shutdown, foo, , refresh_certs, quit quiet",
		answered: "DELETED, , , TOUCHED, OK, VERSION, OK, , ERROR, ERROR, ERROR, ",
	},
	{
		name:     "lists",
		requests: "stats\r\nstats reset\r\nstats detail dump\r\nstats cachedump 1 10\r\nstats foo\r\nlru_crawler metadump all\r\nlru_crawler mgdump all\r\nlru_crawler metadump all\r\nlru_crawler enable\r\n",
		replies: "STAT pid 1\r\nSTAT END 2\r\nEND\r\nRESET\r\nEND\r\nITEM a [5 b; 0 s]\r\nITEM b [5 b; 0 s]\r\nEND\r\nERROR\r\n" +
			"key=END exp=-1 la=1\nkey=b exp=-1\nEND\r\nmg a\r\nmg END\r\nEN\r\nBUSY currently processing crawler request\r\nOK\r\n",
		asked:    "stats, stats, stats, stats, stats, lru_crawler, lru_crawler, lru_crawler, lru_crawler",
		answered: "STAT 17, RESET, END, ITEM 24, ERROR, key 18, mg 12, , OK",
	},
	{
		name:     "watch",
		requests: "get a\r\nwatch fetchers\r\n",
		replies:  "END\r\nOK\r\nts=1 gid=1 type=item_get\n",
		asked:    "get, watch barrier",
		answered: "END, OK switch",
		err:      "switched",
	},
	{
		name:     "watch refused",
		requests: "watch nonsense\r\nget a\r\n",
		replies:  "ERROR\r\nEND\r\n",
		asked:    "watch barrier, get",
		answered: "ERROR, END",
	},
	{
		name: "refused before the value", // as memcached reads them: two command lines
		requests: "set a 0 0 -1\r\nhello\r\nset a 0 0 x\r\nhello\r\nset " + key251 + " 0 0 5\r\nhello\r\nset a 0 0\r\nhello\r\n" +
			"set a 0 0 5 noreply junk\r\nhello\r\n",
		replies: "CLIENT_ERROR bad command line format\r\nERROR\r\nCLIENT_ERROR bad command line format\r\nERROR\r\n" +
			"CLIENT_ERROR bad command line format\r\nERROR\r\nERROR\r\nERROR\r\nERROR\r\nERROR\r\n",
		asked:    "set, hello, set, hello, set, hello, set, hello, set, hello",
		answered: "CLIENT_ERROR, ERROR, CLIENT_ERROR, ERROR, CLIENT_ERROR, ERROR, ERROR, ERROR, ERROR, ERROR",
	},
	{
		name:     "bad data chunk",
		requests: "set a 0 0 4\r\ninvalid\r\nget a\r\n",
		replies:  "CLIENT_ERROR bad data chunk\r\nERROR\r\nEND\r\n",
		asked:    "set 6, d, get",
		answered: "CLIENT_ERROR, ERROR, END",
	},
	{
		name:     "one connection too many",
		requests: "",
		replies:  "ERROR Too many open connections\r\n",
		answered: "ERROR unasked",
	},
	{
		name:     "a long get",
		requests: "get " + strings.Repeat("0123456789 ", 500) + "\r\nget a\r\n",
		replies:  "END\r\nEND\r\n",
		asked:    "get, get",
		answered: "END, END",
	},
}

func TestText(t *testing.T) {
	for _, tt := range textTalks {
		t.Run(tt.name, tt.run)
	}
}

func TestTextNotUnderstood(t *testing.T) {
	for _, tt := range []talkTest{
		{name: "TLS", requests: "\x16\x03\x01\x00\xc8", err: "TLS"},
		{name: "a long line", requests: "set " + strings.Repeat("x", 3000), err: "more than 2048 bytes"},
		{name: "a long line that ends", requests: "delete " + strings.Repeat("x", 3000) + "\r\n", err: "more than 2048 bytes"},
		{name: "2^31", requests: "set a 0 0 2147483648\r\n", err: "announces a value"},
		{name: "2^31 - 2", requests: "set a 0 0 2147483646\r\n", err: "announces a value"},
		{name: "2^64", requests: "set a 0 0 18446744073709551616\r\n", err: "announces a value"},
		{name: "plus", requests: "set a 0 0 +5\r\nhello\r\n", err: "announces a value"},
		{name: "wide flags", requests: "set a 4294967296 0 5\r\nhello\r\n", err: "announces a value"},
		{name: "refused quietly", requests: "set a 0 0 -1 noreply\r\n", err: "announces a value"},
		{name: "NUL", requests: "set a\x00 0 0 5\r\n", err: "NUL"},
		{name: "another protocol", requests: "\xff\xfb\x01\n", err: "byte 0xff in a command"},
		{name: "many words", requests: "lru " + strings.Repeat("x ", 30) + "noreply\r\n", err: "32 words"},
		{name: "not a VALUE", requests: "get a\r\n", replies: "STORED\r\n", asked: "get", err: `"STORED" in reply to get`},
		{name: "not a size", requests: "get a\r\n", replies: "VALUE a 0 x\r\n", asked: "get", err: `a VALUE of "x" bytes`},
		{name: "no size", requests: "get a\r\n", replies: "VALUE a\r\n", asked: "get", err: `a VALUE of "" bytes`},
		{name: "a size of 2^63", requests: "get a\r\n", replies: "VALUE a 0 9223372036854775808\r\n", asked: "get", err: "a VALUE of"},
		{name: "among the values", requests: "get a\r\n", replies: "VALUE a 0 1\r\nx\r\nSTORED\r\n", asked: "get", answered: "VALUE 3 cut", err: `"STORED" among the values`},
		{name: "a long line of a reply", requests: "get a\r\n", replies: strings.Repeat("x", 9000), asked: "get", err: "more than 8192"},
		{name: "an answer to an unknown command", requests: "setx a 1\r\n", replies: "STORED\r\n", asked: "setx", err: `"STORED" in reply to setx`},
		{name: "unasked", replies: "STORED\r\n", err: "in reply to no request"},
	} {
		t.Run(tt.name, tt.run)
	}
}
