package main

import (
	"bytes"
	"image/color"
	"math"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The look of all pictures: white behind, so that they can be read on a dark
// page too, and the colours of Okabe and Ito, which colour-blind people can
// tell apart; lines have marks of different shapes besides.

var (
	ink       = color.Gray{0x22}
	gray      = color.Gray{0x77}
	pale      = color.Gray{0xdd}
	vermilion = color.RGBA{0xd5, 0x5e, 0x00, 0xff}
	orange    = color.RGBA{0xe6, 0x9f, 0x00, 0xff}
	blue      = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	sky       = color.RGBA{0x56, 0xb4, 0xe9, 0xff}
	green     = color.RGBA{0x00, 0x9e, 0x73, 0xff}
	purple    = color.RGBA{0xcc, 0x79, 0xa7, 0xff}
	// Theirs end here; these two differ from them in lightness as well.
	olive = color.RGBA{0x99, 0x8a, 0x00, 0xff}
	brown = color.RGBA{0x66, 0x33, 0x00, 0xff}
)

// A look is how a series is drawn.
type look struct {
	color color.Color
	mark  draw.GlyphDrawer
}

func lookOf(series string) look {
	peer, more, _ := strings.Cut(series, " ")
	switch {
	case series == "vaurien redis -P 16":
		return look{brown, draw.PlusGlyph{}}
	case peer == "vaurien-framed", peer == "vaurien" && strings.HasPrefix(more, "redis"):
		return look{olive, draw.PyramidGlyph{}}
	case peer == "vaurien-acting", peer == "vaurien" && strings.HasPrefix(more, "toxics"):
		return look{orange, draw.RingGlyph{}}
	case peer == "vaurien":
		return look{vermilion, draw.CircleGlyph{}}
	case peer == "haproxy":
		return look{blue, draw.SquareGlyph{}}
	case strings.HasPrefix(peer, "haproxy-splice"):
		return look{sky, draw.BoxGlyph{}}
	case peer == "nginx":
		return look{green, draw.TriangleGlyph{}}
	case peer == "toxiproxy":
		return look{purple, draw.CrossGlyph{}}
	}
	return look{gray, draw.PlusGlyph{}} // direct
}

func sans(points float64, weight xfont.Weight) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight, Size: vg.Points(points)}
}

// newPlot is an empty panel.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.TextStyle.Font = sans(9.5, xfont.WeightBold)
	p.Title.TextStyle.Color = ink
	p.Title.Padding = vg.Points(6)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font = sans(8.5, xfont.WeightNormal)
		a.Label.TextStyle.Color = ink
		a.Tick.Label.Font = sans(8, xfont.WeightNormal)
		a.Tick.Label.Color = ink
		a.LineStyle.Color = ink
		a.Tick.LineStyle.Color = ink
		a.Padding = 0
	}
	return p
}

// A picture is an SVG that panels are drawn into.
type picture struct {
	svg *vgsvg.Canvas
	all draw.Canvas
}

func newPicture(width, height vg.Length) picture {
	c := vgsvg.NewWith(vgsvg.UseWH(width, height))
	p := picture{c, draw.New(c)}
	p.all.SetColor(color.White)
	p.all.Fill(p.all.Rectangle.Path())
	return p
}

// part is a rectangle of the picture; the origin is at the lower left.
func (p picture) part(left, bottom, width, height vg.Length) draw.Canvas {
	return draw.Canvas{Canvas: p.all.Canvas, Rectangle: vg.Rectangle{
		Min: vg.Point{X: left, Y: bottom}, Max: vg.Point{X: left + width, Y: bottom + height}}}
}

// bytes is the picture as a file. Viewers rarely have the font it was measured
// with; those named after it are as wide.
func (p picture) bytes() ([]byte, error) {
	var b bytes.Buffer
	if _, err := p.svg.WriteTo(&b); err != nil {
		return nil, err
	}
	return []byte(strings.ReplaceAll(b.String(), "font-family:Liberation Sans;",
		"font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")), nil
}

// A key is one entry of a legend.
type key struct {
	name  string
	thumb plot.Thumbnailer
}

// legendLine is the height of a legend's line.
const legendLine = 14

// legend writes entries in lines from the top of a canvas, which may be nowhere:
// it returns how many lines they take.
func legend(c draw.Canvas, keys []key) (lines int) {
	at := c
	for _, k := range keys {
		l := plot.NewLegend()
		l.TextStyle.Font = sans(8.5, xfont.WeightNormal)
		l.TextStyle.Color = ink
		l.Top, l.Left = true, true
		l.ThumbnailWidth = vg.Points(16)
		l.Add(k.name, k.thumb)
		// A viewer's font may be wider than ours: room for a tenth more.
		width := l.Rectangle(c).Size().X*1.1 + vg.Points(10)
		if lines == 0 || at.Min.X+width > c.Max.X {
			at.Min.X = c.Min.X
			at.Max.Y = c.Max.Y - vg.Points(float64(lines*legendLine))
			lines++
		}
		l.Draw(at)
		at.Min.X += width
	}
	return lines
}

// decades are the ticks of a logarithmic axis: a label at each power of ten, and
// at 2 and 5 between where there are few of those.
type decades struct{ label func(float64) string }

func (d decades) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	few := math.Log10(high/low) < 2.6
	for exp := math.Floor(math.Log10(low)); exp <= math.Ceil(math.Log10(high)); exp++ {
		for i := 1.0; i < 10; i++ {
			v := i * math.Pow(10, exp)
			if v < low*0.999 || v > high*1.001 {
				continue
			}
			t := plot.Tick{Value: v}
			if i == 1 || few && (i == 2 || i == 5) {
				t.Label = d.label(v)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// placeTicks are ticks where a curve was measured. Labels that would run into
// the next are left out; the first and the last stay.
func placeTicks(xs []float64, label func(float64) string) plot.ConstantTicks {
	ticks := make(plot.ConstantTicks, len(xs))
	if len(xs) == 0 {
		return ticks
	}
	last := len(xs) - 1
	room := math.Log(xs[last]/xs[0]) / 7.5
	at := math.Inf(-1)
	for i, x := range xs {
		ticks[i].Value = x
		near := math.Log(x)-at < room || i < last && math.Log(xs[last]/x) < room
		if i == last || i == 0 || !near {
			ticks[i].Label = label(x)
			at = math.Log(x)
		}
	}
	return ticks
}
