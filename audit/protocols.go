package audit

// An effect is what it means to do something twice.
type effect uint8

const (
	harmless  effect = iota // nothing, or the same state as once
	repeating               // it is done twice
)

// A grammar is what must be known of a protocol's verbs.
type grammar struct {
	// bytes: a request that is sent again has the same bytes.
	bytes bool
	// repeats are the verbs whose doing twice differs from doing once; nil means
	// by none.
	repeats map[string]bool
	// A transaction begins with begin and takes effect with commit; it is
	// repeating if a statement in it is, or if commit itself is among repeats.
	begin, commit, abort map[string]bool
	// greets are the verbs by which a connection is made ready. They are part of
	// connecting: clients say them again because they come again.
	greets map[string]bool
}

// grammarOf returns what is known of a protocol. Verbs that are not listed are
// read, or leave the same state when they are done again: PUT, SET, DELETE.
func grammarOf(protocol string) *grammar {
	if g, ok := grammars[protocol]; ok {
		return g
	}
	return &grammar{bytes: true}
}

var grammars = map[string]*grammar{
	// RFC 9110 section 9.2.2: the other methods are idempotent.
	"http": {repeats: verbs("POST", "PATCH", "CONNECT")},

	// The commands that count, move, add to the end, or take away; and scripts,
	// which may.
	"redis": {
		bytes: true,
		repeats: verbs("INCR", "INCRBY", "INCRBYFLOAT", "DECR", "DECRBY", "APPEND", "GETDEL", "GETSET", "BITFIELD",
			"LPUSH", "RPUSH", "LPUSHX", "RPUSHX", "LINSERT", "LPOP", "RPOP", "LMPOP", "BLPOP", "BRPOP", "BLMPOP",
			"RPOPLPUSH", "BRPOPLPUSH", "LMOVE", "BLMOVE", "SPOP", "HINCRBY", "HINCRBYFLOAT",
			"ZINCRBY", "ZPOPMIN", "ZPOPMAX", "BZPOPMIN", "BZPOPMAX", "ZMPOP", "BZMPOP",
			"XADD", "XREADGROUP", "PUBLISH", "SPUBLISH", "EVAL", "EVALSHA", "FCALL"),
		begin: verbs("MULTI"), commit: verbs("EXEC"), abort: verbs("DISCARD"),
		greets: verbs("HELLO", "AUTH", "CLIENT", "SELECT", "READONLY"),
	},

	// add and cas say that they were too late when they are repeated.
	"memcache": {
		bytes: true, repeats: verbs("incr", "decr", "append", "prepend", "ma"), greets: verbs("version"),
	},

	"mysql":    sql(verbs("connect", "login", "ssl", "SET")),
	"postgres": sql(verbs("Startup", "SSLRequest", "GSSENCRequest", "PasswordMessage", "SASLInitialResponse", "SASLResponse")),

	// A mail is sent by its DATA, or its last BDAT; the rest of its commands
	// say which it is.
	"smtp": {
		bytes: true, repeats: verbs("DATA", "BDAT"),
		begin: verbs("MAIL"), commit: verbs("DATA", "BDAT"), abort: verbs("RSET"),
		greets: verbs("connect", "EHLO", "HELO", "LHLO", "STARTTLS", "AUTH"),
	},

	// A second add, delete or modrdn is refused, a second modify the same again.
	"ldap": {},
}

// sql is the grammar of SQL. Whether an UPDATE is relative is not in a ledger, and
// a CALL may do anything.
func sql(greets map[string]bool) *grammar {
	return &grammar{
		bytes:   true,
		repeats: verbs("INSERT", "UPDATE", "MERGE", "CALL", "DO", "LOAD", "COPY"),
		begin:   verbs("BEGIN", "START"), commit: verbs("COMMIT", "END"), abort: verbs("ROLLBACK", "ABORT"),
		greets: greets,
	}
}

func verbs(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}
