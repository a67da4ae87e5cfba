package option

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Type names how a setting is written.
type Type string

// The types of settings. Each has one parser, used for every source.
const (
	Bool     Type = "bool"     // true or false; also yes/no, on/off, 1/0
	Int      Type = "integer"  // a whole number
	Float    Type = "number"   // a decimal number
	Duration Type = "duration" // seconds (2, 0.5) or with a unit (150ms, 2m)
	Size     Type = "size"     // bytes (8124) or with a unit (64KiB, 10MB)
	Text     Type = "text"     // anything
	Choice   Type = "choice"   // one of Option.Choices
)

// An Option is one declared setting. Its fields are for reading; the methods
// that return the Option refine a declaration.
type Option struct {
	Name    string   // canonical name, words joined by '-'
	Aliases []string // other names for it that are understood
	Type    Type
	Default string   // as one would write it; empty when there is none
	Doc     string   // one line, lower case, no full stop
	Choices []string // for Choice, and for an Int that takes only some values
	Min     string   // least value allowed, as one would write it; empty for none
	Max     string   // greatest value allowed; empty for none
	Common  bool     // every kind of its sort has it

	set func(text string) error // parses into the bound variable
	get func() string           // the variable's present value, as one would write it
	num func(text string) (float64, error)
}

// Alias adds other names under which the setting may be written.
func (o *Option) Alias(names ...string) *Option {
	o.Aliases = append(o.Aliases, names...)
	return o
}

// OfAll says that every kind of its sort has the setting, so that it need be
// described only once.
func (o *Option) OfAll() *Option {
	o.Common = true
	return o
}

// AtLeast sets the least value allowed. It panics if min cannot be parsed, for
// that is an error in the program.
func (o *Option) AtLeast(min string) *Option {
	o.mustParse(min)
	o.Min = min
	return o
}

// AtMost sets the greatest value allowed. It panics if max cannot be parsed.
func (o *Option) AtMost(max string) *Option {
	o.mustParse(max)
	o.Max = max
	return o
}

// OneOf allows only the values listed.
func (o *Option) OneOf(choices ...string) *Option {
	o.Choices = choices
	return o
}

// Value returns the bound variable's present value as one would write it.
func (o *Option) Value() string { return o.get() }

func (o *Option) mustParse(text string) {
	if _, err := o.num(text); err != nil {
		panic(fmt.Sprintf("option %s: bad bound: %v", o.Name, err))
	}
}

// assign checks text against the choices and bounds and then sets the
// variable; on an error the variable is as it was.
func (o *Option) assign(text string) error {
	if len(o.Choices) > 0 && !slices.Contains(o.Choices, text) {
		return fmt.Errorf("%q is not one of: %s%s", text, strings.Join(o.Choices, ", "), DidYouMean(text, o.Choices))
	}
	if o.num != nil {
		v, err := o.num(text)
		if err != nil {
			return err
		}
		if o.Min != "" {
			if low, _ := o.num(o.Min); v < low {
				return fmt.Errorf("%s is too small: the least is %s", text, o.Min)
			}
		}
		if o.Max != "" {
			if high, _ := o.num(o.Max); v > high {
				return fmt.Errorf("%s is too large: the most is %s", text, o.Max)
			}
		}
	}
	return o.set(text)
}

// ParseBool reads true, yes, on, 1 and their opposites, in any letter case.
func ParseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is not a yes or no: write true or false", text)
}

// ParseDuration reads seconds (2, 0.5) or a duration with a unit (150ms, 2m).
// It refuses what a time.Duration cannot hold.
func ParseDuration(text string) (time.Duration, error) {
	bad := fmt.Errorf("%q is not a duration: write seconds (2, 0.5) or a number with a unit (150ms, 2m, 1h)", text)
	if s, err := strconv.ParseFloat(text, 64); err == nil {
		ns := s * float64(time.Second)
		if !(ns > -9.2e18 && ns < 9.2e18) { // also refuses NaN
			return 0, bad
		}
		return time.Duration(ns), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, bad
	}
	return d, nil
}

// sizeUnits are the suffixes of a size, longest first; those with an i are
// powers of 1024 (IEC 80000-13), the others powers of 1000.
var sizeUnits = []struct {
	suffix string
	factor float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"b", 1},
}

// ParseSize reads bytes (8124) or a size with a unit (64KiB, 10MB).
func ParseSize(text string) (int64, error) {
	number, factor := strings.ToLower(strings.TrimSpace(text)), 1.0
	for _, u := range sizeUnits {
		if n, ok := strings.CutSuffix(number, u.suffix); ok {
			number, factor = strings.TrimSpace(n), u.factor
			break
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if v *= factor; err != nil || !(v > -9e18 && v < 9e18) {
		return 0, fmt.Errorf("%q is not a size: write bytes (8124) or a number with a unit (64KiB, 10MB)", text)
	}
	return int64(v), nil
}

// FormatSize writes n as ParseSize reads it, in the largest unit that is exact.
func FormatSize(n int64) string {
	for _, u := range []struct {
		suffix string
		factor int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n != 0 && n%u.factor == 0 {
			return strconv.FormatInt(n/u.factor, 10) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

func parseInt(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", text)
	}
	return n, nil
}

func parseFloat(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v != v || v-v != 0 { // NaN and infinities are no settings
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return v, nil
}
