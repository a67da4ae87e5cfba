package postgres

import (
	"bytes"
	"strings"
)

// text returns the SQL of the request whose head that is, or as much of it as
// is known; nil if it has none.
func (n *note) text(head []byte) []byte {
	switch {
	case n.sql.to > n.sql.from:
		return n.sql.of(head)
	case n.statement != nil:
		return []byte(n.statement.sql)
	}
	return n.unnamed
}

// ends reports whether it ends a transaction as COMMIT does.
func (n *note) ends(head []byte) bool {
	if n.prepares {
		return false
	}
	sql := n.text(head)
	word, at := keyword(sql)
	switch word {
	case "COMMIT", "END":
		next, _ := keyword(sql[at:])
		return next != "PREPARED"
	case "PREPARE":
		next, _ := keyword(sql[at:])
		return next == "TRANSACTION"
	}
	return false
}

// tags are the command tags of statements that a read-only transaction refuses
// (the server's src/backend/tcop/utility.c, ClassifyUtilityCommandAsReadOnly,
// and src/include/tcop/cmdtaglist.h), by their first word; those that end in a
// blank have a kind of object too.
var tags = map[string]string{
	"INSERT": "INSERT", "UPDATE": "UPDATE", "DELETE": "DELETE", "MERGE": "MERGE",
	"TRUNCATE": "TRUNCATE TABLE", "GRANT": "GRANT", "REVOKE": "REVOKE", "COMMENT": "COMMENT",
	"CREATE": "CREATE ", "ALTER": "ALTER ", "DROP": "DROP ",
}

// objects are the kinds of objects whose tags are made of one word, and of the
// word itself.
var objects = map[string]bool{
	"TABLE": true, "INDEX": true, "VIEW": true, "SEQUENCE": true, "FUNCTION": true, "PROCEDURE": true,
	"SCHEMA": true, "TYPE": true, "DOMAIN": true, "TRIGGER": true, "EXTENSION": true, "ROLE": true, "DATABASE": true,
}

// modifiers may stand between CREATE and the kind of object.
var modifiers = map[string]bool{
	"OR": true, "REPLACE": true, "UNIQUE": true, "TEMP": true, "TEMPORARY": true, "UNLOGGED": true, "LOCAL": true, "GLOBAL": true,
}

// tag returns the command tag of a statement that writes; empty if it does not,
// or if that cannot be told from its beginning.
func tag(verb string, sql []byte) string {
	if verb == "COPY" {
		if bytes.Contains(bytes.ToUpper(sql), []byte("FROM")) {
			return "COPY FROM"
		}
		return ""
	}
	t := tags[verb]
	if !strings.HasSuffix(t, " ") {
		return t
	}
	w := words{sql: sql}
	w.next()
	for {
		word := strings.ToUpper(w.next())
		switch {
		case modifiers[word]:
		case word == "USER":
			return t + "ROLE"
		case objects[word]:
			return t + word
		default:
			return ""
		}
	}
}

// table returns the first table that a statement names, as it is written there
// but for case and quotes; a guess, by the word before it.
func table(sql []byte) string {
	w := words{sql: sql}
	verb := strings.ToUpper(w.next())
	if verb == "COPY" {
		return w.name()
	}
	for word := verb; word != ""; word = strings.ToUpper(w.next()) {
		switch word {
		case "FROM", "INTO", "UPDATE", "TABLE", "JOIN":
			if name := w.name(); name != "" {
				return name
			}
		case "LOCK", "TRUNCATE":
			if word == verb {
				if name := w.name(); name != "" {
					return name
				}
			}
		}
	}
	return ""
}

// words are the words of some SQL: names, and single characters of all else.
type words struct {
	sql []byte
	at  int
}

// next returns the next word; empty at the end.
func (w *words) next() string {
	for {
		w.at = skipBlanks(w.sql, w.at)
		if w.at >= len(w.sql) {
			return ""
		}
		start := w.at
		switch c := w.sql[start]; {
		case isNamePart(c):
			for w.at < len(w.sql) && isNamePart(w.sql[w.at]) {
				w.at++
			}
		case c == '\'' || c == '"':
			end := bytes.IndexByte(w.sql[start+1:], c)
			if end < 0 {
				w.at = len(w.sql)
			} else {
				w.at = start + end + 2
			}
			if c == '\'' {
				continue // a constant
			}
		default:
			w.at++
		}
		return string(w.sql[start:w.at])
	}
}

// name returns the name of a table that comes next, after words that may stand
// before it; empty if something else does.
func (w *words) name() string {
	for {
		start := w.at
		word := w.next()
		switch strings.ToUpper(word) {
		case "ONLY", "IF", "NOT", "EXISTS", "TABLE":
			continue
		case "SELECT", "SET", "STDIN", "STDOUT": // of FOR UPDATE, ON CONFLICT DO UPDATE SET and COPY
			w.at = start
			return ""
		}
		if word == "" || word[0] != '"' && !isNamePart(word[0]) {
			return ""
		}
		name := folded(word)
		for w.at < len(w.sql) && w.sql[w.at] == '.' {
			w.at++
			name += "." + folded(w.next())
		}
		return name
	}
}

// folded is a name as the server knows it.
func folded(word string) string {
	if strings.HasPrefix(word, `"`) {
		return strings.Trim(word, `"`)
	}
	return strings.ToLower(word)
}

func isNamePart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}
