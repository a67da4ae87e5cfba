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

func (*maxConnections) Points() vaurien.Point { return vaurien.Accept }

func (m *maxConnections) Act(e *vaurien.Event, next vaurien.Next) error {
	if !m.enter() {
		return e.Reset()
	}
	e.AtEnd(m.leave)
	return next()
}

// enter gives a connection a place, if there is one.
func (m *maxConnections) enter() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open >= m.most {
		return false
	}
	m.open++
	return true
}

// leave gives the place back.
func (m *maxConnections) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open--
}
