package memcache

// An op is what a command does, whatever the dialect.
type op uint8

const (
	other op = iota
	get
	touch
	set
	add
	replace
	appendTo
	prepend
	cas
	del
	incr
	decr
	metaArithmetic
	flush
	statistics
	noop
	sasl
	unknown
	opCount
)

// stores reports whether the command brings a value to be stored.
func (o op) stores() bool { return o >= set && o <= cas }

// counts reports whether the command changes a number.
func (o op) counts() bool { return o >= incr && o <= metaArithmetic }

// A shape is how a reply is delimited.
type shape uint8

const (
	aLine    shape = iota // one line
	valueLst              // VALUE lines with their values, until END
	listing               // lines until END, or one line of another sort
	aWatch                // OK, and then what is logged for as long as the connection lasts
	anError               // one line that says that the command failed
	metaLine              // one line, and a value if that begins with VA
)

// A command is one of the text protocol (memcached's proto_text.c,
// process_command_ascii).
type command struct {
	verb    string
	dialect dialect
	op      op
	reply   shape

	// How many words its line has, itself included; max 0: any number. With
	// any other number it is refused before it is looked at any further.
	min, max int

	// noreply is how many words its line must have for the last of them to be
	// able to say noreply; 0: it cannot.
	noreply int
}

// refused is the number of words from which on servers disagree about lines
// that may have any (MAX_TOKENS and MFLAG_MAX_OPT_LENGTH in proto_text.c).
const refused = 20

var (
	cmdGet      = command{verb: "get", dialect: text, op: get, reply: valueLst}
	cmdGets     = command{verb: "gets", dialect: text, op: get, reply: valueLst}
	cmdGat      = command{verb: "gat", dialect: text, op: get, reply: valueLst}
	cmdGats     = command{verb: "gats", dialect: text, op: get, reply: valueLst}
	cmdBget     = command{verb: "bget", dialect: text, op: get, reply: valueLst}
	cmdSet      = command{verb: "set", dialect: text, op: set, min: 5, max: 6, noreply: 5}
	cmdAdd      = command{verb: "add", dialect: text, op: add, min: 5, max: 6, noreply: 5}
	cmdReplace  = command{verb: "replace", dialect: text, op: replace, min: 5, max: 6, noreply: 5}
	cmdAppend   = command{verb: "append", dialect: text, op: appendTo, min: 5, max: 6, noreply: 5}
	cmdPrepend  = command{verb: "prepend", dialect: text, op: prepend, min: 5, max: 6, noreply: 5}
	cmdCas      = command{verb: "cas", dialect: text, op: cas, min: 6, max: 7, noreply: 6}
	cmdDelete   = command{verb: "delete", dialect: text, op: del, min: 2, max: 4, noreply: 3}
	cmdIncr     = command{verb: "incr", dialect: text, op: incr, min: 3, max: 4, noreply: 3}
	cmdDecr     = command{verb: "decr", dialect: text, op: decr, min: 3, max: 4, noreply: 3}
	cmdTouch    = command{verb: "touch", dialect: text, op: touch, min: 3, max: 4, noreply: 3}
	cmdFlushAll = command{verb: "flush_all", dialect: text, op: flush, min: 1, max: 3, noreply: 2}
	cmdStats    = command{verb: "stats", dialect: text, op: statistics, reply: listing}
	cmdVersion  = command{verb: "version", dialect: text}
	cmdVerbose  = command{verb: "verbosity", dialect: text, min: 2, max: 3, noreply: 2}
	cmdMemlimit = command{verb: "cache_memlimit", dialect: text, min: 2, max: 3, noreply: 2}
	cmdSlabs    = command{verb: "slabs", dialect: text}
	cmdAutomove = command{verb: "slabs", dialect: text, noreply: 3}
	cmdLru      = command{verb: "lru", dialect: text, min: 2, noreply: 2}
	cmdCrawler  = command{verb: "lru_crawler", dialect: text, reply: listing}
	cmdExtstore = command{verb: "extstore", dialect: text, min: 2, noreply: 2}
	cmdCerts    = command{verb: "refresh_certs", dialect: text, noreply: 2}
	cmdWatch    = command{verb: "watch", dialect: text, reply: aWatch, noreply: 2}
	cmdShutdown = command{verb: "shutdown", dialect: text}
	cmdQuit     = command{verb: "quit", dialect: text}
	cmdMg       = command{verb: "mg", dialect: meta, op: get, reply: metaLine}
	cmdMs       = command{verb: "ms", dialect: meta, op: set, reply: metaLine}
	cmdMd       = command{verb: "md", dialect: meta, op: del, reply: metaLine}
	cmdMa       = command{verb: "ma", dialect: meta, op: metaArithmetic, reply: metaLine}
	cmdMn       = command{verb: "mn", dialect: meta, op: noop, reply: metaLine}
	cmdMe       = command{verb: "me", dialect: meta, reply: metaLine}
	cmdUnknown  = command{dialect: text, op: unknown, reply: anError}
)

// commandOf returns the command that a word names. Words are case-sensitive.
func commandOf(word []byte) *command {
	switch string(word) {
	case "get":
		return &cmdGet
	case "set":
		return &cmdSet
	case "mg":
		return &cmdMg
	case "ms":
		return &cmdMs
	case "gets":
		return &cmdGets
	case "gat":
		return &cmdGat
	case "gats":
		return &cmdGats
	case "bget":
		return &cmdBget
	case "add":
		return &cmdAdd
	case "replace":
		return &cmdReplace
	case "append":
		return &cmdAppend
	case "prepend":
		return &cmdPrepend
	case "cas":
		return &cmdCas
	case "delete":
		return &cmdDelete
	case "incr":
		return &cmdIncr
	case "decr":
		return &cmdDecr
	case "touch":
		return &cmdTouch
	case "md":
		return &cmdMd
	case "ma":
		return &cmdMa
	case "mn":
		return &cmdMn
	case "me":
		return &cmdMe
	case "flush_all":
		return &cmdFlushAll
	case "stats":
		return &cmdStats
	case "version":
		return &cmdVersion
	case "verbosity":
		return &cmdVerbose
	case "cache_memlimit":
		return &cmdMemlimit
	case "slabs":
		return &cmdSlabs
	case "lru":
		return &cmdLru
	case "lru_crawler":
		return &cmdCrawler
	case "extstore":
		return &cmdExtstore
	case "refresh_certs":
		return &cmdCerts
	case "watch":
		return &cmdWatch
	case "shutdown":
		return &cmdShutdown
	case "quit":
		return &cmdQuit
	}
	return &cmdUnknown
}
