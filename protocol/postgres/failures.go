package postgres

import "github.com/vaurien-proxy/vaurien"

// A failure is one way in which the server fails.
type failure struct {
	vaurien.FailureKind
	response response
	fill     func(*response, *asked) // puts in what depends on the request; nil: nothing does
	admitted bool                    // the client's identity was accepted first
	notice   bool                    // it is told in a notice, and not as an error
	bytes    string                  // all that is said, where it is no message
}

// closes reports whether the server ends the session.
func (f *failure) closes() bool { return f.response.severity == "FATAL" || f.notice }

// captured is the Source of failures whose bytes are a real server's.
func captured(name string) string {
	return "captured: postgres 15.20 (testdata/captures/" + name + ".txt)"
}

const (
	sessionEnds   = "the session ends; an open transaction is rolled back"
	notAdmitted   = "the session is refused"
	statementOnly = "outside a transaction none; inside, the transaction is failed until it is rolled back"
)

// failures are the ways to fail that have a name, by phase.
var failures = []failure{
	{
		FailureKind: vaurien.FailureKind{
			Name: "cannot-fork", Phase: vaurien.Connecting, AtAccept: true,
			Doc:    "the server has no process for the connection; told in the form of protocol 2",
			Effect: notAdmitted,
			Source: captured("cannot-fork"),
		},
		bytes: "Ecould not fork new process for connection: Resource temporarily unavailable\n\x00",
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "ssl-refused", Phase: vaurien.Connecting, Fits: encryption,
			Doc:    "N to a request for encryption",
			Effect: "the client goes on without encryption or gives up, as its sslmode says",
			Source: "the manual, section 55.2.10",
		},
		bytes: "N",
	},
	{
		FailureKind: connecting("too-many-connections", "53300 sorry, too many clients already"),
		response:    fatal("53300", "sorry, too many clients already", "proc.c", "357", "InitProcess"),
	},
	{
		FailureKind: connecting("slots-reserved", "53300 remaining connection slots are reserved"),
		response: fatal("53300", "remaining connection slots are reserved for non-replication superuser connections",
			"postinit.c", "886", "InitPostgres"),
		admitted: true,
	},
	{
		FailureKind: connecting("starting-up", "57P03 the database system is starting up"),
		response:    fatal("57P03", "the database system is starting up", "postmaster.c", "2413", "ProcessStartupPacket"),
	},
	{
		FailureKind: connecting("shutting-down", "57P03 the database system is shutting down"),
		response:    fatal("57P03", "the database system is shutting down", "postmaster.c", "2430", "ProcessStartupPacket"),
	},
	{
		FailureKind: connecting("in-recovery", "57P03 the database system is in recovery mode, as after a crash"),
		response:    fatal("57P03", "the database system is in recovery mode", "postmaster.c", "2435", "ProcessStartupPacket"),
	},
	{
		FailureKind: connecting("database-missing", "3D000 the database does not exist"),
		response:    fatal("3D000", "", "postinit.c", "948", "InitPostgres"),
		fill:        func(e *response, a *asked) { e.message = `database "` + a.database + `" does not exist` },
		admitted:    true,
	},
	{
		FailureKind: connecting("role-missing", "28000 the role does not exist"),
		response:    fatal("28000", "", "miscinit.c", "768", "InitializeSessionUserId"),
		fill:        func(e *response, a *asked) { e.message = `role "` + a.user + `" does not exist` },
		admitted:    true,
	},
	{
		FailureKind: named(connecting("no-pg-hba", "28000 no pg_hba.conf entry for this host")),
		response:    fatal("28000", "", "auth.c", "544", "ClientAuthentication"),
		fill: func(e *response, a *asked) {
			e.message = `no pg_hba.conf entry for host "127.0.0.1", user "` + a.user + `", database "` + a.database + `", no encryption`
		},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "invalid-password", Phase: vaurien.Authenticating, Fits: password,
			Doc: "28P01 password authentication failed", Effect: notAdmitted, Source: captured("invalid-password"),
		},
		response: fatal("28P01", "", "auth.c", "334", "auth_failed"),
		fill:     func(e *response, a *asked) { e.message = `password authentication failed for user "` + a.user + `"` },
	},

	{
		FailureKind: asking("serialization", "40001 could not serialize access", work),
		response: response{
			code: "40001", message: "could not serialize access due to read/write dependencies among transactions",
			detail: "Reason code: Canceled on identification as a pivot, during write.",
			hint:   "The transaction might succeed if retried.",
			file:   "predicate.c", line: "4820", routine: "OnConflict_CheckForSerializationFailure",
		},
		fill: serialization,
	},
	{
		FailureKind: asking("deadlock", "40P01 deadlock detected", work),
		response: response{
			code: "40P01", message: "deadlock detected", hint: "See server log for query details.",
			file: "deadlock.c", line: "1147", routine: "DeadLockReport",
		},
		fill: deadlock,
	},
	{
		FailureKind: asking("statement-timeout", "57014 canceling statement due to statement timeout", work),
		response: response{
			code: "57014", message: "canceling statement due to statement timeout",
			file: "postgres.c", line: "3319", routine: "ProcessInterrupts",
		},
	},
	{
		FailureKind: asking("query-canceled", "57014 canceling statement due to user request", work),
		response: response{
			code: "57014", message: "canceling statement due to user request",
			file: "postgres.c", line: "3349", routine: "ProcessInterrupts",
		},
	},
	{
		FailureKind: asking("lock-not-available", "55P03 the lock timeout, or, with NOWAIT, could not obtain lock", work),
		response: response{
			code: "55P03", message: "canceling statement due to lock timeout",
			file: "postgres.c", line: "3312", routine: "ProcessInterrupts",
		},
		fill: lockNotAvailable,
	},
	{
		FailureKind: asking("read-only", "25006 cannot execute INSERT in a read-only transaction, or whatever writes", writes),
		response:    response{code: "25006", file: "utility.c", line: "414", routine: "PreventCommandIfReadOnly"},
		fill:        func(e *response, a *asked) { e.message = "cannot execute " + a.tag + " in a read-only transaction" },
	},
	{
		FailureKind: asking("disk-full", "53100 No space left on device", writes),
		response: response{
			code: "53100", hint: "Check free disk space.",
			file: "md.c", line: "486", routine: "mdextend",
		},
		fill: diskFull,
	},
	{
		FailureKind: asking("out-of-memory", "53200 out of memory", work),
		response: response{
			code: "53200", message: "out of memory",
			detail: `Failed on request of size 33554432 in memory context "ExprContext".`,
			file:   "mcxt.c", line: "1231", routine: "repalloc",
		},
	},
	{
		FailureKind: asking("too-many-locks", "53200 out of shared memory", work),
		response: response{
			code: "53200", message: "out of shared memory",
			hint: "You might need to increase max_locks_per_transaction.",
			file: "lock.c", line: "1033", routine: "LockAcquireExtended",
		},
	},
	{
		FailureKind: named(asking("insufficient-privilege", "42501 permission denied for table", work)),
		response:    response{code: "42501", file: "aclchk.c", line: "3655", routine: "aclcheck_error"},
		fill:        func(e *response, a *asked) { e.message = "permission denied for table " + a.relation() },
	},

	{
		FailureKind: ending("admin-shutdown", "57P01 terminating connection due to administrator command", running),
		response:    fatal("57P01", "terminating connection due to administrator command", "postgres.c", "3211", "ProcessInterrupts"),
	},
	{
		FailureKind: ending("crash-shutdown", "57P02 in a notice, since another server process crashed", running),
		response: response{
			severity: "WARNING", code: "57P02", message: "terminating connection because of crash of another server process",
			detail: "The postmaster has commanded this server process to roll back the current transaction and exit, " +
				"because another server process exited abnormally and possibly corrupted shared memory.",
			hint: "In a moment you should be able to reconnect to the database and repeat your command.",
			file: "postgres.c", line: "2895", routine: "quickdie",
		},
		notice: true,
	},
	{
		FailureKind: ending("idle-in-transaction-timeout", "25P03 terminating connection due to idle-in-transaction timeout", inTransaction),
		response:    fatal("25P03", "terminating connection due to idle-in-transaction timeout", "postgres.c", "3363", "ProcessInterrupts"),
	},
	{
		FailureKind: ending("idle-session-timeout", "57P05 terminating connection due to idle-session timeout", betweenTransactions),
		response:    fatal("57P05", "terminating connection due to idle-session timeout", "postgres.c", "3374", "ProcessInterrupts"),
	},

	{
		FailureKind: vaurien.FailureKind{
			Name: "serialization-at-commit", Phase: vaurien.Committing, Fits: commit,
			Doc:    "40001 could not serialize access, in answer to COMMIT",
			Effect: "the transaction is rolled back and over",
			Source: captured("serialization-at-commit"),
		},
		response: response{
			code: "40001", message: "could not serialize access due to read/write dependencies among transactions",
			detail: "Reason code: Canceled on identification as a pivot, during commit attempt.",
			hint:   "The transaction might succeed if retried.",
			file:   "predicate.c", line: "4879", routine: "PreCommit_CheckForSerializationFailure",
		},
	},
}

func connecting(name, doc string) vaurien.FailureKind {
	return vaurien.FailureKind{
		Name: name, Phase: vaurien.Connecting, Doc: doc, Effect: notAdmitted, Source: captured(name), Fits: startup,
	}
}

func asking(name, doc string, fits func(*vaurien.Message) bool) vaurien.FailureKind {
	return vaurien.FailureKind{
		Name: name, Phase: vaurien.Asking, Doc: doc, Effect: statementOnly, Source: captured(name), Fits: fits,
	}
}

func ending(name, doc string, fits func(*vaurien.Message) bool) vaurien.FailureKind {
	return vaurien.FailureKind{
		Name: name, Phase: vaurien.Asking, Doc: doc, Effect: sessionEnds, Source: captured(name), Fits: fits,
	}
}

// named makes k one that the dice do not choose.
func named(k vaurien.FailureKind) vaurien.FailureKind {
	k.OnRequest = true
	return k
}

func fatal(code, message, file, line, routine string) response {
	return response{severity: "FATAL", code: code, message: message, file: file, line: line, routine: routine}
}
