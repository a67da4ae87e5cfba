package vaurien

// Resting returns how many of the proxy's sessions are in the care of a loop.
func (p *Proxy) Resting() int {
	n := 0
	p.each(func(s *Session) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.rest != nil {
			n++
		}
	})
	return n
}
