package vaurien

// Imbalance is the most by which the numbers of sessions of two loops differ.
const Imbalance = imbalance

// LoopSessions returns how many sessions each of the proxy's loops has.
func (p *Proxy) LoopSessions() []int64 {
	var n []int64
	for _, l := range p.loops.all {
		n = append(n, l.sessions.Load())
	}
	return n
}
