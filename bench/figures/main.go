// Command figures reads what the benchmarks of this folder wrote, fills the
// marked sections of a page with tables and draws the pictures they show. Only
// the sections whose results are given are replaced; all else of the page stays.
//
// See ../README.md.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// output is sections of a page, and the pictures that they show.
type output struct {
	sections map[string]string // text, by the name in the page's markers
	images   map[string][]byte // SVG, by file name
}

func main() {
	fs := flag.NewFlagSet("figures", flag.ExitOnError)
	var in inputs
	fs.StringVar(&in.suite, "suite", "", "results of loadgen suite: sections machine, compare, targets")
	fs.StringVar(&in.scale, "scale", "", "results of loadgen scale: section scale")
	fs.StringVar(&in.timing, "timing", "", "results of loadgen timing: section timing")
	fs.StringVar(&in.micro, "micro", "", "output of go test -bench: section micro")
	page := fs.String("page", "", "page to fill; without one the sections are printed")
	images := fs.String("images", "", "folder of the pictures; without one there are none")
	fs.Parse(os.Args[1:])
	if err := run(in, *page, *images); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(2)
	}
}

// inputs are the files of results. An empty name is one that is not given.
type inputs struct{ suite, scale, timing, micro string }

func run(in inputs, page, images string) error {
	prefix, err := imagePrefix(page, images)
	if err != nil {
		return err
	}
	out, err := in.render(prefix)
	if err != nil {
		return err
	}
	if len(out.sections) == 0 {
		return fmt.Errorf("nothing to show: give -suite, -scale, -timing or -micro")
	}
	if page == "" {
		for _, name := range sectionNames {
			if text, ok := out.sections[name]; ok {
				fmt.Printf("## %s\n\n%s\n", name, text)
			}
		}
	}
	var filled []byte
	if page != "" {
		old, err := os.ReadFile(page)
		if err != nil {
			return fmt.Errorf("-page: %w", err)
		}
		text, err := fill(string(old), out.sections)
		if err != nil {
			return fmt.Errorf("-page %s: %w", page, err)
		}
		filled = []byte(text)
	}
	if images != "" {
		for name, svg := range out.images {
			if err := replace(filepath.Join(images, name), svg); err != nil {
				return fmt.Errorf("-images: %w", err)
			}
		}
	}
	if filled == nil {
		return nil
	}
	if err := replace(page, filled); err != nil {
		return fmt.Errorf("-page: %w", err)
	}
	return nil
}

// imagePrefix is what stands before a picture's name in the page's links. It is
// empty where there are no pictures, and then nothing links to them.
func imagePrefix(page, images string) (string, error) {
	if images == "" {
		return "", nil
	}
	rel, err := filepath.Rel(filepath.Dir(page), images)
	if err != nil {
		return "", fmt.Errorf("-images: %w", err)
	}
	return filepath.ToSlash(rel) + "/", nil
}

// render makes all that the given results have to say.
func (in inputs) render(prefix string) (output, error) {
	out := output{sections: map[string]string{}, images: map[string][]byte{}}
	// picture keeps an image and returns the line that shows it.
	picture := func(name, alt string, svg []byte, err error) (string, error) {
		if prefix == "" || svg == nil || err != nil {
			return "", err
		}
		out.images[name] = svg
		return fmt.Sprintf("![%s](%s%s)\n\n", alt, prefix, name), nil
	}
	if in.suite != "" {
		s, err := readSuite(in.suite)
		if err != nil {
			return out, fmt.Errorf("-suite: %w", err)
		}
		svg, err := drawCompare(s)
		link, err := picture("performance-compare.svg", "Throughput and CPU of Vaurien, HAProxy, nginx and Toxiproxy", svg, err)
		if err != nil {
			return out, err
		}
		out.sections["machine"] = s.machine.table()
		out.sections["compare"] = link + compareTable(s)
		out.sections["targets"] = targetsTable(s)
	}
	if in.scale != "" {
		c, err := readCurves(in.scale)
		if err != nil {
			return out, fmt.Errorf("-scale: %w", err)
		}
		svg, err := drawScale(c)
		link, err := picture("performance-scale.svg", "Cost against connections, proxies, behaviors and message size", svg, err)
		if err != nil {
			return out, err
		}
		out.sections["scale"] = link + c.machine.line() + scaleTables(c)
	}
	if in.timing != "" {
		c, err := readCurves(in.timing)
		if err != nil {
			return out, fmt.Errorf("-timing: %w", err)
		}
		svg, err := drawTiming(c)
		link, err := picture("performance-timing.svg", "How late delays and resets are, on an idle and on a busy machine", svg, err)
		if err != nil {
			return out, err
		}
		out.sections["timing"] = link + c.machine.line() + timingTables(c)
	}
	if in.micro != "" {
		table, err := microTables(in.micro)
		if err != nil {
			return out, fmt.Errorf("-micro: %w", err)
		}
		out.sections["micro"] = table
	}
	return out, nil
}
