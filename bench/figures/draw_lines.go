package main

import (
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A panel is one plot of a picture: both axes logarithmic.
type panel struct {
	*plot.Plot
	curves *curves
	curve  string
	keys   []key
}

// newPanel is a panel of a curve's, with a tick wherever it was measured. The
// title says what the vertical axis is: beside the axis it would take the plot's
// room.
func newPanel(c *curves, curve, title, x string, place, value func(float64) string) *panel {
	p := &panel{Plot: newPlot(title, x, ""), curves: c, curve: curve}
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker = placeTicks(c.xs(curve), place)
	p.Y.Tick.Marker = decades{value}
	g := plotter.NewGrid()
	g.Vertical = draw.LineStyle{}
	g.Horizontal = draw.LineStyle{Color: pale, Width: vg.Points(0.5)}
	p.Add(g)
	return p
}

// add draws the medians of a series, at least least: a logarithm knows no zero.
// It adds nothing where there are none.
func (p *panel) add(series, name, metric string, l look, dashes []vg.Length, least float64) error {
	var xys plotter.XYs
	for _, x := range p.curves.xs(p.curve) {
		// The memory of few connections is the process's own noise.
		if metric == "rss_kb_per_conn" && x < 100 {
			continue
		}
		if v, _ := p.curves.values(p.curve, series, x, metric); len(v) > 0 {
			xys = append(xys, plotter.XY{X: x, Y: math.Max(v.median(), least)})
		}
	}
	if len(xys) == 0 {
		return nil
	}
	line, points, err := plotter.NewLinePoints(xys)
	if err != nil {
		return err
	}
	line.LineStyle = draw.LineStyle{Color: l.color, Width: vg.Points(1.3), Dashes: dashes}
	points.GlyphStyle = draw.GlyphStyle{Color: l.color, Radius: vg.Points(2.4), Shape: l.mark}
	p.Add(line, points)
	p.keys = append(p.keys, key{name, both{line, points}})
	return nil
}

// both is a legend's line with its mark.
type both struct {
	line   *plotter.Line
	points *plotter.Scatter
}

func (b both) Thumbnail(c *draw.Canvas) {
	b.line.Thumbnail(c)
	b.points.Thumbnail(c)
}

// frame widens the axes so that no mark is cut off, and to half a decade at
// least: less would make noise look like growth.
func (p *panel) frame() {
	widen := func(a *plot.Axis, least float64) {
		if grow := math.Sqrt(least / (a.Max / a.Min)); grow > 1 {
			a.Min, a.Max = a.Min/grow, a.Max*grow
		}
		edge := math.Pow(a.Max/a.Min, 0.05)
		a.Min, a.Max = a.Min/edge, a.Max*edge
	}
	widen(&p.X, 2)
	widen(&p.Y, 10)
}

// grid draws panels in rows of columns under a common legend.
func grid(panels []*panel, columns int) ([]byte, error) {
	var keys []key
	for _, p := range panels {
		for _, k := range p.keys {
			if !slices.ContainsFunc(keys, func(o key) bool { return o.name == k.name }) {
				keys = append(keys, k)
			}
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	const width, each, edge = 660, 190, 10
	rows := (len(panels) + columns - 1) / columns
	trial := newPicture(vg.Points(width), vg.Points(each)) // to count the legend's lines
	head := legend(trial.part(vg.Points(edge), 0, vg.Points(width-2*edge), 0), keys)*legendLine + edge
	pic := newPicture(vg.Points(width), vg.Points(float64(rows*each+head)))
	legend(pic.part(vg.Points(edge), vg.Points(float64(rows*each)), vg.Points(width-2*edge), vg.Points(float64(head-edge/2))), keys)
	across := vg.Points(width-edge) / vg.Length(columns)
	for i, p := range panels {
		left := vg.Points(edge) + across*vg.Length(i%columns)
		bottom := vg.Points(float64((rows-1-i/columns)*each + edge))
		p.Draw(pic.part(left, bottom, across-vg.Points(edge), vg.Points(each-edge-4)))
	}
	return pic.bytes()
}

// drawScale draws what an operation costs as there is more of something.
func drawScale(c *curves) ([]byte, error) {
	var panels []*panel
	for _, d := range []struct {
		curve, title, x, metric string
		place                   func(float64) string
	}{
		{"connections", "CPU ms for 1,000 messages, all connections active", "connections", perK, count},
		{"active64", "CPU ms for 1,000 messages, 64 connections active", "connections", perK, count},
		{"connections", "KB of memory for a connection", "connections", "rss_kb_per_conn", count},
		{"proxies", "CPU ms for 1,000 messages, 64 connections", "proxies in a process", perK, count},
		{"behaviors", "CPU ms for 1,000 exchanges", "behaviors in a plan", perK, count},
		{"sizes", "Gbit/s", "size of a message", "gbit_s", byteSize},
		{"sizes", "CPU s for a GiB", "size of a message", perGiB, byteSize},
	} {
		p := newPanel(c, d.curve, d.title, d.x, d.place, digits)
		for _, series := range c.series(d.curve) {
			if series == "direct" && d.metric != "gbit_s" {
				continue // no proxy, no cost
			}
			// Less than a µs of CPU, or 10 bytes, is below what can be told.
			const least = 0.01
			if err := p.add(series, named(strings.TrimSuffix(series, " -P 1")), d.metric, lookOf(series), nil, least); err != nil {
				return nil, err
			}
		}
		if len(p.keys) > 0 {
			p.frame()
			panels = append(panels, p)
		}
	}
	return grid(panels, 2)
}

// drawTiming draws how late harm is done: the idle machine on the left, the busy
// one on the right.
func drawTiming(c *curves) ([]byte, error) {
	var panels []*panel
	for _, curve := range []struct{ name, title string }{
		{"delay-10ms", "10 ms"}, {"delay-100ms", "100 ms"}, {"reset", "Reset"},
	} {
		var row []*panel
		for _, load := range []string{"idle", "busy"} {
			p := newPanel(c, curve.name, curve.title+", "+load+" machine: late by", "connections", count, duration)
			for _, peer := range []string{"vaurien", "toxiproxy", "direct"} {
				for _, q := range []struct {
					metric, name string
					dashes       []vg.Length
				}{{"err_p99_us", "p99", nil}, {"err_p50_us", "p50", []vg.Length{vg.Points(4), vg.Points(2)}}} {
					if err := p.add(peer+" "+load, named(peer)+" "+q.name, q.metric, lookOf(peer), q.dashes, 1); err != nil {
						return nil, err
					}
				}
			}
			if len(p.keys) > 0 {
				row = append(row, p)
			}
		}
		if len(row) == 2 { // the same scale for both
			low, high := min(row[0].Y.Min, row[1].Y.Min), max(row[0].Y.Max, row[1].Y.Max)
			for _, p := range row {
				p.Y.Min, p.Y.Max = low, high
			}
		}
		for _, p := range row {
			p.frame()
		}
		panels = append(panels, row...)
	}
	return grid(panels, 2)
}

// duration writes microseconds.
func duration(us float64) string {
	switch {
	case us >= 1e6:
		return digits(us/1e6) + " s"
	case us >= 1e3:
		return digits(us/1e3) + " ms"
	}
	return digits(us) + " µs"
}
