package memcache

import "testing"

var metaTalks = []talkTest{
	{
		name:     "meta",
		requests: "mg a v\r\nmg a\r\nmg b v\r\nms a 5\r\nhello\r\nms a 2 T0 F1\r\nhi\r\nmd a\r\nma n\r\nma n v\r\nmn\r\nme a\r\nme b\r\n",
		replies:  "VA 5 f0\r\nhello\r\nHD\r\nEN\r\nHD\r\nNS\r\nNF\r\nHD\r\nVA 2\r\n14\r\nMN\r\nME a exp=-1\r\nEN\r\n",
		asked:    "mg, mg, mg, ms 7, ms 4, md, ma, ma, mn, me, me",
		answered: "VA 7, HD, EN, HD, NS, NF, HD, VA 4, MN, ME, EN",
	},
	{
		name:     "meta_response_old",
		requests: "mg a\r\nms a 2\r\nhi\r\nmd a\r\n",
		replies:  "OK\r\nOK\r\nOK\r\n",
		asked:    "mg, ms 4, md",
		answered: "OK, OK, OK",
	},
	{
		name:     "refused",
		requests: "mg\r\nms a\r\nmg " + key251 + " v q\r\nms " + key251 + " 2 q\r\nmn\r\nmz a\r\n",
		replies:  "ERROR\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\nMN\r\nERROR\r\n",
		asked:    "mg, ms, mg, ms, mn, mz",
		answered: "ERROR, CLIENT_ERROR, CLIENT_ERROR, CLIENT_ERROR, MN, ERROR",
	},
	{
		name:     "quiet, ended by mn",
		requests: "mg a v q\r\nmg b v q\r\nms c 2 q\r\nhi\r\nmd d q\r\nma e q\r\nmn\r\nmg a v\r\n",
		replies:  "VA 1\r\nx\r\nNS\r\nSERVER_ERROR object too large for cache\r\nMN\r\nVA 1\r\nx\r\n",
		asked:    "mg quiet, mg quiet, ms 4 quiet, md quiet, ma quiet, mn, mg",
		answered: "VA 3 unasked, NS unasked, SERVER_ERROR unasked, MN, VA 3",
	},
	{
		name:     "quiet, told by words",
		requests: "ms a 1 q\r\nx\r\nms b 1 q\r\nx\r\nmg c v\r\nmg d q\r\nget e\r\n",
		replies:  "NS\r\nVA 1\r\nx\r\nHD\r\nEND\r\n",
		asked:    "ms 3 quiet, ms 3 quiet, mg, mg quiet, get",
		answered: "NS unasked, VA 3, HD unasked, END",
	},
	{
		name:     "quiet, told by opaques",
		requests: "mg a v q O1\r\nmg b v q O2\r\nmg c v O3\r\nmg d v q O4\r\nmg e v O5 k\r\n",
		replies:  "VA 1 O1\r\nx\r\nVA 1 O3\r\nx\r\nEN O5 ke\r\n",
		asked:    "mg quiet, mg quiet, mg, mg quiet, mg",
		answered: "VA 3 unasked, VA 3, EN",
	},
	{
		name:     "quiet, told by keys",
		requests: "mg a v q k\r\nmg b v q k\r\nmg c v k\r\n",
		replies:  "VA 1 ka\r\nx\r\nVA 1 kb\r\nx\r\nHD kc\r\n",
		asked:    "mg quiet, mg quiet, mg",
		answered: "VA 3 unasked, VA 3 unasked, HD",
	},
	{
		name:     "quiet, not to be told",
		requests: "mg a v q\r\nmg b v\r\n",
		asked:    "mg quiet",
		err:      "quiet commands whose replies cannot be told",
	},
	{
		name:     "quiet, an error not to be told",
		requests: "ms a 1 q\r\nx\r\nmg b v\r\n",
		replies:  "SERVER_ERROR out of memory storing object\r\nEN\r\n",
		asked:    "ms 3 quiet, mg",
		err:      "an error that may be that of a quiet command",
	},
	{name: "the size as it was", requests: "ms a S2\r\nhi\r\n", err: "announces a value"},
	{name: "a size of 2^31", requests: "ms a 2147483648\r\n", err: "announces a value"},
	{name: "many flags", requests: "mg a b c d e f g h i j k l m n o p q r s t\r\n", err: "flags"},
}

func TestMeta(t *testing.T) {
	for _, tt := range metaTalks {
		t.Run(tt.name, tt.run)
	}
}
