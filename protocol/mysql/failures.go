package mysql

import (
	"fmt"

	"github.com/vaurien-proxy/vaurien"
)

// A failure is a way to fail that has a name.
type failure struct {
	vaurien.FailureKind
	mysql, mariadb serverError // mariadb is that of both if mysql is empty
	text           func(format string, c *codec, req *vaurien.Message, n *note) string
	rolls          bool // the transaction is rolled back
	closes         bool // the server closes the connection after it
	silent         bool // it closes without a word
	quiet          bool // so does MariaDB
	late           bool // a SELECT fails after its columns
}

const (
	staysOpen  = "the statement fails; the connection and its transaction go on"
	undoes     = "the whole transaction is rolled back; the connection stays open"
	closesConn = "the server closes the connection"
)

// failures are the ways to fail, from the greeting to the COMMIT. The texts are
// those of the captures, and of MySQL's share/messages_to_clients.txt and
// MariaDB's sql/share/errmsg-utf8.txt.
var failures = []failure{
	{
		FailureKind: vaurien.FailureKind{
			Name: "too-many-connections", Phase: vaurien.Connecting, Fits: atConnectOrLogin,
			Doc:    "1040 Too many connections, in the greeting's place; or to the login, as the connection gets that the server keeps for its administrator",
			Effect: closesConn, Source: captured("too-many-connections") + " and too-many-connections-at-login.txt",
		},
		mariadb: serverError{1040, "08004", "Too many connections"},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "host-blocked", Phase: vaurien.Connecting, Fits: atConnect,
			Doc: "1129 Host is blocked because of many connection errors, in the greeting's place", Effect: closesConn, Source: captured("host-blocked"),
		},
		mysql:   serverError{1129, "HY000", "Host '127.0.0.1' is blocked because of many connection errors; unblock with 'mysqladmin flush-hosts'"},
		mariadb: serverError{1129, "HY000", "Host '127.0.0.1' is blocked because of many connection errors; unblock with 'mariadb-admin flush-hosts'"},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "access-denied", Phase: vaurien.Authenticating, Fits: atLogin,
			Doc: "1045 Access denied", Effect: closesConn, Source: captured("access-denied"),
		},
		mariadb: serverError{1045, "28000", "Access denied for user '%s'@'localhost' (using password: %s)"},
		text:    denied,
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "unknown-database", Phase: vaurien.Authenticating, Fits: namesDatabase,
			Doc: "1049 Unknown database, to a login or COM_INIT_DB that names one", Effect: "a login's connection is closed; another stays open", Source: captured("unknown-database"),
		},
		mariadb: serverError{1049, "42000", "Unknown database '%s'"},
		text:    ofDatabase,
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "too-many-user-connections", Phase: vaurien.Authenticating, Fits: atLogin,
			Doc: "1203 the user already has more than max_user_connections active connections", Effect: closesConn, Source: captured("too-many-user-connections"),
		},
		mariadb: serverError{1203, "42000", "User %s already has more than 'max_user_connections' active connections"},
		text:    ofUser,
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "lock-wait-timeout", Phase: vaurien.Asking, Fits: locks,
			Doc: "1205 Lock wait timeout exceeded", Effect: staysOpen, Source: captured("lock-wait-timeout"),
		},
		mariadb: serverError{1205, "HY000", "Lock wait timeout exceeded; try restarting transaction"},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "deadlock", Phase: vaurien.Asking, Fits: locksRowsOf,
			Doc: "1213 Deadlock found when trying to get lock", Effect: undoes, Source: captured("deadlock"),
		},
		mariadb: serverError{1213, "40001", "Deadlock found when trying to get lock; try restarting transaction"},
		rolls:   true,
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "deadlock-at-commit", Phase: vaurien.Committing, Fits: atCommit, OnRequest: true,
			Doc: "1213 to a COMMIT, as a Galera cluster that finds a conflict says it", Effect: undoes,
			Source: "MariaDB's sql/wsrep_client_service.cc and sql/wsrep_high_priority_service.cc: a transaction that fails certification gets ER_LOCK_DEADLOCK",
		},
		mariadb: serverError{1213, "40001", "Deadlock found when trying to get lock; try restarting transaction"},
		rolls:   true,
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "read-only", Phase: vaurien.Asking, Fits: changes,
			Doc: "1290 the server is running with --read-only: it has become a replica", Effect: staysOpen, Source: captured("read-only"),
		},
		mysql:   serverError{1290, "HY000", "The MySQL server is running with the --read-only option so it cannot execute this statement"},
		mariadb: serverError{1290, "HY000", "The MariaDB server is running with the --read-only option so it cannot execute this statement"},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "read-only-at-commit", Phase: vaurien.Committing, Fits: atOpenCommit,
			Doc: "1290 to the COMMIT of a transaction that began before the server became a replica", Effect: undoes, Source: captured("read-only-at-commit"),
		},
		mysql:   serverError{1290, "HY000", "The MySQL server is running with the --read-only option so it cannot execute this statement"},
		mariadb: serverError{1290, "HY000", "The MariaDB server is running with the --read-only option so it cannot execute this statement"},
		rolls:   true,
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "read-only-transaction", Phase: vaurien.Asking, Fits: changes, OnRequest: true,
			Doc: "1792 Cannot execute statement in a READ ONLY transaction", Effect: staysOpen, Source: captured("read-only-transaction"),
		},
		mariadb: serverError{1792, "25006", "Cannot execute statement in a READ ONLY transaction"},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "read-only-mode", Phase: vaurien.Asking, Fits: changes, OnRequest: true,
			Doc: "1836 Running in read-only mode (innodb_read_only)", Effect: staysOpen,
			Source: "MySQL's share/messages_to_clients.txt and MariaDB's sql/share/errmsg-utf8.txt, ER_READ_ONLY_MODE",
		},
		mariadb: serverError{1836, "HY000", "Running in read-only mode"},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "query-timeout", Phase: vaurien.Asking, Fits: takesTime,
			Doc:    "MySQL's 3024 (max_execution_time, SELECT only) or MariaDB's 1969 (max_statement_time)",
			Effect: staysOpen, Source: captured("query-timeout") + "; MySQL's share/messages_to_clients.txt, ER_QUERY_TIMEOUT",
		},
		mysql:   serverError{3024, "HY000", "Query execution was interrupted, maximum statement execution time exceeded"},
		mariadb: serverError{1969, "70100", "Query execution was interrupted (max_statement_time exceeded)"},
		late:    true,
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "query-interrupted", Phase: vaurien.Asking, Fits: takesStatement,
			Doc: "1317 Query execution was interrupted, by KILL QUERY", Effect: staysOpen, Source: captured("query-interrupted"),
		},
		mariadb: serverError{1317, "70100", "Query execution was interrupted"},
		late:    true,
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "connection-killed", Phase: vaurien.Asking, Fits: killable, OnRequest: true,
			Doc: "MariaDB's 1927 Connection was killed (who is killed by another sees server-gone)", Effect: closesConn, Source: captured("connection-killed"),
		},
		mariadb: serverError{1927, "70100", "Connection was killed"},
		closes:  true,
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "server-shutdown", Phase: vaurien.Asking, Fits: atCommand,
			Doc: "MySQL's 1053 Server shutdown in progress; MariaDB closes without a word", Effect: closesConn,
			Source: captured("server-shutdown") + "; MySQL's sql/sql_class.h, THD::killed_state: KILL_CONNECTION is ER_SERVER_SHUTDOWN",
		},
		mariadb: serverError{1053, "08S01", "Server shutdown in progress"},
		closes:  true,
		quiet:   true,
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "server-gone", Phase: vaurien.Asking, Fits: atCommand,
			Doc: "a connection closed without a word as the command comes: what clients call 2006 or 2013", Effect: closesConn,
			Source: captured("server-gone"),
		},
		silent: true,
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "disk-full", Phase: vaurien.Asking, Fits: changes,
			Doc: "1021 Disk full", Effect: staysOpen,
			Source: "MySQL's share/messages_to_clients.txt and MariaDB's sql/share/errmsg-utf8.txt, ER_DISK_FULL; the text within by MariaDB's mysys/errors.c",
		},
		mysql:   serverError{1021, "HY000", "Disk full (/tmp/#sql1_8_0); waiting for someone to free some space... (errno: 28 - No space left on device)"},
		mariadb: serverError{1021, "HY000", "Disk full (/tmp/#sql-temptable-1-8-0.MAI); waiting for someone to free some space... (errno: 28 \"No space left on device\")"},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "table-full", Phase: vaurien.Asking, Fits: addsRows,
			Doc: "1114 The table is full", Effect: staysOpen, Source: captured("table-full"),
		},
		mariadb: serverError{1114, "HY000", "The table '%s' is full"},
		text:    ofTable,
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "out-of-memory", Phase: vaurien.Asking, Fits: takesStatement,
			Doc: "1041 Out of memory", Effect: staysOpen,
			Source: "MySQL's share/messages_to_clients.txt and MariaDB's sql/share/errmsg-utf8.txt, ER_OUT_OF_RESOURCES",
		},
		mysql:   serverError{1041, "HY000", "Out of memory; check if mysqld or some other process uses all available memory; if not, you may have to use 'ulimit' to allow mysqld to use more memory or you can add more swap space"},
		mariadb: serverError{1041, "HY000", "Out of memory."},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "max-prepared-stmts", Phase: vaurien.Asking, Fits: atPrepare,
			Doc: "1461 Can't create more than max_prepared_stmt_count statements", Effect: "the statement is not prepared; the connection stays open", Source: captured("max-prepared-stmts"),
		},
		mariadb: serverError{1461, "42000", "Can't create more than max_prepared_stmt_count statements (current value: 16382)"},
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "duplicate-key", Phase: vaurien.Asking, Fits: addsRows, OnRequest: true,
			Doc: "1062 Duplicate entry '1' for key 'PRIMARY'", Effect: staysOpen, Source: captured("duplicate-key"),
		},
		mysql:   serverError{1062, "23000", "Duplicate entry '1' for key '%s.PRIMARY'"},
		mariadb: serverError{1062, "23000", "Duplicate entry '1' for key 'PRIMARY'"},
		text:    ofKey,
	},
	{
		FailureKind: vaurien.FailureKind{
			Name: "galera-not-ready", Phase: vaurien.Asking, Fits: takesStatement, OnRequest: true,
			Doc: "1047 WSREP has not yet prepared node for application use: a node that has left its Galera cluster", Effect: staysOpen,
			Source: "MariaDB's sql/sql_parse.cc, wsrep_command_no_result and dispatch_command",
		},
		mariadb: serverError{1047, "08S01", "WSREP has not yet prepared node for application use"},
	},
}

func captured(name string) string {
	return fmt.Sprintf("captured: MariaDB 10.11 (testdata/captures/%s.txt)", name)
}

// Failures returns the ways to fail that have a name.
func (p *Protocol) Failures() []vaurien.FailureKind {
	kinds := make([]vaurien.FailureKind, len(failures))
	for i := range failures {
		kinds[i] = failures[i].FailureKind
	}
	return kinds
}
