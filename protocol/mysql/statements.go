package mysql

const (
	// mostStatements is how many prepared statements of a session are
	// remembered; servers allow 16,382 in all (max_prepared_stmt_count).
	mostStatements = 16384

	longestText = 16 << 10 // of one statement
	mostText    = 1 << 20  // of all of them
)

// A statement is a prepared one.
type statement struct {
	keyword keyword
	params  int
	text    []byte
	types   []byte // of parameters, which the client has sent and the server has not seen
}

// lastStatement is the ID by which a client of MariaDB means the statement
// that it prepared last ("COM_STMT_EXECUTE" in MariaDB's documentation).
const lastStatement = 0xffffffff

// statements are the prepared statements of a session.
type statements struct {
	byID map[uint32]*statement
	text int // bytes remembered
	last uint32
	free []*statement
}

func (s *statements) get(id uint32) *statement { return s.byID[id] }

// put remembers a statement: without its text if there is too much of that
// already, and not at all if there are too many.
func (s *statements) put(id uint32, params int, k keyword, text []byte) {
	s.remove(id)
	s.last = id
	if len(s.byID) >= mostStatements {
		return
	}
	if s.byID == nil {
		s.byID = make(map[uint32]*statement)
	}
	var st *statement
	if n := len(s.free); n > 0 {
		st, s.free = s.free[n-1], s.free[:n-1]
	} else {
		st = new(statement)
	}
	*st = statement{keyword: k, params: params, text: st.text[:0]}
	if s.text+len(text) <= mostText {
		st.text = append(st.text, text...)
		s.text += len(text)
	}
	s.byID[id] = st
}

func (s *statements) remove(id uint32) {
	st := s.byID[id]
	if st == nil {
		return
	}
	s.text -= len(st.text)
	delete(s.byID, id)
	if len(s.free) == 0 {
		s.free = append(s.free, st)
	}
}

func (s *statements) clear() {
	*s = statements{}
}
