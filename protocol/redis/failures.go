package redis

import (
	"strings"

	"github.com/vaurien-proxy/vaurien"
)

// A failure is a FailureKind and what the server says: an error's code and its
// text, which a few take from the request.
type failure struct {
	vaurien.FailureKind
	code, text string
	textOf     func(p *Protocol, n *note, head []byte) string // in place of text, if it is set

	// plainAtExec says that EXEC is answered with this error itself, and not
	// with an EXECABORT that quotes it.
	plainAtExec bool

	closes bool // the server closes the connection after it

	// null says that the answer is no error but the null of RESP2 ("$" for a
	// bulk, "*" for an array) or that of RESP3.
	null byte
}

// The effects of failures.
const (
	open      = "stays open; inside MULTI the transaction is discarded at EXEC"
	discarded = "stays open; the transaction is discarded"
)

// failures are the ways to fail that have a name. Where a server checks for
// which is in processCommand (src/server.c), unless said otherwise.
var failures = []failure{
	{code: "ERR", text: "max number of clients reached", FailureKind: vaurien.FailureKind{
		Name: "max-clients", Phase: vaurien.Connecting, AtAccept: true, Effect: "closes",
		Doc: "the connection is closed with an error: max number of clients reached", Source: captured("max-clients"),
	}},
	{code: "NOAUTH", text: "Authentication required.", textOf: noAuthText, FailureKind: vaurien.FailureKind{
		Name: "noauth", Phase: vaurien.Authenticating, Effect: open, Fits: unauthenticated,
		Doc: "NOAUTH to a client that has not given a password", Source: captured("noauth"),
	}},
	{code: "WRONGPASS", text: "invalid username-password pair or user is disabled.", FailureKind: vaurien.FailureKind{
		Name: "wrongpass", Phase: vaurien.Authenticating, Effect: "stays open, without the login", Fits: logsIn,
		Doc: "WRONGPASS to AUTH, and to HELLO with AUTH", Source: captured("wrongpass"),
	}},
	{code: "NOPERM", textOf: noPermText, FailureKind: vaurien.FailureKind{
		Name: "nopermission", Phase: vaurien.Asking, Effect: open, Fits: needsPermission,
		Doc: "NOPERM: the user may not run the command", Source: captured("nopermission"),
	}},
	{code: "LOADING", text: "Redis is loading the dataset in memory", FailureKind: vaurien.FailureKind{
		Name: "loading", Phase: vaurien.Asking, Effect: open, Fits: lacking(loading),
		Doc: "LOADING: the server has been started and reads its data set", Source: captured("loading"),
	}},
	{code: "BUSY", text: "Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", FailureKind: vaurien.FailureKind{
		Name: "busy", Phase: vaurien.Asking, Effect: open, Fits: refusedWhileBusy,
		Doc: "BUSY: a script does not end", Source: captured("busy"),
	}},
	{code: "READONLY", text: "You can't write against a read only replica.", FailureKind: vaurien.FailureKind{
		Name: "readonly", Phase: vaurien.Asking, Effect: open, Fits: having(writes),
		Doc: "READONLY to a command that writes: the server has become a replica", Source: captured("readonly"),
	}},
	{code: "OOM", text: "command not allowed when used memory > 'maxmemory'.", FailureKind: vaurien.FailureKind{
		Name: "oom", Phase: vaurien.Asking, Effect: open, Fits: having(denyOOM),
		Doc: "OOM to a command that may need memory: maxmemory is used up", Source: captured("oom"),
	}},
	{code: "MISCONF", text: "Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. " +
		"Commands that may modify the data set are disabled, because this instance is configured to report errors " +
		"during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). " +
		"Please check the Redis logs for details about the RDB error.", FailureKind: vaurien.FailureKind{
		Name: "misconf", Phase: vaurien.Asking, Effect: open, Fits: writesOrPings,
		Doc: "MISCONF to a command that writes, and to PING: the last snapshot could not be saved", Source: captured("misconf"),
	}},
	{code: "NOREPLICAS", text: "Not enough good replicas to write.", FailureKind: vaurien.FailureKind{
		Name: "noreplicas", Phase: vaurien.Asking, Effect: open, Fits: having(writes),
		Doc: "NOREPLICAS to a command that writes: fewer replicas than min-replicas-to-write", Source: captured("noreplicas"),
	}},
	{code: "MASTERDOWN", text: "Link with MASTER is down and replica-serve-stale-data is set to 'no'.", FailureKind: vaurien.FailureKind{
		Name: "masterdown", Phase: vaurien.Asking, Effect: open, Fits: lacking(stale),
		Doc: "MASTERDOWN: the server is a replica that has lost its master", Source: captured("masterdown"),
	}},
	{code: "NOSCRIPT", text: "No matching script. Please use EVAL.", FailureKind: vaurien.FailureKind{
		Name: "noscript", Phase: vaurien.Asking, Effect: open, Fits: runsBySum,
		Doc: "NOSCRIPT to EVALSHA: the server has forgotten the script", Source: captured("noscript"),
	}},
	{code: "UNBLOCKED", text: "force unblock from blocking operation, instance state changed (master -> replica?)", FailureKind: vaurien.FailureKind{
		Name: "unblocked", Phase: vaurien.Asking, Effect: "closes", Fits: blocks,
		Doc: "UNBLOCKED to a command that waits: the server has become a replica meanwhile", Source: captured("unblocked"),
	}, closes: true},
	{code: "EXECABORT", text: "Transaction discarded because of previous errors.", FailureKind: vaurien.FailureKind{
		Name: "execabort", Phase: vaurien.Committing, Effect: discarded, Fits: executes,
		Doc: "EXECABORT to EXEC: a command of the transaction was refused", Source: captured("execabort"),
	}, plainAtExec: true},
	{null: '*', FailureKind: vaurien.FailureKind{
		Name: "watch-conflict", Phase: vaurien.Committing, Effect: discarded, Fits: executesWatching,
		Doc: "null to an EXEC after WATCH: another client has changed the key", Source: captured("watch-conflict"),
	}},
	{code: "MOVED", textOf: redirection, FailureKind: vaurien.FailureKind{
		Name: "moved", Phase: vaurien.Asking, Effect: open, Fits: keyed, OnRequest: true,
		Doc: "MOVED: another node has the key's slot; message gives slot and node, else it is the backend", Source: captured("moved"),
	}, plainAtExec: true},
	{code: "ASK", textOf: redirection, FailureKind: vaurien.FailureKind{
		Name: "ask", Phase: vaurien.Asking, Effect: open, Fits: keyed, OnRequest: true,
		Doc: "ASK: the key is on its way to another node; message gives slot and node, else it is the backend", Source: captured("ask"),
	}, plainAtExec: true},
	{code: "TRYAGAIN", text: "Multiple keys request during rehashing of slot", FailureKind: vaurien.FailureKind{
		Name: "tryagain", Phase: vaurien.Asking, Effect: open, Fits: severalKeys, OnRequest: true,
		Doc: "TRYAGAIN to a command with several keys: their slot is on its way to another node", Source: captured("tryagain"),
	}, plainAtExec: true},
	{code: "CROSSSLOT", text: "Keys in request don't hash to the same slot", FailureKind: vaurien.FailureKind{
		Name: "crossslot", Phase: vaurien.Asking, Effect: open, Fits: severalKeys, OnRequest: true,
		Doc: "CROSSSLOT to a command with several keys: no node has them all", Source: captured("crossslot"),
	}, plainAtExec: true},
	{code: "CLUSTERDOWN", text: "The cluster is down", FailureKind: vaurien.FailureKind{
		Name: "clusterdown", Phase: vaurien.Asking, Effect: open, Fits: keyed, OnRequest: true,
		Doc: "CLUSTERDOWN: too many nodes cannot be reached", Source: captured("clusterdown"),
	}, plainAtExec: true},
	{code: "NOPROTO", text: "unsupported protocol version", FailureKind: vaurien.FailureKind{
		Name: "noproto", Phase: vaurien.Connecting, Effect: "stays open, in the protocol that it had", Fits: setsProtocol, OnRequest: true,
		Doc: "NOPROTO to HELLO: the server does not speak the version asked for", Source: captured("noproto"),
	}},
	{null: '$', FailureKind: vaurien.FailureKind{
		Name: "evicted", Phase: vaurien.Asking, Effect: "stays open", Fits: readsOne, OnRequest: true,
		Doc: "null to a command that reads one value: the key has been evicted or has expired", Source: captured("evicted"),
	}},
}

