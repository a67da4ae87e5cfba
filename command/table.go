package command

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/vaurien-proxy/vaurien/control"
)

// printTable writes what the proxies have done: sessions, exchanges, and what
// was done to how many of these.
func printTable(out io.Writer, proxies []control.Proxy) {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "proxy\tsessions\topen\texchanges\tto backend\tto client\twhat was done")
	for _, p := range proxies {
		s := p.Stats
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\t%s\t%s\n", p.Name, s.Sessions, s.Open, s.Exchanges,
			bytesText(s.ToBackend), bytesText(s.ToClient), deeds(s))
	}
	w.Flush()
	out.Write(b.Bytes())
}

// deeds lists the faults by behavior, with their share of the exchanges.
func deeds(s control.Stats) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(s.Faults)) {
		part := fmt.Sprintf("%s %d", name, s.Faults[name])
		if s.Exchanges > 0 {
			part += fmt.Sprintf(" (%.1f%%)", 100*float64(s.Faults[name])/float64(s.Exchanges))
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// bytesText writes a number of bytes in the unit that a reader grasps.
func bytesText(n uint64) string {
	value, unit := float64(n), "B"
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if value < 1024 {
			break
		}
		value, unit = value/1024, u
	}
	if unit == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}
