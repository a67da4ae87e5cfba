package main

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A bar group of the comparison's picture: one kind of load.
type load struct{ cell, title, throughput, cost string }

func loads() []load {
	return []load{
		{"bulk-1-down", "bulk,\n1 connection", "gbit_s", perGiB},
		{"bulk-8-up", "bulk,\n8 connections", "gbit_s", perGiB},
		{"rtt-64x64", "round trips, 64 B,\n64 connections", "msgs_s", perK},
		{"rtt-64x1k", "round trips, 1 KiB,\n64 connections", "msgs_s", perK},
		{"churn-32", "connect, ask,\nclose", "conns_s", perK},
		{"redis-p1", "redis-benchmark,\nSET", "set_rps", perK},
		{"redis-p16", "redis-benchmark\n-P 16, SET", "set_rps", perK},
		{"pgbench", "pgbench -S\nprepared", "tps", perK},
		{"wrk", "wrk, nginx", "rps", perK},
	}
}

// drawn are the peers of the picture; others are in the table only.
func drawn() []string {
	return []string{"vaurien", "haproxy", "haproxy-splice-force", "nginx", "toxiproxy"}
}

const barWidth = 7 // points

// drawCompare draws throughput beside the direct run's, and CPU for an operation
// beside HAProxy's, for each load that was measured.
func drawCompare(s *suite) ([]byte, error) {
	var groups []load
	for _, l := range loads() {
		if len(s.values(reading{l.cell, ours, l.throughput, ratio})) > 0 {
			groups = append(groups, l)
		}
	}
	if len(groups) == 0 {
		return nil, nil
	}
	fast := newPlot("Throughput, direct = 1 (longer is better)", "", "")
	cheap := newPlot("CPU, HAProxy = 1 (shorter is better)", "", "")
	fast.Add(vertical())
	cheap.Add(vertical())
	titles := make([]string, len(groups))
	var keys []key
	for j, peer := range drawn() {
		var ratios, costs []float64
		for i := range groups {
			l := groups[len(groups)-1-i] // the first is at the top
			titles[i] = l.title
			ratios = append(ratios, median(s.values(reading{l.cell, peer, l.throughput, ratio})))
			costs = append(costs, median(s.values(reading{l.cell, peer, l.cost, plain}))/
				median(s.values(reading{l.cell, "haproxy", l.cost, plain})))
		}
		offset := vg.Points(barWidth * (float64(len(drawn())-1)/2 - float64(j)))
		k, err := addBars(fast, ratios, peer, offset)
		if err != nil {
			return nil, err
		}
		if k != nil {
			keys = append(keys, key{named(peer), k})
		}
		if _, err := addBars(cheap, costs, peer, offset); err != nil {
			return nil, err
		}
	}
	for _, p := range []*plot.Plot{fast, cheap} {
		p.X.Min, p.X.Max = 0, p.X.Max*1.1 // room for the labels
		p.Y.Min, p.Y.Max = -0.5, float64(len(groups))-0.5
	}
	fast.NominalY(titles...)
	cheap.NominalY(make([]string, len(groups))...)
	fast.Y.Padding = vg.Points(10) // a viewer's font may be wider than ours
	const width, gutter, head, edge = 660, 102, 28, 10
	height := vg.Points(float64(len(groups))*44 + 50)
	pic := newPicture(vg.Points(width), height+vg.Points(head))
	panel := vg.Points((width - gutter - 3*edge) / 2)
	legend(pic.part(vg.Points(edge), height, vg.Points(width-2*edge), vg.Points(head-8)), keys)
	fast.Draw(pic.part(vg.Points(edge), vg.Points(edge), vg.Points(gutter)+panel, height-vg.Points(edge)))
	cheap.Draw(pic.part(vg.Points(2*edge+gutter)+panel, vg.Points(edge), panel, height-vg.Points(edge)))
	return pic.bytes()
}

// median is that of a sample, and not a number where there is none.
func median(v sample) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	return v.median()
}

// addBars adds a peer's bars with a figure at the end of each, and nothing
// where it was not measured.
func addBars(p *plot.Plot, values []float64, peer string, offset vg.Length) (plot.Thumbnailer, error) {
	var first plot.Thumbnailer
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		bar, err := plotter.NewBarChart(plotter.Values{v}, vg.Points(barWidth))
		if err != nil {
			return nil, err
		}
		bar.Horizontal, bar.XMin, bar.Offset = true, float64(i), offset
		bar.Color = lookOf(peer).color
		bar.LineStyle.Width = 0
		label, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: v, Y: float64(i)}}, Labels: []string{fmt.Sprintf("%.2f", v)}})
		if err != nil {
			return nil, err
		}
		label.Offset = vg.Point{X: vg.Points(2), Y: offset}
		label.TextStyle[0].Font = sans(6.5, 0)
		label.TextStyle[0].Color = ink
		label.TextStyle[0].YAlign = draw.YCenter
		if first == nil {
			first = bar
		}
		p.Add(bar, label)
	}
	return first, nil
}

// vertical is a grid of pale vertical lines.
func vertical() *plotter.Grid {
	g := plotter.NewGrid()
	g.Horizontal = draw.LineStyle{}
	g.Vertical = draw.LineStyle{Color: color.Color(pale), Width: vg.Points(0.5)}
	return g
}
