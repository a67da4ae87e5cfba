package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// A sample is the values of one figure, one of each run, in ascending order.
type sample []float64

func newSample(values []float64) sample {
	s := slices.Clone(values)
	slices.Sort(s)
	return s
}

// quantile interpolates between the two values next to it; a sample must have one.
func (s sample) quantile(q float64) float64 {
	at := q * float64(len(s)-1)
	low := int(at)
	if low+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[low] + (at-float64(low))*(s[low+1]-s[low])
}

func (s sample) median() float64 { return s.quantile(0.5) }

// largeSpread is the distance between the quartiles, as a part of the median,
// from which on a table says where they are. Repeated runs of a quiet machine
// stay below it.
const largeSpread = 0.3

// spread is the quartiles in brackets where they are far apart, and else nothing.
// Of fewer than three runs there are none to speak of.
func (s sample) spread() string {
	if len(s) < 3 {
		return ""
	}
	low, high := s.quantile(0.25), s.quantile(0.75)
	if high-low <= largeSpread*math.Abs(s.median()) {
		return ""
	}
	return fmt.Sprintf(" [%s to %s]", digits(low), digits(high))
}

// digits writes a number to three digits; whole ones keep all they have.
func digits(v float64) string {
	if math.Abs(v) >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
