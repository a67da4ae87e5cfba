package redis

import (
	"strconv"
	"strings"
	"sync"
)

// A command is what Redis knows of one of its commands, or of a subcommand.
type command struct {
	verb       string // in capitals
	subcommand string // likewise; empty if it is none
	flags      flags
	role       role

	// Where its keys are, counted from its name, as COMMAND has it: 0 for
	// nowhere, and last negative to count from the end.
	first, last, step int64
	numkeys           int64               // where its number of keys is, which the keys follow; 0 for nowhere
	subs              map[string]*command // by their names in capitals; nil if there are none
}

// flags are those of commands that decide in which states of the server they
// are refused (processCommand in src/server.c).
type flags uint16

const (
	writes    flags = 1 << iota // refused by replicas, and where writing is
	denyOOM                     // refused while memory is full
	loading                     // allowed while the data set is loaded
	stale                       // allowed on a replica without its master
	allowBusy                   // allowed while a script runs
	noAuth                      // allowed to anybody
	blocking                    // it may wait for its reply
)

// flagNames are what COMMAND calls them.
var flagNames = map[string]flags{
	"write": writes, "denyoom": denyOOM, "loading": loading, "stale": stale,
	"allow_busy": allowBusy, "no_auth": noAuth, "blocking": blocking,
}

// A role is what a command means to the codec beyond its reply.
type role uint8

const (
	plain       role = iota
	multi            // MULTI
	exec             // EXEC
	discard          // DISCARD
	watch            // WATCH
	unwatch          // UNWATCH
	selects          // SELECT
	auth             // AUTH
	hello            // HELLO
	reset            // RESET
	quits            // QUIT
	monitors         // MONITOR: lines without end follow the reply
	confirmed        // SUBSCRIBE and the like: a reply for each channel
	setsReplies      // CLIENT REPLY
	replconf         // REPLCONF
	replication      // SYNC and PSYNC: the streams are no longer RESP
)

var roles = map[string]role{
	"MULTI": multi, "EXEC": exec, "DISCARD": discard, "WATCH": watch, "UNWATCH": unwatch,
	"SELECT": selects, "AUTH": auth, "HELLO": hello, "RESET": reset, "QUIT": quits, "MONITOR": monitors,
	"SUBSCRIBE": confirmed, "PSUBSCRIBE": confirmed, "SSUBSCRIBE": confirmed,
	"UNSUBSCRIBE": confirmed, "PUNSUBSCRIBE": confirmed, "SUNSUBSCRIBE": confirmed,
	"CLIENT|REPLY": setsReplies, "REPLCONF": replconf, "SYNC": replication, "PSYNC": replication,
}

// numkeys are where commands whose keys are counted have the number (the key
// specifications in COMMAND's reply, of the sort keynum).
var numkeys = map[string]int64{
	"EVAL": 2, "EVALSHA": 2, "EVAL_RO": 2, "EVALSHA_RO": 2, "FCALL": 2, "FCALL_RO": 2,
	"ZUNION": 1, "ZINTER": 1, "ZDIFF": 1, "ZINTERCARD": 1, "SINTERCARD": 1, "LMPOP": 1, "ZMPOP": 1,
	"BLMPOP": 2, "BZMPOP": 2,
}

// A vocabulary holds the commands of the table, by their names in capitals.
type vocabulary struct {
	all   map[string]*command
	quick quickTable
}

// commands returns the one vocabulary.
var commands = sync.OnceValue(func() *vocabulary {
	all := make(map[string]*command)
	for line := range strings.Lines(commandTable) {
		field := strings.Fields(line)
		name, sub, isSub := strings.Cut(field[0], "|")
		c := command{verb: name, subcommand: sub, role: roles[field[0]], numkeys: numkeys[field[0]]}
		for i, to := range []*int64{&c.first, &c.last, &c.step} {
			*to, _ = strconv.ParseInt(field[1+i], 10, 64)
		}
		for _, flag := range field[4:] {
			c.flags |= flagNames[flag]
		}
		if !isSub {
			all[name] = &c
			continue
		}
		if all[name].subs == nil {
			all[name].subs = make(map[string]*command)
		}
		all[name].subs[sub] = &c
	}
	v := &vocabulary{all: all}
	v.quick.fill(all)
	return v
})

// longestName is how long a command's name may be to be told.
const longestName = 64

// nameless is a command whose name cannot be told in a line of text.
var nameless = &command{verb: "?"}

// find returns the command of that name. One that is not in the table, a
// module's perhaps, is taken for one that reads.
func (c *codec) find(name []byte) *command {
	if known := c.commands.quick.find(name); known != nil {
		return known
	}
	var buf [longestName]byte
	if len(name) == 0 || len(name) > longestName {
		return nameless
	}
	upper := capitals(buf[:0], name)
	if known, ok := c.commands.all[string(upper)]; ok {
		return known
	}
	if c.unknown == nil || c.unknown.verb != string(upper) {
		for _, b := range upper {
			if b <= ' ' || b > '~' {
				return nameless
			}
		}
		c.unknown = &command{verb: string(upper)}
	}
	return c.unknown
}

// sub returns the subcommand of that name, or the command itself if it has
// none.
func (c *command) sub(name []byte) *command {
	var buf [longestName]byte
	if len(name) > longestName {
		return c
	}
	if sub, ok := c.subs[string(capitals(buf[:0], name))]; ok {
		return sub
	}
	return c
}

// capitals appends name in capitals to b.
func capitals(b, name []byte) []byte {
	for _, c := range name {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}
