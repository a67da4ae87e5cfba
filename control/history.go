package control

import (
	"maps"
	"sync"

	"github.com/vaurien-proxy/vaurien"
)

// history counts what the engines did that a proxy had before its present one.
type history struct {
	mu     sync.Mutex
	sum    vaurien.Stats // of those that have ended
	ending []engine      // those that are being closed
}

// leave notes that an engine is about to be closed.
func (h *history) leave(e engine) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ending = append(h.ending, e)
}

// ended notes that it has been.
func (h *history) ended(e engine) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, other := range h.ending {
		if other == e {
			h.ending = append(h.ending[:i], h.ending[i+1:]...)
			h.sum = plus(h.sum, e.Stats())
			return
		}
	}
}

// with returns what the engines of the past and the present one did.
func (h *history) with(e engine) vaurien.Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := plus(h.sum, e.Stats())
	for _, other := range h.ending {
		s = plus(s, other.Stats())
	}
	return s
}

func plus(a, b vaurien.Stats) vaurien.Stats {
	faults := maps.Clone(a.Faults)
	if faults == nil {
		faults = make(map[string]uint64)
	}
	for name, n := range b.Faults {
		faults[name] += n
	}
	return vaurien.Stats{
		Open: a.Open + b.Open, Sessions: a.Sessions + b.Sessions, Exchanges: a.Exchanges + b.Exchanges,
		ToBackend: a.ToBackend + b.ToBackend, ToClient: a.ToClient + b.ToClient,
		FromBackend: a.FromBackend + b.FromBackend, FromClient: a.FromClient + b.FromClient,
		Unreached: a.Unreached + b.Unreached, Faults: faults,
	}
}
