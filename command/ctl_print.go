package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// printJSON writes JSON for programs, and so that people can read it too.
func printJSON(out io.Writer, text []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(text), "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := out.Write(b.Bytes())
	return err
}

// printProxies writes a table of proxies.
func printProxies(out io.Writer, proxies []proxyState) {
	if len(proxies) == 0 {
		fmt.Fprintln(out, "no proxies: vaurien ctl create makes one")
		return
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tLISTEN\tUPSTREAM\tSTATE\tTOXICS")
	for _, p := range proxies {
		var names []string
		for _, t := range p.Toxics {
			names = append(names, t.Name)
		}
		toxics := "none"
		if len(names) > 0 {
			toxics = strings.Join(names, ", ")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", p.Name, p.Listen, p.Upstream, enabledText(p.Enabled), toxics)
	}
	w.Flush()
}

// printProxy writes a proxy and a table of its toxics.
func printProxy(out io.Writer, p proxyState) {
	fmt.Fprintf(out, "%s: %s -> %s, %s\n", p.Name, p.Listen, p.Upstream, enabledText(p.Enabled))
	if len(p.Toxics) == 0 {
		fmt.Fprintln(out, "no toxics")
		return
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TOXIC\tTYPE\tSTREAM\tTOXICITY\tATTRIBUTES")
	for _, t := range p.Toxics {
		fmt.Fprintf(w, "%s\t%s\t%s\t%g\t%s\n", t.Name, t.Type, t.Stream, t.Toxicity, attributesText(t))
	}
	w.Flush()
}

// describe writes what a toxic does, on one line.
func describe(t toxicState) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s, toxicity %g: %s", t.Type, t.Stream, t.Toxicity, attributesText(t)))
}

// attributesText lists the attributes of a toxic by their names.
func attributesText(t toxicState) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(t.Attributes)) {
		parts = append(parts, fmt.Sprintf("%s=%v", name, t.Attributes[name]))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, " ")
}

func enabledText(enabled bool) string {
	if enabled {
		return "enabled"
	}
	return "disabled"
}
