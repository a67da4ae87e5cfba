package postgres

import "github.com/vaurien-proxy/vaurien"

// encryption tells requests for it.
func encryption(m *vaurien.Message) bool {
	n := noteOf(m)
	return n.opening == sslRequest || n.opening == gssRequest
}

// startup tells startup messages.
func startup(m *vaurien.Message) bool {
	n := noteOf(m)
	return n.opening>>16 == version3
}

// password tells messages of an authentication.
func password(m *vaurien.Message) bool { return noteOf(m).first == 'p' }

// running tells requests that run something.
func running(m *vaurien.Message) bool { return noteOf(m).runs() }

// runs reports whether the request prepares or runs something, and so can fail
// or find that the session is over.
func (n *note) runs() bool {
	switch n.first {
	case 'Q', 'F', 'P', 'B', 'E':
		return true
	}
	return false
}

// inTransaction tells what comes inside a transaction, failed or not.
func inTransaction(m *vaurien.Message) bool {
	n := noteOf(m)
	return n.runs() && (n.status == open || n.status == failed)
}

// betweenTransactions tells what comes outside of one.
func betweenTransactions(m *vaurien.Message) bool {
	n := noteOf(m)
	return n.runs() && n.status == idle
}

// work tells statements that read or write data: they take locks, time and
// memory; to prepare them does not. In a transaction that has failed, none of them gets as far as that.
func work(m *vaurien.Message) bool {
	n := noteOf(m)
	if !n.runs() || n.prepares || n.status == failed {
		return false
	}
	switch m.Verb {
	case "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "PREPARE",
		"SET", "SHOW", "RESET", "DISCARD", "DEALLOCATE", "CLOSE", "LISTEN", "UNLISTEN", "NOTIFY", "CHECKPOINT",
		"Query", "Parse": // the last two have no words at all
		return false
	}
	return true
}

// writes tells those that cannot be part of a read-only transaction.
func writes(m *vaurien.Message) bool {
	return work(m) && tag(m.Verb, noteOf(m).text(m.Head)) != ""
}

// commit tells those that end a transaction which has not failed by making it
// last.
func commit(m *vaurien.Message) bool {
	n := noteOf(m)
	return n.runs() && n.status == open && n.ends(m.Head)
}
