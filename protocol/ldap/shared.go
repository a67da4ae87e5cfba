package ldap

import (
	"sync"
	"sync/atomic"
)

// shared is what the reader of requests, the reader of replies and Fail know of
// one session together.
type shared struct {
	startTLS atomic.Uint32 // the ID of a StartTLS that has no reply yet; 0: none
	replaced atomic.Int32  // how many replies are to be replaced

	mu      sync.Mutex
	binding uint32 // the ID of the last bind
	asking  []byte // the name in it
	nobody  bool   // it is by nobody
	user    []byte // who is bound; empty: nobody
	held    bool   // the backend holds the session for bound, or a SASL bind is under way
	replace map[uint32]replacement
}

// A replacement is the reply that a client gets in place of the backend's own.
type replacement struct {
	reply []byte
	limit bool // only if the backend said success, or that a limit is exceeded
}

// binds notes a bind. From its arrival on the session is anonymous, until it
// succeeds (RFC 4513 section 4).
func (s *shared) binds(id uint32, q bindRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.binding = id
	s.user = s.user[:0]
	s.nobody = q.empty
	s.asking = s.asking[:0]
	if !q.empty {
		s.asking = append(s.asking, q.name...)
	}
}

// renounces notes that nobody binds in the place of whoever did last, by the
// same ID, and that the reply to it is to be with.
func (s *shared) renounces(id uint32, with replacement) {
	s.answer(id, with)
	s.binds(id, bindRequest{empty: true})
}

// bound notes the reply to a bind.
func (s *shared) bound(id uint32, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = code == success && !s.nobody || code == saslBindInProgress
	if code == success && id == s.binding {
		s.user = append(s.user[:0], s.asking...)
	}
}

// boundAs returns who is bound; empty if nobody is.
func (s *shared) boundAs() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.user)
}

// holds reports whether the backend takes the session for bound.
func (s *shared) holds() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

// abandons forgets what was to become of a reply that is not to come.
func (s *shared) abandons(id uint32) {
	if s.replaced.Load() > 0 {
		s.take(id)
	}
}

// answer replaces the last reply to a request.
func (s *shared) answer(id uint32, with replacement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replace == nil {
		s.replace = make(map[uint32]replacement)
	}
	s.replace[id] = with
	s.replaced.Store(int32(len(s.replace)))
}

// instead returns what is to be said in place of the last reply to a request,
// which has this code; nil: itself.
func (s *shared) instead(id uint32, code int) []byte {
	if s.replaced.Load() == 0 {
		return nil
	}
	with := s.take(id)
	if with.limit && code != success && code != sizeLimitExceeded {
		return nil // it has failed by itself
	}
	return with.reply
}

func (s *shared) take(id uint32) replacement {
	s.mu.Lock()
	defer s.mu.Unlock()
	with := s.replace[id]
	delete(s.replace, id)
	s.replaced.Store(int32(len(s.replace)))
	return with
}
