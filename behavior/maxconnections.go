package behavior

import (
	"sync"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// MaxConnections lets so many connections in and resets those beyond them, as
// soon as they are made. A connection that ends makes room for one. Those that
// were open before it are not counted.
func MaxConnections() vaurien.Kind {
	return vaurien.Kind{
		Name: "max_connections",
		Doc:  "resets new connections while so many are open",
		New: func(set *option.Set) vaurien.Make {
			m := new(maxConnections)
			set.Int(&m.most, "connections", 1, "how many may be open at once").AtLeast("0")
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return m, nil }
		},
	}
}

type maxConnections struct {
	most int64

	mu   sync.Mutex
	open int64
}

// place is what a connection has of them.
type place struct{ taken, gone bool } // guarded by maxConnections

func (*maxConnections) Points() vaurien.Point { return vaurien.Accept | vaurien.Live }

func (m *maxConnections) Act(e *vaurien.Event, next vaurien.Next) error {
	p := e.Local(vaurien.LocalKey{Behavior: m, Point: vaurien.Live}, func() any { return new(place) }).(*place)
	if e.Point == vaurien.Live {
		err := e.Hold()
		if err == nil && e.Stays(m) {
			return nil // another plan that has it: it acts anew
		}
		m.leave(p)
		return err
	}
	if !m.enter(p) {
		return e.Reset()
	}
	return next()
}

// enter gives a connection a place, if there is one.
func (m *maxConnections) enter(p *place) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.gone {
		return true // it has ended already
	}
	if m.open >= m.most {
		return false
	}
	m.open++
	p.taken = true
	return true
}

// leave gives the place back.
func (m *maxConnections) leave(p *place) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.taken {
		m.open--
	}
	p.taken, p.gone = false, true
}
