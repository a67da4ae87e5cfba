package top

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
)

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"GET /x":           "GET /x",
		"日本 é e\u0301 😀":   "日本 é e\u0301 😀",
		"a\x1b[2Jb":        `a\x1b[2Jb`,
		"a\tb\r\nc\x00":    `a\tb\r\nc\x00`,
		"\x9b31m\xff":      `\x9b31m\xff`,
		"\u009b31m":        `\u009b31m`,
		"\u202egpj.exe":    `\u202egpj.exe`,
		"a\u200db\u200bc":  `a\u200db\u200bc`,
		"\u2764\ufe0f":     "\u2764" + `\ufe0f`,
		"\U000e0041\ue000": `\U000e0041\ue000`,
		"\ufffd":           "\ufffd",
	} {
		if got := clean(text); got != want {
			t.Errorf("clean(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, text := range []string{"", "abc", "日本語のページ", "a\x1b[31mb", strings.Repeat("é", 50), strings.Repeat("日", 1<<20), "e\u0301e\u0301e\u0301"} {
		for width := range 20 {
			for _, got := range []string{fit(text, width), fitRight(text, width)} {
				if w := ansi.StringWidth(got); w != width {
					t.Errorf("%d cells in place of %d: %q", w, width, got)
				}
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", .01: "<0.1", .25: "0.2", 9.94: "9.9", 9.96: "10", 120: "120", 999.4: "999", 999.6: "1.0k", 99_960: "100k", 1e6: "1.0M", 3e10: "30.0G",
	} {
		if got := perSecond(v); got != want {
			t.Errorf("perSecond(%v) = %s, want %s", v, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0B/s", 1023.4: "1023B/s", 1024: "1.0K/s", 1 << 20: "1.0M/s", 1 << 50: "1024T/s"} {
		if got := bytesPerSecond(v); got != want {
			t.Errorf("bytesPerSecond(%v) = %s, want %s", v, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0.00ms", 1234 * time.Microsecond: "1.23ms", 12345 * time.Microsecond: "12ms", 999600 * time.Microsecond: "1.00s",
		12345 * time.Millisecond: "12.3s", 91 * time.Second: "1m31s", -time.Second: "-1.00s",
	} {
		if got := took(d); got != want {
			t.Errorf("took(%d) = %s, want %s", d, got, want)
		}
	}
}
