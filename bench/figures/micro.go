package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// microUnits are the columns of the table, as benchfmt calls them once it has
// tidied the output of go test: sec/op of ns/op and B/s of MB/s.
var microUnits = []string{"sec/op", "B/s", "B/op", "allocs/op"}

// microTables has a table for each package, folded away: medians, and the
// distance of the 95% confidence interval's ends in percent.
func microTables(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	type bench struct{ pkg, name string }
	var order []bench
	values := map[bench]map[string][]float64{}
	var cpu, system string
	r := benchfmt.NewReader(f, name)
	for r.Scan() {
		res, ok := r.Result().(*benchfmt.Result)
		if !ok {
			continue // what packages print besides their benchmarks
		}
		b := bench{res.GetConfig("pkg"), trimProcs(string(res.Name))}
		cpu, system = res.GetConfig("cpu"), res.GetConfig("goos")+"/"+res.GetConfig("goarch")
		if values[b] == nil {
			values[b] = map[string][]float64{}
			order = append(order, b)
		}
		for _, v := range res.Values {
			values[b][v.Unit] = append(values[b][v.Unit], v.Value)
		}
	}
	if err := r.Err(); err != nil {
		return "", err
	}
	if len(order) == 0 {
		return "", fmt.Errorf("%s: no line is a benchmark's: write what go test -bench prints there", name)
	}
	var pkgs []string
	for _, b := range order {
		if !slices.Contains(pkgs, b.pkg) {
			pkgs = append(pkgs, b.pkg)
		}
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s, %s.\n", cpu, system)
	for _, pkg := range pkgs {
		t := newTable("| | time | ± | bytes a second | allocated | allocations |")
		for _, b := range order {
			if b.pkg != pkg {
				continue
			}
			cells := []string{b.name}
			for _, unit := range microUnits {
				v := values[b][unit]
				if len(v) == 0 {
					cells = append(cells, "")
					continue
				}
				sum := benchmath.AssumeNothing.Summary(benchmath.NewSample(v, &benchmath.DefaultThresholds), 0.95)
				cells = append(cells, inUnit(sum.Center, unit))
				if unit == "sec/op" {
					cells = append(cells, sum.PctRangeString())
				}
			}
			t.row(cells...)
		}
		fmt.Fprintf(&out, "\n<details><summary>%s</summary>\n\n%s\n</details>\n", shortPackage(pkg), t)
	}
	return out.String(), nil
}

// shortPackage leaves out of a package's path what all of them begin with.
func shortPackage(pkg string) string {
	const module = "github.com/vaurien-proxy/vaurien"
	if pkg == module {
		return "vaurien"
	}
	return strings.TrimPrefix(pkg, module+"/")
}

// trimProcs leaves out the number of processors that go test puts at the end.
func trimProcs(name string) string {
	if i := strings.LastIndexByte(name, '-'); i > 0 && strings.Trim(name[i+1:], "0123456789") == "" {
		return name[:i]
	}
	return name
}

// inUnit writes a figure with the prefix that suits it.
func inUnit(v float64, unit string) string {
	steps := []struct {
		least float64
		name  string
	}{{1, ""}}
	switch unit {
	case "sec/op":
		steps = []struct {
			least float64
			name  string
		}{{1, " s"}, {1e-3, " ms"}, {1e-6, " µs"}, {1e-9, " ns"}}
	case "B/s":
		steps = []struct {
			least float64
			name  string
		}{{1e9, " GB"}, {1e6, " MB"}, {1e3, " KB"}, {1, " B"}}
	case "B/op":
		steps = []struct {
			least float64
			name  string
		}{{1 << 20, " MiB"}, {1 << 10, " KiB"}, {1, " B"}}
	}
	for _, s := range steps {
		if v >= s.least {
			return digits(v/s.least) + s.name
		}
	}
	last := steps[len(steps)-1]
	return digits(v/last.least) + last.name
}
