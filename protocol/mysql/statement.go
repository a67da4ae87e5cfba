package mysql

import "strings"

// A class is what a statement does, as far as failures care.
type class uint8

const (
	reads   class = 1 << iota // SELECT and its like
	writes                    // rows
	defines                   // tables and other things: an implicit commit
	commits
	calls // a procedure: anything
)

// A keyword is what a statement begins with.
type keyword struct {
	verb string
	class
}

// keywords are those that statements begin with, which cost no memory.
var keywords = func() map[string]keyword {
	table := make(map[string]keyword)
	add := func(c class, words string) {
		for w := range strings.FieldsSeq(words) {
			table[w] = keyword{w, c}
		}
	}
	add(reads, "SELECT WITH VALUES TABLE")
	add(writes, "INSERT UPDATE DELETE REPLACE LOAD")
	add(defines, "CREATE ALTER DROP TRUNCATE RENAME GRANT REVOKE OPTIMIZE ANALYZE REPAIR")
	add(commits, "COMMIT")
	add(calls, "CALL DO EXECUTE HANDLER")
	add(0, `SET SHOW USE BEGIN START ROLLBACK SAVEPOINT RELEASE XA LOCK UNLOCK FLUSH RESET KILL
		PREPARE DEALLOCATE EXPLAIN DESCRIBE DESC CHECK CHECKSUM CACHE CHANGE PURGE BINLOG
		INSTALL UNINSTALL SIGNAL RESIGNAL GET HELP SHUTDOWN STOP IMPORT CLONE RESTART OPEN CLOSE FETCH`)
	return table
}()

// longestKeyword is how long a keyword may be.
const longestKeyword = 32

// keywordOf returns the keyword that a statement begins with, in capitals.
func keywordOf(text []byte) keyword {
	word, _ := nextWord(text)
	if len(word) == 0 || len(word) > longestKeyword {
		return keyword{}
	}
	var up [longestKeyword]byte
	for i, b := range word {
		if b >= 'a' && b <= 'z' {
			b -= 'a' - 'A'
		}
		up[i] = b
	}
	if k, ok := keywords[string(up[:len(word)])]; ok {
		return k
	}
	return keyword{verb: string(up[:len(word)])}
}

// nextWord returns the first word of a text, and what follows it. Blanks,
// comments and parentheses before it are left out; what stands in a comment
// that servers execute (/*! and /*M!) is text.
func nextWord(text []byte) (word, rest []byte) {
	for len(text) > 0 {
		switch b := text[0]; {
		case isLetter(b):
			n := 1
			for n < len(text) && (isLetter(text[n]) || isDigit(text[n])) {
				n++
			}
			return text[:n], text[n:]
		case b == '#' || b == '-' && hasPrefix(text, "--"):
			text = after(text, "\n")
		case b == '/' && hasPrefix(text, "/*"):
			text = text[2:]
			if executed := strings.TrimLeft(string(text[:min(len(text), 2)]), "M"); len(executed) == 0 || executed[0] != '!' {
				text = after(text, "*/")
				continue
			}
			for len(text) > 0 && (text[0] == 'M' || text[0] == '!' || isDigit(text[0])) {
				text = text[1:]
			}
		case b <= ' ' || b == '(' || b == ';' || b == '*' || b == '/':
			text = text[1:]
		default:
			return nil, text
		}
	}
	return nil, nil
}

func isLetter(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b == '$' || b >= 0x80
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

// after returns what follows the first occurrence of end.
func after(text []byte, end string) []byte {
	for i := range text {
		if hasPrefix(text[i:], end) {
			return text[i+len(end):]
		}
	}
	return nil
}

// mentionsInfile reports whether the word INFILE may be in a statement, in any
// case: only then can its reply ask for a file (LOAD DATA LOCAL INFILE). It
// looks at every sixth byte, which one of the word's six must be.
func mentionsInfile(text []byte) bool {
	const word = "infile"
	for i := len(word) - 1; i < len(text); i += len(word) {
		at := -1
		switch text[i] | 0x20 {
		case 'n':
			at = i - 1
		case 'f':
			at = i - 2
		case 'l':
			at = i - 4
		case 'e':
			at = i - 5
		case 'i':
			// the first letter or the fourth
			if equalFold(text, i-3, word) {
				return true
			}
			at = i
		default:
			continue
		}
		if equalFold(text, at, word) {
			return true
		}
	}
	return false
}

// equalFold reports whether the word, of small letters, stands in text at at.
func equalFold(text []byte, at int, word string) bool {
	if at < 0 || len(text)-at < len(word) {
		return false
	}
	for i := range len(word) {
		if text[at+i]|0x20 != word[i] {
			return false
		}
	}
	return true
}

// tableIn returns the first table that a statement names: the name after FROM,
// INTO, UPDATE, TABLE or JOIN, without quotes, with its database if that is
// named. It is a guess: it knows no grammar.
func tableIn(text []byte) string {
	for {
		var word []byte
		if word, text = nextWord(text); word == nil {
			if len(text) == 0 {
				return ""
			}
			if text[0] == '\'' || text[0] == '"' {
				text = after(text[1:], string(text[0]))
			} else {
				text = text[1:]
			}
			continue
		}
		if len(word) > len("UPDATE") {
			continue
		}
		switch strings.ToUpper(string(word)) {
		case "FROM", "INTO", "UPDATE", "TABLE", "JOIN":
			if name := tableName(text); name != "" {
				return name
			}
		}
	}
}

// tableName returns the name that a text begins with, past words that may
// stand before one.
func tableName(text []byte) string {
	for range 4 {
		word, rest := nextWord(text)
		if word == nil {
			text = rest
			break
		}
		text = text[len(text)-len(rest)-len(word):]
		switch strings.ToUpper(string(word[:min(len(word), longestKeyword)])) {
		case "IF", "NOT", "EXISTS", "LOW_PRIORITY", "IGNORE", "ONLY", "QUICK", "TABLE":
			text = rest
			continue
		case "SELECT", "OUTFILE", "DUMPFILE":
			return ""
		}
		break
	}
	name := string(text[:min(len(text), 200)])
	var b strings.Builder
	for name != "" {
		if name[0] == '`' {
			quoted, rest, ok := strings.Cut(name[1:], "`")
			if !ok {
				return ""
			}
			b.WriteString(quoted)
			name = rest
		} else {
			n := 0
			for n < len(name) && (isLetter(name[n]) || isDigit(name[n])) {
				n++
			}
			b.WriteString(name[:n])
			name = name[n:]
		}
		if !strings.HasPrefix(name, ".") {
			break
		}
		b.WriteByte('.')
		name = name[1:]
	}
	return b.String()
}

// locksRows reports whether a SELECT ends in a locking clause.
func locksRows(text []byte) bool {
	end := strings.ToUpper(string(text[max(0, len(text)-64):]))
	return strings.Contains(end, "FOR UPDATE") || strings.Contains(end, "FOR SHARE") || strings.Contains(end, "LOCK IN SHARE MODE")
}
