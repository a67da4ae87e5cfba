package top

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// key does what a key is for.
func (s *Screen) key(k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	switch name {
	case "ctrl+c":
		return tea.Quit
	case "ctrl+z":
		return tea.Suspend
	case "ctrl+l":
		return tea.ClearScreen
	}
	if s.typing {
		s.typeFilter(name, k.Text)
		return nil
	}
	s.said = ""
	switch name {
	case "q":
		return tea.Quit
	case "s":
		s.said = "stopping all chaos …"
		return s.stop
	case "u":
		s.said = "putting back what was there …"
		return s.resume
	case "p", "space":
		s.pause(s.frozen == nil)
		return nil
	case "?", "h", "f1":
		s.turn(help)
		return nil
	}
	if s.page != overview {
		s.leaf(name)
		return nil
	}
	s.list(name)
	return nil
}

// turn shows a page, or the overview if it is shown already.
func (s *Screen) turn(to page) {
	if s.page == to {
		to = overview
	}
	s.page, s.scroll = to, 0
}

// leaf is for the keys on pages that may be longer than the screen.
func (s *Screen) leaf(name string) {
	lines, room := len(s.pageLines()), s.height-2 // without the title and the foot
	to := s.scroll
	switch name {
	case "d", "enter", "esc", "backspace":
		s.turn(overview)
		return
	case "up", "k":
		to--
	case "down", "j":
		to++
	case "pgup":
		to -= room
	case "pgdown":
		to += room
	case "home", "g":
		to = 0
	case "end", "G":
		to = lines
	}
	s.scroll = max(min(to, lines-room), 0)
}

// farthest is further than any list is long.
const farthest = 1 << 30

// list is for the keys in the overview.
func (s *Screen) list(name string) {
	switch name {
	case "tab", "shift+tab":
		s.focus = 1 - s.focus
	case "d", "enter":
		s.turn(details)
	case "/":
		s.typing = true
	case "esc":
		s.filter, s.alone = "", false
		if s.row != 0 {
			s.pause(false)
		}
	case "f":
		s.alone = !s.alone
	case "o":
		s.order = (s.order + 1) % len(orders)
	case "r":
		s.reverse = !s.reverse
	case "up", "k":
		s.move(-1)
	case "down", "j":
		s.move(1)
	case "pgup":
		s.move(-10)
	case "pgdown":
		s.move(10)
	case "home", "g":
		s.move(-farthest)
	case "end", "G":
		s.move(farthest)
	}
}

// typeFilter is for the keys while the filter is written.
func (s *Screen) typeFilter(name, text string) {
	switch name {
	case "enter":
		s.typing = false
	case "esc":
		s.typing, s.filter = false, ""
	case "backspace":
		_, n := utf8.DecodeLastRuneInString(s.filter)
		s.filter = s.filter[:len(s.filter)-n]
	case "ctrl+u":
		s.filter = ""
	case "ctrl+w":
		s.filter = strings.TrimRight(s.filter, " ")
		s.filter = s.filter[:strings.LastIndex(s.filter, " ")+1]
	default:
		s.filter += text
	}
}

// move selects another proxy, or another row. What is selected among rows is
// to stay where it is, so they pause.
func (s *Screen) move(by int) {
	if s.focus == proxyPane {
		all := s.proxies()
		for i := range all {
			if all[i].Name == s.proxy {
				s.proxy = all[min(max(i+by, 0), len(all)-1)].Name
				return
			}
		}
		return
	}
	s.pause(true)
	rows := s.rows()
	if len(rows) == 0 {
		return
	}
	at := len(rows) - 1 // the newest is the first on the screen
	for i := range rows {
		if rows[i].Row == s.row {
			at = i
		}
	}
	if s.row != 0 {
		at = min(max(at-by, 0), len(rows)-1)
	}
	s.row = rows[at].Row
}

// rows are those that the filter lets pass, the oldest first.
func (s *Screen) rows() []Row {
	all := s.shown().rows
	words := strings.Fields(strings.ToLower(s.filter))
	if len(words) == 0 && !s.alone {
		return all
	}
	var out []Row
	for i := range all {
		r := &all[i]
		if s.alone && r.Proxy != "" && r.Proxy != s.proxy {
			continue
		}
		text := strings.ToLower(strings.Join([]string{r.Proxy, r.number(), r.Client, r.request(), r.fate(), r.done(), r.news()}, " "))
		if !lacks(text, words) {
			out = append(out, *r)
		}
	}
	return out
}

// lacks reports whether one of words is not in text.
func lacks(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return true
		}
	}
	return false
}
