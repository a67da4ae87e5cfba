package top

import (
	"github.com/charmbracelet/x/ansi"

	"github.com/vaurien-proxy/vaurien/ledger"
)

// Styles are of the sixteen colors that a terminal's owner chose. What a color
// says is always said in words too.
var (
	plain  = ansi.NewStyle()
	bold   = ansi.NewStyle().Bold()
	faint  = ansi.NewStyle().Faint()
	bar    = ansi.NewStyle().Reverse(true)
	chosen = ansi.NewStyle().Bold().Reverse(true)
	alarm  = ansi.NewStyle().Bold().ForegroundColor(ansi.Red)
	lively = ansi.NewStyle().Bold().ForegroundColor(ansi.Cyan)
)

// fateStyles are those of what became of exchanges.
var fateStyles = map[string]ansi.Style{
	string(ledger.Delayed):    ansi.NewStyle().ForegroundColor(ansi.Yellow),
	string(ledger.Altered):    ansi.NewStyle().ForegroundColor(ansi.Magenta),
	string(ledger.Unfinished): ansi.NewStyle().Faint(),
	string(ledger.Held):       ansi.NewStyle().ForegroundColor(ansi.Blue),
	string(ledger.Dropped):    ansi.NewStyle().ForegroundColor(ansi.Magenta),
	string(ledger.Failed):     ansi.NewStyle().ForegroundColor(ansi.Red),
	string(ledger.Closed):     ansi.NewStyle().Bold().ForegroundColor(ansi.Red),
	string(ledger.Reset):      ansi.NewStyle().Bold().ForegroundColor(ansi.Red),
	acting:                    ansi.NewStyle().ForegroundColor(ansi.Cyan),
}

// paint puts text, which fit has made clean, in a style.
func paint(style ansi.Style, text string) string {
	if len(style) == 0 || text == "" {
		return text
	}
	return style.Styled(text)
}
