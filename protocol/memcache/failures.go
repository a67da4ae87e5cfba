package memcache

import "github.com/vaurien-proxy/vaurien"

// A failure is a way to fail that has a name.
type failure struct {
	vaurien.FailureKind
	fits func(n *note) bool   // nil: any request
	says func(n *note) answer // by which words
}

// An answer is what a server says when it fails a command.
type answer struct {
	line   string // in the text protocol; empty for word
	word   string // of meta commands, and of others where line is empty
	status uint16 // in the binary protocol
	body   string // to the status, if it is not statusText's

	silent  bool // a quiet command is told nothing
	loud    bool // also a command with noreply is told
	deletes bool // a set deletes what was stored under its key
	closes  bool // the connection closes
}

const (
	stays   = "stays open"
	deletes = "stays open; a set has deleted what was stored under its key, as memcached does"
	closes  = "closes"
)

var failures = []failure{
	{
		FailureKind: vaurien.FailureKind{
			Name: "too-many-connections", Phase: vaurien.Connecting, AtAccept: true, Effect: closes,
			Doc:    "ERROR Too many open connections, as soon as the connection is made",
			Source: capture("too-many-connections"),
		},
		says: func(*note) answer { return answer{line: "ERROR Too many open connections", closes: true} },
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "miss", Phase: vaurien.Asking, Effect: stays,
			Doc:    "the key is not there: END, EN, status 0x0001; of several keys, none is",
			Source: capture("miss"),
		},
		fits: func(n *note) bool { return n.op == get && !n.creates },
		says: func(*note) answer {
			return answer{line: "END", word: "EN", status: statusNotFound, silent: true}
		},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "out-of-memory", Phase: vaurien.Asking, Effect: deletes,
			Doc:    "SERVER_ERROR out of memory storing object, status 0x0082",
			Source: capture("out-of-memory") + "; binary and incr: proto_bin.c, process_bin_update and complete_incr_bin",
		},
		fits: func(n *note) bool { return n.op.stores() || n.op.counts() },
		says: func(n *note) answer {
			if n.op.counts() {
				return answer{line: "SERVER_ERROR out of memory", status: statusOutOfMemory, body: "Out of memory incrementing value"}
			}
			return answer{
				line: "SERVER_ERROR out of memory storing object", status: statusOutOfMemory,
				body: "Out of memory allocating item", deletes: true,
			}
		},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "too-large", Phase: vaurien.Asking, Effect: deletes,
			Doc:    "SERVER_ERROR object too large for cache, status 0x0003",
			Source: capture("too-large"),
		},
		fits: func(n *note) bool { return n.op.stores() },
		says: func(*note) answer {
			return answer{line: "SERVER_ERROR object too large for cache", status: statusTooLarge, deletes: true}
		},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "not-stored", Phase: vaurien.Committing, Effect: stays,
			Doc:    "NOT_STORED to add, replace, append and prepend, NS, status 0x0005",
			Source: capture("not-stored"),
		},
		fits: func(n *note) bool {
			switch n.dialect {
			case binary:
				return n.op == appendTo || n.op == prepend
			case meta:
				return n.op == set && n.mode != 0 && n.mode != 'S'
			}
			return n.op > set && n.op < cas
		},
		says: func(*note) answer { return answer{line: "NOT_STORED", word: "NS", status: statusNotStored} },
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "exists", Phase: vaurien.Committing, Effect: stays,
			Doc:    "EXISTS, EX, status 0x0002: somebody has changed the item since its version was read, or added it",
			Source: capture("exists"),
		},
		fits: func(n *note) bool {
			return n.dialect == binary && n.op == add || n.cas && n.mode != 'E' && (n.op.stores() || n.op == del || n.op.counts())
		},
		says: func(*note) answer { return answer{line: "EXISTS", word: "EX", status: statusExists} },
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "not-found", Phase: vaurien.Asking, Effect: stays,
			Doc:    "NOT_FOUND, NF, status 0x0001, to commands that need the item",
			Source: capture("not-found"),
		},
		fits: func(n *note) bool {
			switch {
			case n.op == del, n.op == touch, n.op.counts() && !n.creates, n.op == cas:
				return true
			case n.dialect == meta:
				return n.op == set && n.cas && (n.mode == 0 || n.mode == 'S' || n.mode == 'R')
			}
			return n.dialect == binary && (n.op == replace || n.op == set && n.cas)
		},
		says: func(*note) answer { return answer{line: "NOT_FOUND", word: "NF", status: statusNotFound} },
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "non-numeric", Phase: vaurien.Asking, Effect: stays,
			Doc:    "CLIENT_ERROR cannot increment or decrement non-numeric value, status 0x0006",
			Source: capture("non-numeric"),
		},
		fits: func(n *note) bool { return n.op.counts() },
		says: func(*note) answer {
			return answer{line: "CLIENT_ERROR cannot increment or decrement non-numeric value", status: statusNonNumeric}
		},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "out-of-memory-writing", Phase: vaurien.Asking, Effect: stays,
			Doc:    "SERVER_ERROR out of memory writing get response, or stats",
			Source: "memcached 1.6, proto_text.c: process_get_command, process_stat",
		},
		fits: func(n *note) bool { return n.dialect == text && (n.op == get || n.op == statistics) },
		says: func(n *note) answer {
			if n.op == statistics {
				return answer{line: "SERVER_ERROR out of memory writing stats"}
			}
			return answer{line: "SERVER_ERROR out of memory writing get response"}
		},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "out-of-memory-reading", Phase: vaurien.Asking, Effect: closes,
			Doc:    "SERVER_ERROR out of memory reading request",
			Source: "memcached 1.6, memcached.c: try_read_network",
		},
		fits: func(n *note) bool { return n.dialect == text || n.dialect == meta },
		says: func(*note) answer {
			return answer{line: "SERVER_ERROR out of memory reading request", loud: true, closes: true}
		},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "authentication-failed", Phase: vaurien.Authenticating, Effect: stays,
			Doc:    "status 0x0020, Auth failure., to SASL",
			Source: capture("authentication-failed"),
		},
		fits: func(n *note) bool { return n.op == sasl },
		says: func(*note) answer { return answer{status: statusAuth} },
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "unauthenticated", Phase: vaurien.Authenticating, OnRequest: true,
			Effect: "stays open; in the binary protocol it closes",
			Doc:    "CLIENT_ERROR unauthenticated (a set: authentication failure), status 0x0020",
			Source: capture("unauthenticated") + "; binary: unauthenticated-binary.txt",
		},
		fits: func(n *note) bool { return n.op != sasl && !openToAll(n) },
		says: func(n *note) answer {
			a := answer{line: "CLIENT_ERROR unauthenticated", status: statusAuth, loud: true}
			// Who is not known says so by a set (proto_text.c,
			// try_read_command_asciiauth).
			if n.dialect == text && n.op == set {
				a.line = "CLIENT_ERROR authentication failure"
			}
			a.closes = n.dialect == binary
			return a
		},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "unknown-command", Phase: vaurien.Asking, OnRequest: true, Effect: stays,
			Doc:    "ERROR, status 0x0081: the server is older than the command",
			Source: capture("unknown-command"),
		},
		says: func(*note) answer { return answer{line: "ERROR", status: statusUnknown, loud: true} },
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "flush-not-allowed", Phase: vaurien.Asking, OnRequest: true, Effect: stays,
			Doc:    "CLIENT_ERROR flush_all not allowed, status 0x0020",
			Source: capture("flush-not-allowed"),
		},
		fits: func(n *note) bool { return n.op == flush },
		says: func(*note) answer {
			return answer{line: "CLIENT_ERROR flush_all not allowed", status: statusAuth}
		},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "busy", Phase: vaurien.Asking, OnRequest: true, Effect: stays,
			Doc:    "status 0x0085, Busy, of servers with engines",
			Source: "BinaryProtocolRevamped in memcached's wiki, section Response Status",
		},
		fits: isBinary,
		says: func(*note) answer { return answer{status: statusBusy} },
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "temporary-failure", Phase: vaurien.Asking, OnRequest: true, Effect: stays,
			Doc:    "status 0x0086, Temporary failure, of servers with engines",
			Source: "BinaryProtocolRevamped in memcached's wiki, section Response Status",
		},
		fits: isBinary,
		says: func(*note) answer { return answer{status: statusTemporary} },
	},
}
