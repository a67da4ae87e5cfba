package mysql

import (
	"strings"

	"github.com/vaurien-proxy/vaurien"
)

// What failures fit. Each looks at the note on a request, and at its text only
// where it must.

func atConnect(req *vaurien.Message) bool {
	n := noteOf(req)
	return n != nil && n.command == theConnection
}

func atLogin(req *vaurien.Message) bool {
	n := noteOf(req)
	return n != nil && (n.command == theLogin || n.command == theProof)
}

func atConnectOrLogin(req *vaurien.Message) bool { return atConnect(req) || atLogin(req) }

func namesDatabase(req *vaurien.Message) bool {
	n := noteOf(req)
	switch {
	case n == nil:
		return false
	case n.command == theLogin:
		database, _ := n.codec.who(n)
		return database != ""
	}
	return n.database != ""
}

// atCommand is any command that gets a reply.
func atCommand(req *vaurien.Message) bool {
	n := noteOf(req)
	return n != nil && n.command <= 0xff && n.reply != noReply
}

// killable is any command to MariaDB, which tells those whom it cuts off.
func killable(req *vaurien.Message) bool {
	return atCommand(req) && noteOf(req).codec.isMariaDB()
}

func atPrepare(req *vaurien.Message) bool {
	n := noteOf(req)
	return n != nil && n.command == comStmtPrepare
}

// of returns the class of the statement that a request executes; 0 if it does
// not.
func of(req *vaurien.Message) class {
	if n := noteOf(req); n != nil && n.command.executes() {
		return n.keyword.class
	}
	return 0
}

func changes(req *vaurien.Message) bool        { return of(req)&(writes|defines) != 0 }
func takesStatement(req *vaurien.Message) bool { return of(req)&(reads|writes|defines|calls) != 0 }
func atCommit(req *vaurien.Message) bool       { return of(req)&commits != 0 }

// atOpenCommit is the COMMIT of an open transaction.
func atOpenCommit(req *vaurien.Message) bool {
	return atCommit(req) && noteOf(req).status&inTransaction != 0
}

// locksRowsOf is a statement that waits for rows that others have locked.
func locksRowsOf(req *vaurien.Message) bool {
	switch c := of(req); {
	case c&(writes|calls) != 0:
		return true
	case c&reads != 0:
		n := noteOf(req)
		return locksRows(n.codec.textOf(req, n))
	}
	return false
}

// locks is one that waits for rows, or for a table's definition.
func locks(req *vaurien.Message) bool {
	return of(req)&defines != 0 || locksRowsOf(req)
}

// takesTime is a statement that the server's limit of time is for.
func takesTime(req *vaurien.Message) bool {
	c := of(req)
	return c&reads != 0 || c&(writes|calls) != 0 && noteOf(req).codec.isMariaDB()
}

// addsRows is a statement that puts rows into a table that it names.
func addsRows(req *vaurien.Message) bool {
	return of(req)&writes != 0 && !strings.EqualFold(req.Verb, "DELETE") &&
		tableIn(noteOf(req).codec.textOf(req, noteOf(req))) != ""
}

// unqualified returns a table's name without its database.
func unqualified(table string) string {
	return table[strings.LastIndexByte(table, '.')+1:]
}
