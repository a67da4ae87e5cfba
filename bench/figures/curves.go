package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// A point is one line of loadgen scale or loadgen timing: a single run.
type point struct {
	Curve  string             `json:"curve"`
	Series string             `json:"series"`
	X      float64            `json:"x"`
	M      map[string]float64 `json:"m"`
	Err    string             `json:"err"`
}

// curves are the results of scale or timing.
type curves struct {
	machine facts
	points  []point
}

func readCurves(name string) (*curves, error) {
	c := &curves{}
	err := eachLine(name, func(line []byte) error {
		if c.machine.add(line) {
			return nil
		}
		var p point
		if err := json.Unmarshal(line, &p); err != nil {
			return err
		}
		if p.Curve == "" || p.Series == "" || p.M == nil && p.Err == "" {
			return fmt.Errorf("no line of a curve, which has curve, series, x and m or err")
		}
		c.points = append(c.points, p)
		return nil
	})
	return c, err
}

// series are the names of a curve's, in the order they came.
func (c *curves) series(curve string) []string {
	var names []string
	for _, p := range c.points {
		if p.Curve == curve && !slices.Contains(names, p.Series) {
			names = append(names, p.Series)
		}
	}
	return names
}

// xs are the places at which a curve was measured, ascending.
func (c *curves) xs(curve string) []float64 {
	xs := map[float64]bool{}
	for _, p := range c.points {
		if p.Curve == curve {
			xs[p.X] = true
		}
	}
	return slices.Sorted(maps.Keys(xs))
}

// values are a figure's, of all runs at one place; failed says how many failed.
func (c *curves) values(curve, series string, x float64, metric string) (values sample, failed int) {
	var found []float64
	for _, p := range c.points {
		if p.Curve != curve || p.Series != series || p.X != x {
			continue
		}
		if p.Err != "" {
			failed++
			continue
		}
		if v, ok := p.M[metric]; ok {
			found = append(found, v)
		}
	}
	return newSample(found), failed
}
