package redis

import "github.com/vaurien-proxy/vaurien"

// about returns a FailureKind.Fits that asks fits, of commands that can fail at
// all. CLIENT REPLY is none of these, since an error would leave it open which
// commands are replied to; QUIT and RESET are never refused.
func about(fits func(*note) bool) func(*vaurien.Message) bool {
	return func(req *vaurien.Message) bool {
		n := noteOf(req)
		return n != nil && n.command != nil && n.fails() && fits(n)
	}
}

func (n *note) fails() bool {
	switch n.command.role {
	case setsReplies, quits, reset:
		return false
	}
	return true
}

// commits reports whether it is the EXEC of a transaction.
func (n *note) commits() bool { return n.command.role == exec && n.mode&inMulti != 0 }

// having is for commands with a flag, and for an EXEC of one.
func having(f flags) func(*vaurien.Message) bool {
	return about(func(n *note) bool { return n.command.flags&f != 0 || n.commits() && n.was.tx.has&f != 0 })
}

// lacking is for commands without a flag, and for an EXEC of one.
func lacking(f flags) func(*vaurien.Message) bool {
	return about(func(n *note) bool { return n.command.flags&f == 0 || n.commits() && n.was.tx.lacks&f != 0 })
}

var (
	refusedWhileBusy = about(func(n *note) bool { return n.command.flags&allowBusy == 0 })
	unauthenticated  = about(func(n *note) bool {
		if n.mode&(authenticated|inMulti) != 0 {
			return false
		}
		return n.command.flags&noAuth == 0 || n.command.role == hello && !n.logs
	})
	needsPermission = about(func(n *note) bool { return n.command.flags&noAuth == 0 })
	logsIn          = about(func(n *note) bool { return n.logs })
	setsProtocol    = about(func(n *note) bool { return n.command.role == hello && n.args > 1 && !n.queued })
	runsBySum       = about(func(n *note) bool {
		return !n.queued && (n.command.verb == "EVALSHA" || n.command.verb == "EVALSHA_RO")
	})
	blocks        = about(func(n *note) bool { return n.command.flags&blocking != 0 && !n.queued })
	executes      = about((*note).commits)
	writesOrPings = about(func(n *note) bool {
		return n.command.flags&writes != 0 || n.command.verb == "PING" || n.commits() && n.was.tx.has&writes != 0
	})
	executesWatching = about(func(n *note) bool {
		return n.commits() && n.mode&watching != 0 && !n.was.tx.dirty
	})
	readsOne = about(func(n *note) bool {
		switch n.command.verb {
		case "GET", "HGET", "LINDEX", "ZSCORE":
			return !n.queued
		}
		return false
	})
)

// keyed is for commands with a key, and for an EXEC of one.
func keyed(req *vaurien.Message) bool {
	n := noteOf(req)
	return n != nil && n.command != nil && n.slot(req.Head) >= 0
}

// severalKeys is for commands with more than one key.
func severalKeys(req *vaurien.Message) bool {
	n := noteOf(req)
	return n != nil && n.command != nil && n.keys(req.Head) > 1
}

// slot returns the slot of the first key; -1 without one.
func (n *note) slot(head []byte) int {
	if n.commits() {
		return n.was.tx.slot
	}
	if key := n.key(head); key != nil {
		return slotOf(key)
	}
	return -1
}
