package scenario

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

const (
	maxTime = 30 * 24 * time.Hour   // a month
	minFor  = 10 * time.Millisecond // so that what is repeated forever leaves time for the rest
)

func text(key string, node *spec.Node) string {
	v, _ := node.Text(key)
	return v.Text
}

func duration(key string, node *spec.Node, least time.Duration) time.Duration {
	v, ok := node.Text(key)
	if !ok {
		return 0
	}
	d, err := parseDuration(v.Text, least)
	if err != nil {
		node.Failf(key, "%s", err)
	}
	return d
}

func parseDuration(text string, least time.Duration) (time.Duration, error) {
	d, err := option.ParseDuration(text)
	switch {
	case err != nil:
		return 0, err
	case d < least || d > maxTime:
		return 0, fmt.Errorf("%s: write a time from %s to %s", text, option.FormatDuration(least), option.FormatDuration(maxTime))
	}
	return d, nil
}

func repeat(key string, node *spec.Node) int {
	v, ok := node.Text(key)
	n, err := strconv.Atoi(v.Text)
	switch {
	case !ok:
		return 1
	case v.Text == "forever":
		return Forever
	case err != nil || n < 1 || n > 1_000_000:
		node.Failf(key, "%q is not how often: write a number from 1 to 1000000, or forever", v.Text)
		return 1
	}
	return n
}

var rampShape = regexp.MustCompile(`^([0-9.]+)\s*%?\s*(?:->|→)\s*([0-9.]+)\s*%?\s+over\s+(\S+)$`)

func readRamp(key string, node *spec.Node) *Ramp {
	v, ok := node.Text(key)
	if !ok {
		return nil
	}
	bad := func() *Ramp {
		node.Failf(key, "%q is not a ramp: write PERCENT -> PERCENT over TIME, as in 0 -> 50%% over 1m", v.Text)
		return nil
	}
	m := rampShape.FindStringSubmatch(strings.TrimSpace(v.Text))
	if m == nil {
		return bad()
	}
	from, err1 := strconv.ParseFloat(m[1], 64)
	to, err2 := strconv.ParseFloat(m[2], 64)
	over, err3 := parseDuration(m[3], minFor)
	if err1 != nil || err2 != nil || err3 != nil || from > 100 || to > 100 {
		return bad()
	}
	return &Ramp{From: from, To: to, Over: over}
}
