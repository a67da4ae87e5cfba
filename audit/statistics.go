package audit

import (
	"math/rand/v2"
	"slices"
)

// regress returns the line through the levels, by the least squares.
func regress(levels []span, y func(span) float64) (a, b float64) {
	var n, sx, sy, sxx, sxy float64
	for _, l := range levels {
		x, w := float64(l.retry), l.weight
		n, sx, sy, sxx, sxy = n+w, sx+w*x, sy+w*y(l), sxx+w*x*x, sxy+w*x*y(l)
	}
	b = (n*sxy - sx*sy) / (n*sxx - sx*sx)
	return (sy - b*sx) / n, b
}

func mean(levels []span, at func(span) float64) float64 {
	var sum, n float64
	for _, l := range levels {
		sum, n = sum+l.weight*at(l), n+l.weight
	}
	return sum / n
}

func within(a, b, factor float64) bool {
	return a <= b*factor+unrest && b <= a*factor+unrest
}

func square(x float64) float64 { return x * x }

// quantile returns the q-quantile of values that are sorted.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// redraw draws as many values from values, some more than once, and sorts them.
func redraw(values []float64, dice *rand.Rand) []float64 {
	out := make([]float64, len(values))
	for i := range out {
		out[i] = values[dice.IntN(len(values))]
	}
	slices.Sort(out)
	return out
}
