package condition

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.starlark.net/syntax"
)

// starlark writes a condition in Starlark's words: && || ! as and, or, not, and
// the ends of lines as spaces. columns has the column in text of each character
// of the source, and of its end.
func starlark(text string) (source string, columns []int, err error) {
	switch {
	case len(text) > longest:
		return "", nil, &Error{1, "a condition has 4096 bytes at most"}
	case !utf8.ValidString(text):
		return "", nil, &Error{1, "not UTF-8: write such bytes as \\x escapes"}
	case strings.TrimSpace(text) == "":
		return "", nil, &Error{1, `empty: write an expression, such as verb == "GET"`}
	}
	chars := []rune(text)
	at := func(i int) rune {
		if i < len(chars) {
			return chars[i]
		}
		return 0
	}
	var out strings.Builder
	put := func(word string, column int) {
		for _, c := range word {
			if c == ' ' && out.Len() == 0 {
				continue // Starlark takes it for an indent
			}
			out.WriteRune(c)
			columns = append(columns, column)
		}
	}
	for i := 0; i < len(chars); {
		c, next, column := chars[i], at(i+1), i+1
		length := 1
		switch {
		case (c == '"' || c == '\'') && next == c && at(i+2) == c:
			return "", nil, &Error{column, "write text between single or double quotes"}
		case c == '"' || c == '\'':
			length = quoted(chars[i:])
			for n, c := range chars[i : i+length] {
				put(string(c), column+n)
			}
		case c == '&' && next == '&':
			length = 2
			put(" and ", column)
		case c == '|' && next == '|':
			length = 2
			put(" or ", column)
		case c == '&' || c == '|':
			return "", nil, &Error{column, "write && or ||"}
		case next == '=' && at(i+2) != '=' && strings.ContainsRune("=!<>", c):
			length = 2
			put(string(c), column)
			put("=", column+1)
		case c == '=':
			return "", nil, &Error{column, "write == to compare"}
		case c == '!':
			put(" not ", column)
		case c == '#':
			return "", nil, &Error{column, "a condition has no comments"}
		case c == '\n' || c == '\r' || c == '\t':
			put(" ", column)
		default:
			put(string(c), column)
		}
		i += length
	}
	return out.String(), append(columns, len(chars)+1), nil
}

// quoted returns the length of the text in quotes that s begins with, to the
// end of s if they are not closed.
func quoted(s []rune) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\': // in raw strings too it keeps a quote from ending them
			i++
		case s[0]:
			return i + 1
		}
	}
	return len(s)
}

// syntaxError says in the user's terms what Starlark's parser found wrong.
func syntaxError(err error, source string, columns []int) error {
	var se syntax.Error
	if !errors.As(err, &se) {
		return &Error{1, err.Error()}
	}
	end := min(max(int(se.Pos.Col)-1, 0), len(columns)-1)
	column, problem := columns[end], strings.NewReplacer("end of file", "the end", "unexpected EOF in string", "text without its closing quote",
		"unexpected newline in string", "text without its closing quote on its line", "EOF", "the end").Replace(se.Msg)
	// These errors have the place after the word that they are about.
	if strings.HasPrefix(problem, "got ") && !strings.Contains(problem, "primary") && !strings.HasPrefix(problem, "got the end") || strings.Contains(problem, "associate") {
		chars := []rune(source)
		start := lastWord(chars[:end])
		if column = columns[start]; strings.Contains(problem, "after expression") {
			problem = fmt.Sprintf("%s after a whole expression: write && or || between two", string(chars[start:end]))
		}
	}
	return &Error{column, problem}
}

// lastWord returns where the last name, text or operator of s begins.
func lastWord(s []rune) int {
	if len(s) == 0 {
		return 0
	}
	i := len(s) - 1
	last := s[i]
	const operators = "=!<>"
	part := func(rune) bool { return false }
	switch {
	case last == '"' || last == '\'':
		for i > 0 && s[i-1] != last {
			i--
		}
		return max(i-1, 0)
	case strings.ContainsRune(operators, last):
		part = func(c rune) bool { return strings.ContainsRune(operators, c) }
	case inName(last):
		part = inName
	}
	for i > 0 && part(s[i-1]) {
		i--
	}
	return i
}

func inName(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) }
