package postgres

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// asked is what a failure may want to know of the request that it is told to.
type asked struct {
	verb, tag, table string
	nowait           bool
	user, database   string
	pid              uint32
	rng              *rand.Rand
}

// askedBy gathers it.
func (c *codec) askedBy(n *note, verb string, head []byte, rng *rand.Rand) *asked {
	sql := n.text(head)
	a := &asked{
		verb: verb, tag: tag(verb, sql), table: table(sql), nowait: bytes.Contains(bytes.ToUpper(sql), []byte("NOWAIT")),
		pid: c.pid.Load(), rng: rng,
	}
	if n.session != nil {
		a.user, a.database = n.session.user, n.session.database
	}
	return a
}

// relation is the table's name without its schema, as errors have it.
func (a *asked) relation() string {
	if a.table == "" {
		return "pg_class" // a relation that any statement uses
	}
	return a.table[strings.LastIndexByte(a.table, '.')+1:]
}

// number draws a number of that many digits.
func (a *asked) number(digits int) uint32 {
	if a.rng == nil {
		return 1
	}
	least := uint32(1)
	for range digits - 1 {
		least *= 10
	}
	return least + a.rng.Uint32N(9*least)
}

// context is where in its work the server waited for a row's lock: empty if
// the statement does not lock rows, or not for certain.
func (a *asked) context() string {
	doing := map[string]string{"UPDATE": "updating", "DELETE": "deleting"}[a.verb]
	if doing == "" || a.table == "" {
		return ""
	}
	return fmt.Sprintf("while %s tuple (0,%d) in relation \"%s\"", doing, a.number(1), a.relation())
}

func serialization(e *response, a *asked) {
	switch a.verb {
	case "UPDATE":
		*e = response{
			code: e.code, message: "could not serialize access due to concurrent update",
			file: "nodeModifyTable.c", line: "2407", routine: "ExecUpdate",
		}
	case "DELETE":
		*e = response{
			code: e.code, message: "could not serialize access due to concurrent update",
			file: "nodeModifyTable.c", line: "1572", routine: "ExecDelete",
		}
	}
}

func deadlock(e *response, a *asked) {
	if a.pid == 0 {
		a.pid = a.number(4)
	}
	other, mine, theirs := a.number(4), a.number(3), a.number(3)
	e.detail = fmt.Sprintf("Process %d waits for ShareLock on transaction %d; blocked by process %d.\n"+
		"Process %d waits for ShareLock on transaction %d; blocked by process %d.",
		a.pid, theirs, other, other, mine, a.pid)
	e.where = a.context()
}

func lockNotAvailable(e *response, a *asked) {
	switch {
	case !a.nowait:
		e.where = a.context()
	case a.verb == "LOCK":
		e.message = `could not obtain lock on relation "` + a.relation() + `"`
		e.file, e.line, e.routine = "namespace.c", "400", "RangeVarGetRelidExtended"
	default:
		e.message = `could not obtain lock on row in relation "` + a.relation() + `"`
		e.file, e.line, e.routine = "heapam.c", "4984", "heap_lock_tuple"
	}
}

func diskFull(e *response, a *asked) {
	e.message = fmt.Sprintf(`could not extend file "base/%d/%d": No space left on device`, a.number(1), 16384+a.number(3))
}