// captured names the capture that a failure's bytes are compared with.
func captured(name string) string {
	return "captured: redis 7.0.15 (testdata/captures/" + name + ".txt)"
}

// Failures returns the ways to fail that have a name.
func (p *Protocol) Failures() []vaurien.FailureKind {
	kinds := make([]vaurien.FailureKind, len(failures))
	for i, f := range failures {
		kinds[i] = f.FailureKind
	}
	return kinds
}

// failureOf returns the failure of that name.
func failureOf(name string) *failure {
	for i := range failures {
		if failures[i].Name == name {
			return &failures[i]
		}
	}
	return nil
}

// noAuthText is what is said to HELLO without a password is another
// (helloCommand in src/networking.c).
func noAuthText(_ *Protocol, n *note, _ []byte) string {
	if n != nil && n.command.role == hello {
		return "HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> " +
			"option can be used to authenticate the client and select the RESP protocol version at the same time"
	}
	return "Authentication required."
}

// noPermText quotes the command as the server calls it: config|set.
func noPermText(_ *Protocol, n *note, _ []byte) string {
	name := "get"
	if n != nil {
		if name = strings.ToLower(n.command.verb); n.command.subcommand != "" {
			name += "|" + strings.ToLower(n.command.subcommand)
		}
	}
	return "this user has no permissions to run the '" + name + "' command"
}
