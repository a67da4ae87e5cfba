package postgres

import "github.com/vaurien-proxy/vaurien"

func encryption(m *vaurien.Message) bool {
	n := noteOf(m)
	return n.opening == sslRequest || n.opening == gssRequest
}

func startup(m *vaurien.Message) bool {
	n := noteOf(m)
	return n.opening>>16 == version3
}

func password(m *vaurien.Message) bool { return noteOf(m).first == 'p' }

// statement tells requests that run something, and so can fail or find that
// the session is over.
func running(m *vaurien.Message) bool { return noteOf(m).runs() }

func (n *note) runs() bool {
	switch n.first {
	case 'Q', 'F', 'P', 'B', 'E':
		return true
	}
	return false
}

func inTransaction(m *vaurien.Message) bool {
	n := noteOf(m)
	return n.runs() && (n.status == open || n.status == failed)
}

func betweenTransactions(m *vaurien.Message) bool {
	n := noteOf(m)
	return n.runs() && n.status == idle
}

// work tells statements that read or write data: they take locks, time and
// memory. In a transaction that has failed, none of them gets as far as that.
func work(m *vaurien.Message) bool {
	n := noteOf(m)
	if !n.runs() || n.status == failed {
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
