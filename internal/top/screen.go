package top

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/vaurien-proxy/vaurien/control"
)

// A Screen is the view in a terminal: what a Feed tells goes in by Update, and
// View draws it. It does nothing by itself but what a key asks for.
type Screen struct {
	ctx     context.Context
	server  Server
	address string // of the server, as it is shown
	zone    *time.Location

	width, height int
	board         Board
	frozen        *Board // what is shown while it is paused; nil: it is not

	page   page
	scroll int // lines of the page that are above the screen

	focus   pane
	proxy   string // the selected one
	row     uint64 // the selected row; 0: the newest
	order   int
	reverse bool

	filter string // words that rows must have
	typing bool   // the filter
	alone  bool   // only the selected proxy's rows
	said   string // what the last key did
}

// A page is what fills the screen.
type page int

const (
	overview page = iota
	details
	help
)

// A pane is one of the overview's lists.
type pane int

const (
	proxyPane pane = iota
	rowPane
)

// NewScreen returns a view of a server. Its calls end with ctx.
func NewScreen(ctx context.Context, s Server, address string) *Screen {
	return &Screen{ctx: ctx, server: s, address: address, zone: time.Local, width: 80, height: 24}
}

// Init implements tea.Model.
func (s *Screen) Init() tea.Cmd { return nil }

// changed is told when the server was asked to stop all chaos, or to put it
// back.
type changed struct {
	halt control.Halt
	err  error
}

// Update implements tea.Model.
func (s *Screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		s.width, s.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		return s, s.key(msg)
	case tea.PasteMsg:
		if s.typing {
			s.filter += msg.Content
		}
	case changed:
		s.hearChanged(msg)
	default:
		s.board.Hear(msg)
		s.settle()
	}
	return s, nil
}

func (s *Screen) hearChanged(c changed) {
	switch {
	case c.err != nil:
		s.said = "that failed: " + c.err.Error()
	case c.halt.Stopped:
		s.said = "all chaos is stopped; u undoes it (as does: vaurien scenario resume)"
	default:
		s.said = "what was there before is put back"
	}
	// The next look is up to a second away.
	for _, b := range []*Board{&s.board, s.frozen} {
		if b != nil && c.err == nil && len(b.looks) > 0 {
			b.looks[len(b.looks)-1].Halt = c.halt
		}
	}
}

// settle keeps a proxy selected, as long as there is one.
func (s *Screen) settle() {
	all := s.proxies()
	for i := range all {
		if all[i].Name == s.proxy {
			return
		}
	}
	s.proxy = ""
	if len(all) > 0 {
		s.proxy = all[0].Name
	}
}

// shown is the board as it is shown.
func (s *Screen) shown() *Board {
	if s.frozen != nil {
		return s.frozen
	}
	return &s.board
}

// proxies are those shown, in their order.
func (s *Screen) proxies() []Proxy { return s.shown().sorted(s.order, s.reverse) }

// selected returns the selected proxy; nil if there is none.
func (s *Screen) selected() *Proxy {
	all := s.shown().proxies
	for i := range all {
		if all[i].Name == s.proxy {
			return &all[i]
		}
	}
	return nil
}

// pause stops what is shown, or lets it go on.
func (s *Screen) pause(stop bool) {
	switch {
	case !stop:
		s.frozen, s.row = nil, 0
		s.settle()
	case s.frozen == nil:
		frozen := s.board
		frozen.events = s.board.events.clone()
		s.frozen = &frozen
	}
}

// stop asks the server to stop all chaos; resume, to put it back.
func (s *Screen) stop() tea.Msg {
	h, err := s.server.Stop(s.ctx)
	return changed{h, err}
}

func (s *Screen) resume() tea.Msg {
	h, err := s.server.Resume(s.ctx)
	return changed{h, err}
}

// View implements tea.Model.
func (s *Screen) View() tea.View {
	v := tea.NewView(s.frame())
	v.AltScreen = true
	v.WindowTitle = "vaurien top " + clean(s.address)
	return v
}

// newer is how many rows there are that a paused screen does not show.
func (s *Screen) newer() string {
	if n := s.board.next - s.frozen.next; n > 0 {
		return fmt.Sprintf(", %d newer", n)
	}
	return ""
}
