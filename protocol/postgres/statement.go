package postgres

import "slices"

// The bounds of what is remembered of a session's prepared statements.
const (
	mostStatements   = 1024
	mostStatementMem = 1 << 20 // bytes of all of them
	longestStatement = 4 << 10 // bytes of one's SQL; the rest is forgotten
	longestName      = 1 << 10
)

// statements are the prepared statements of a session, so that a Bind can be
// told from another by what it runs.
type statements struct {
	named map[string]*statement
	order []string // names, oldest first
	mem   int

	unnamed struct { // the statement with an empty name
		verb string
		sql  []byte
	}
}

// A statement is one of them. It does not change.
type statement struct{ verb, sql string }

// remember notes a Parse. When there are too many, the oldest are forgotten.
func (s *statements) remember(name, sql []byte, verb string) {
	sql = sql[:min(len(sql), longestStatement)]
	if len(name) == 0 {
		s.unnamed.verb, s.unnamed.sql = verb, append(s.unnamed.sql[:0], sql...)
		return
	}
	if len(name) > longestName {
		return
	}
	if old := s.named[string(name)]; old != nil {
		if old.sql == string(sql) {
			return
		}
		s.forget(name)
	}
	if s.named == nil {
		s.named = make(map[string]*statement)
	}
	key := string(name)
	s.named[key] = &statement{verb, string(sql)}
	s.order = append(s.order, key)
	s.mem += len(name) + len(sql)
	for len(s.order) > mostStatements || s.mem > mostStatementMem {
		s.forget([]byte(s.order[0]))
	}
}

// forget notes that a statement is closed.
func (s *statements) forget(name []byte) {
	if old := s.named[string(name)]; old != nil {
		s.mem -= len(name) + len(old.sql)
		delete(s.named, string(name))
		i := slices.Index(s.order, string(name))
		s.order = slices.Delete(s.order, i, i+1)
	}
}

// parseIn finds what the Parse message that begins at byte from says, of which
// at least the first looked(length) bytes are in b: where its name and SQL are
// there, and what that begins with.
func parseIn(b []byte, from, length int) (name, sql span, verb string, ok bool) {
	to := from + looked(length)
	name, at, ok := text(b, from+headerSize, to)
	if !ok {
		return span{}, span{}, "", false
	}
	sql, _, _ = text(b, at, to)
	verb, _ = keyword(sql.of(b))
	return name, sql, verb, true
}

// closeIn finds the name of the statement that the Close message that begins at
// byte from closes; not ok if it closes a portal.
func closeIn(b []byte, from, length int) (name span, ok bool) {
	to := from + looked(length)
	if from+headerSize == to || b[from+headerSize] != 'S' {
		return span{}, false
	}
	name, _, ok = text(b, from+headerSize+1, to)
	return name, ok
}

// note notes what a Parse or Close message does; any other does nothing.
func (s *statements) note(b []byte, kind byte, from, length int) {
	switch kind {
	case 'P':
		if name, sql, verb, ok := parseIn(b, from, length); ok {
			s.remember(name.of(b), sql.of(b), verb)
		}
	case 'C':
		if name, ok := closeIn(b, from, length); ok {
			s.forget(name.of(b))
		}
	}
}
