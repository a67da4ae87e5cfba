package postgres

// keyword returns the first word of some SQL in capitals, and where it ends;
// empty if it begins with no word. Common ones cost no memory.
func keyword(sql []byte) (word string, end int) {
	at := skipBlanks(sql, 0)
	var upper [longestKeyword]byte
	n := 0
	for ; at+n < len(sql); n++ {
		c := sql[at+n]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		} else if !(c >= 'A' && c <= 'Z' || c == '_') {
			break
		}
		if n == longestKeyword {
			return "", at
		}
		upper[n] = c
	}
	return intern(upper[:n]), at + n
}

// longestKeyword is how long a statement's first word is at most; the longest
// is DEALLOCATE.
const longestKeyword = 16

// skipBlanks passes over what may stand before a statement: blanks, comments,
// opening parentheses and empty statements.
func skipBlanks(sql []byte, at int) int {
	for at < len(sql) {
		switch c := sql[at]; {
		case c == ' ' || c >= '\t' && c <= '\r' || c == '(' || c == ';':
			at++
		case c == '-' && at+1 < len(sql) && sql[at+1] == '-':
			for at < len(sql) && sql[at] != '\n' {
				at++
			}
		case c == '/' && at+1 < len(sql) && sql[at+1] == '*':
			at = skipComment(sql, at)
		default:
			return at
		}
	}
	return at
}

// skipComment passes over a comment; they nest (the manual, section 4.1.5).
func skipComment(sql []byte, at int) int {
	depth := 0
	for at+1 < len(sql) {
		switch {
		case sql[at] == '/' && sql[at+1] == '*':
			depth++
			at += 2
		case sql[at] == '*' && sql[at+1] == '/':
			at += 2
			if depth--; depth == 0 {
				return at
			}
		default:
			at++
		}
	}
	return len(sql)
}

// intern returns a word, without new memory if it begins a statement of
// PostgreSQL's (the manual, part VI "SQL Commands").
func intern(word []byte) string {
	switch string(word) {
	case "SELECT":
		return "SELECT"
	case "INSERT":
		return "INSERT"
	case "UPDATE":
		return "UPDATE"
	case "DELETE":
		return "DELETE"
	case "BEGIN":
		return "BEGIN"
	case "COMMIT":
		return "COMMIT"
	case "ROLLBACK":
		return "ROLLBACK"
	case "END":
		return "END"
	case "START":
		return "START"
	case "ABORT":
		return "ABORT"
	case "SET":
		return "SET"
	case "SHOW":
		return "SHOW"
	case "RESET":
		return "RESET"
	case "WITH":
		return "WITH"
	case "VALUES":
		return "VALUES"
	case "MERGE":
		return "MERGE"
	case "COPY":
		return "COPY"
	case "SAVEPOINT":
		return "SAVEPOINT"
	case "RELEASE":
		return "RELEASE"
	case "LOCK":
		return "LOCK"
	case "DECLARE":
		return "DECLARE"
	case "FETCH":
		return "FETCH"
	case "MOVE":
		return "MOVE"
	case "CLOSE":
		return "CLOSE"
	case "LISTEN":
		return "LISTEN"
	case "UNLISTEN":
		return "UNLISTEN"
	case "NOTIFY":
		return "NOTIFY"
	case "PREPARE":
		return "PREPARE"
	case "EXECUTE":
		return "EXECUTE"
	case "DEALLOCATE":
		return "DEALLOCATE"
	case "DISCARD":
		return "DISCARD"
	case "EXPLAIN":
		return "EXPLAIN"
	case "CALL":
		return "CALL"
	case "DO":
		return "DO"
	case "TABLE":
		return "TABLE"
	case "CREATE":
		return "CREATE"
	case "ALTER":
		return "ALTER"
	case "DROP":
		return "DROP"
	case "TRUNCATE":
		return "TRUNCATE"
	case "GRANT":
		return "GRANT"
	case "REVOKE":
		return "REVOKE"
	case "COMMENT":
		return "COMMENT"
	case "VACUUM":
		return "VACUUM"
	case "ANALYZE":
		return "ANALYZE"
	case "REFRESH":
		return "REFRESH"
	case "REINDEX":
		return "REINDEX"
	case "CLUSTER":
		return "CLUSTER"
	case "CHECKPOINT":
		return "CHECKPOINT"
	}
	return string(word)
}
