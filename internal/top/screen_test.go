package top

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/vaurien-proxy/vaurien/ledger"
)

// scenes are what a screen shows after what happened to it.
var scenes = []struct {
	name string
	play func(*Screen)
}{
	{"overview", func(*Screen) {}},
	{"ordered", func(s *Screen) { press(s, "oo down f") }},
	{"selected", func(s *Screen) { press(s, "tab down down") }},
	{"proxy", func(s *Screen) { press(s, "end d") }},
	{"exchange", func(s *Screen) { press(s, "tab down down down down down down d") }},
	{"filter", func(s *Screen) { press(s, "/ bx backspace ad") }},
	{"help", func(s *Screen) { press(s, "?") }},
	{"stopped", func(s *Screen) {
		l := lookAfter(2)
		for i := range l.Proxies {
			l.Proxies[i].Stopped = true
		}
		send(s, Looked{l})
		press(s, "s")
	}},
	{"silent", func(s *Screen) {
		send(s, NoAnswer{noon.Add(5 * time.Second), errors.New("nobody answers at http://localhost:8080: connection refused")})
	}},
	{"scenario", func(s *Screen) {
		l := lookAfter(2)
		l.Scenario = played()
		send(s, Looked{l}, Happened{[]ledger.Entry{{Type: ledger.LostType, Count: 1234}}})
	}},
	{"paused", func(s *Screen) {
		press(s, "space")
		send(s, Looked{many(9)}, Happened{[]ledger.Entry{{Number: 8, Type: ledger.ScenarioType, Text: "not to be seen"}}})
	}},
	{"empty", func(s *Screen) { s.board = Board{}; send(s, Looked{Look{At: noon}}) }},
	{"many", func(s *Screen) { send(s, Looked{many(300)}); press(s, "pgdown pgdown") }},
}

// TestFrames compares what is drawn with what was.
func TestFrames(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		for _, scene := range scenes {
			name := fmt.Sprintf("%s.%dx%d.txt", scene.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				s := newScreen(t, size[0], size[1])
				scene.play(s)
				lines := strings.Split(s.frame(), "\n")
				for i, l := range lines {
					mark := "|"
					if strings.HasPrefix(l, chosen.String()) {
						mark = ">" // of which the style would not be seen
					}
					lines[i] = strings.TrimRight(mark+ansi.Strip(l), " ")
				}
				got := strings.Join(lines, "\n") + "\n"
				file := filepath.Join("testdata", name)
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}

// TestSizes: whatever happened and whichever keys were pressed, a frame is as
// high as the screen, no wider, and nothing in it but styles is an escape.
func TestSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	keys := strings.Fields("up down tab enter esc d / x ? f o r p space end home pgdown s u backspace 日")
	for n := range 400 {
		width, height := 1+rng.IntN(200), 1+rng.IntN(60)
		if n%4 == 0 {
			width, height = 1+rng.IntN(30), 1+rng.IntN(8)
		}
		s := newScreen(t, width, height)
		scenes[rng.IntN(len(scenes))].play(s)
		var pressed []string
		for range rng.IntN(12) {
			key := keys[rng.IntN(len(keys))]
			pressed = append(pressed, key)
			press(s, key)
		}
		lines := strings.Split(s.frame(), "\n")
		if len(lines) != height {
			t.Fatalf("%d lines at %dx%d after %v", len(lines), width, height, pressed)
		}
		for _, l := range lines {
			if w := ansi.StringWidth(l); w > width {
				t.Fatalf("%d cells at %dx%d after %v: %q", w, width, height, pressed, l)
			}
			if bare := sgr.ReplaceAllString(l, ""); clean(bare) != bare {
				t.Fatalf("after %v: %q", pressed, l)
			}
		}
	}
}

// TestStopAtOnce: s and u ask the server, on every page and while it is paused,
// and what comes of it is said.
func TestStopAtOnce(t *testing.T) {
	for _, before := range []string{"", "d", "?", "p", "tab down"} {
		s := newScreen(t, 120, 24)
		server := s.server.(*fakeServer)
		press(s, before+" s")
		if !server.look.Halt.Stopped || !strings.Contains(s.frame(), "all chaos is stopped; u undoes it") {
			t.Errorf("after %q and s:\n%s", before, s.frame())
		}
		press(s, "u")
		if server.look.Halt.Stopped || !strings.Contains(s.frame(), "what was there before is put back") {
			t.Errorf("after %q, s and u:\n%s", before, s.frame())
		}
	}
	s := newScreen(t, 120, 24)
	s.server.(*fakeServer).fail(errors.New("nobody is there"))
	if press(s, "s"); !strings.Contains(s.frame(), "that failed: nobody is there") {
		t.Error(s.frame())
	}
	press(s, "/ su") // are letters of the filter
	if s.filter != "su" || s.server.(*fakeServer).look.Halt.Stopped {
		t.Errorf("filter %q", s.filter)
	}
}

func TestQuit(t *testing.T) {
	for _, key := range []tea.KeyPressMsg{{Code: 'q', Text: "q"}, {Code: 'c', Mod: tea.ModCtrl}} {
		for _, p := range []page{overview, details, help} {
			s := newScreen(t, 80, 24)
			s.page = p
			_, cmd := s.Update(key)
			if cmd == nil {
				t.Fatalf("%s does nothing on page %d", key, p)
			}
			if _, is := cmd().(tea.QuitMsg); !is {
				t.Errorf("%s on page %d: %v", key, p, cmd())
			}
		}
	}
}

// TestSelectionStays: a selected row stays selected, and where it is, while
// others come.
func TestSelectionStays(t *testing.T) {
	s := newScreen(t, 80, 24)
	press(s, "tab down down down")
	row, before := s.row, s.frame()
	var more []ledger.Entry
	for i := range 3 * mostRows {
		more = append(more, ledger.Entry{Number: uint64(100 + i), Type: ledger.ScenarioType, Time: noon, Text: "another"})
	}
	send(s, Happened{more})
	title := func(frame string) int { return strings.Index(frame, "\n") }
	after := s.frame()
	if s.row != row || after[title(after):] != before[title(before):] {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	if !strings.Contains(after, "PAUSED, 3000 newer") {
		t.Error(after)
	}
	if press(s, "esc"); s.frozen != nil || !strings.Contains(s.frame(), "another") {
		t.Error(s.frame())
	}
}

// TestFateStyles: every fate has a style, and words say what styles do.
func TestFateStyles(t *testing.T) {
	for _, f := range ledger.Fates() {
		if _, has := fateStyles[string(f)]; !has && f != ledger.Passed {
			t.Errorf("%s has no style", f)
		}
		if !slices.ContainsFunc(helpLines(), func(l string) bool { return strings.Contains(l, string(f)) }) && f != ledger.Passed {
			t.Errorf("help does not tell of %s", f)
		}
	}
}
