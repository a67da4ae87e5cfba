package top

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// clean returns text so that a terminal shows it and does nothing else: what
// cannot be seen, and what changes how its neighbors are shown, is written as an
// escape of Go's.
func clean(text string) string {
	if strings.IndexFunc(text, unseen) < 0 && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case unseen(r):
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteString(text[:n])
		}
		text = text[n:]
	}
	return b.String()
}

// unseen reports whether a character has no shape of its own. Variation
// selectors are among them, since terminals do not agree on the width of what
// they make.
func unseen(r rune) bool {
	return !unicode.IsPrint(r) || unicode.Is(unicode.Variation_Selector, r)
}

// fit returns text on exactly width cells.
func fit(text string, width int) string {
	text = cut(text, width)
	return text + strings.Repeat(" ", max(width-ansi.StringWidth(text), 0))
}

// fitRight is fit for what stands at the right.
func fitRight(text string, width int) string {
	text = cut(text, width)
	return strings.Repeat(" ", max(width-ansi.StringWidth(text), 0)) + text
}

// cut returns text, clean, on at most width cells.
func cut(text string, width int) string {
	const mostBytes = 4 << 10 // more than any terminal is wide
	if len(text) > mostBytes {
		text = text[:mostBytes]
	}
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(clean(text), width, "…")
}

// perSecond writes how often something happens, in at most five characters.
func perSecond(r float64) string {
	switch {
	case r == 0:
		return "0"
	case r < .05:
		return "<0.1"
	case r < 9.95:
		return strconv.FormatFloat(r, 'f', 1, 64)
	}
	return scaled(r, 1000, []string{"", "k", "M", "G"})
}

// bytesPerSecond writes a number of bytes in a second.
func bytesPerSecond(r float64) string {
	return scaled(r, 1024, []string{"B", "K", "M", "G", "T"}) + "/s"
}

// scaled writes a number in the first of the units in which it is short.
func scaled(v, step float64, units []string) string {
	i := 0
	for ; i < len(units)-1 && v >= step-.5; i++ {
		v /= step
	}
	if i == 0 || v >= 99.95 {
		return strconv.FormatFloat(v, 'f', 0, 64) + units[i]
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + units[i]
}

// took writes a time to two or three digits.
func took(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case d < 0:
		return "-" + took(-max(d, -math.MaxInt64))
	case ms < 9.995:
		return strconv.FormatFloat(ms, 'f', 2, 64) + "ms"
	case ms < 999.5:
		return strconv.FormatFloat(ms, 'f', 0, 64) + "ms"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + "s"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	}
	return d.Round(time.Second).String()
}

// quantile writes a quantile of h; a dash if there is none.
func quantile(h Histogram, q float64) string {
	if d, ok := h.Quantile(q); ok {
		return took(d)
	}
	return "-"
}

// counted writes a number of things: "1 session", "2 sessions".
func counted[N int | int64 | uint64](n N, thing string) string {
	if n == 1 {
		return fmt.Sprintf("1 %s", thing)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
