package vaurientest

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// shownExchanges is how many exchanges a summary shows: the last ones.
const shownExchanges = 40

// summary tells a test that fails what has become of the exchanges, in a table.
func (p *Proxy) summary() string {
	p.told.Store(true)
	all := p.journal.list(func(*Exchange) bool { return true })
	var b strings.Builder
	stats := p.proxy.Stats()
	fmt.Fprintf(&b, "connections: %d (%d open), exchanges: %d", stats.Sessions, stats.Open, stats.Exchanges)
	if n := len(all); n > shownExchanges {
		fmt.Fprintf(&b, ", the last %d", shownExchanges)
		all = all[n-shownExchanges:]
	}
	b.WriteString("\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, x := range all {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", x.id(), x.asked(), x.done(), x.outcome())
	}
	w.Flush()
	return strings.TrimRight(b.String(), "\n")
}
