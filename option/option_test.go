package option_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
)

// settings is a set with one setting of each type.
type settings struct {
	on      bool
	count   int64
	share   float64
	wait    time.Duration
	size    int64
	name    string
	kind    string
	low, up int64
}

func newSettings() (*settings, *option.Set) {
	s, set := new(settings), new(option.Set)
	set.Bool(&s.on, "on", true, "whether").Alias("enabled")
	set.Int(&s.count, "count", 3, "how many").AtLeast("0").AtMost("10")
	set.Float(&s.share, "share", 0.5, "how much").AtLeast("0").AtMost("1")
	set.Duration(&s.wait, "wait-time", time.Second, "how long").AtLeast("0s").AtMost("1h")
	set.Size(&s.size, "size", 64<<10, "how large").AtLeast("1")
	set.Text(&s.name, "name", "", "what name")
	set.Choice(&s.kind, "kind", "red", "which", "red", "green")
	set.Int(&s.low, "low", 0, "least")
	set.Int(&s.up, "up", 9, "most")
	set.Check("low", func() error {
		if s.low > s.up {
			return errors.New("it is more than up")
		}
		return nil
	})
	return s, set
}

func TestAssign(t *testing.T) {
	s, set := newSettings()
	if err := set.Assign(option.Values{
		"enabled": {Text: "No"}, "count": {Text: "7"}, "share": {Text: "0.25"}, "wait_time": {Text: "0.5"},
		"Size": {Text: "2 KB"}, "name": {Text: "x"}, "kind": {Text: "green"},
	}); err != nil {
		t.Fatal(err)
	}
	want := settings{false, 7, 0.25, 500 * time.Millisecond, 2000, "x", "green", 0, 9}
	if *s != want {
		t.Errorf("got %+v, want %+v", *s, want)
	}
}

func TestAssignKeepsDefaults(t *testing.T) {
	s, set := newSettings()
	if err := set.Assign(nil); err != nil {
		t.Fatal(err)
	}
	want := settings{true, 3, 0.5, time.Second, 64 << 10, "", "red", 0, 9}
	if *s != want {
		t.Errorf("got %+v, want %+v", *s, want)
	}
	for _, o := range set.Options() {
		if o.Default != o.Value() {
			t.Errorf("%s: default %q, value %q", o.Name, o.Default, o.Value())
		}
	}
}

// Each wrong value has its exact message.
func TestErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"on", "perhaps", `f:1: on: "perhaps" is not a yes or no: write true or false`},
		{"count", "many", `f:1: count: "many" is not a whole number`},
		{"count", "-1", `f:1: count: -1 is too small: the least is 0`},
		{"count", "11", `f:1: count: 11 is too large: the most is 10`},
		{"count", "99999999999999999999", `f:1: count: "99999999999999999999" is not a whole number`},
		{"share", "NaN", `f:1: share: "NaN" is not a number`},
		{"share", "+Inf", `f:1: share: "+Inf" is not a number`},
		{"wait-time", "soon", `f:1: wait-time: "soon" is not a duration: write seconds (2, 0.5) or a number with a unit (150ms, 2m, 1h)`},
		{"wait-time", "1e300", `f:1: wait-time: "1e300" is not a duration: write seconds (2, 0.5) or a number with a unit (150ms, 2m, 1h)`},
		{"wait-time", "NaN", `f:1: wait-time: "NaN" is not a duration: write seconds (2, 0.5) or a number with a unit (150ms, 2m, 1h)`},
		{"wait-time", "-2ms", `f:1: wait-time: -2ms is too small: the least is 0s`},
		{"size", "big", `f:1: size: "big" is not a size: write bytes (8124) or a number with a unit (64KiB, 10MB)`},
		{"size", "1e30GiB", `f:1: size: "1e30GiB" is not a size: write bytes (8124) or a number with a unit (64KiB, 10MB)`},
		{"kind", "gren", `f:1: kind: "gren" is not one of: red, green: did you mean "green"?`},
		{"siez", "1", `f:1: siez: unknown option: did you mean "size"?; known: on, count, share, wait-time, size, name, kind, low, up`},
		{"low", "10", `f:1: low: it is more than up`},
	} {
		_, set := newSettings()
		err := set.Assign(option.Values{tt.name: {Text: tt.text, Place: "f:1"}})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s=%s:\n got %v\nwant %s", tt.name, tt.text, err, tt.want)
		}
	}
}

// All that is wrong is told at once, in one order, however it is wrapped.
func TestErrorsListsAll(t *testing.T) {
	_, set := newSettings()
	err := set.Assign(option.Values{"size": {Text: "x"}, "count": {Text: "y"}, "kind": {Text: "z"}})
	all := option.Errors(fmt.Errorf("outside: %w", errors.Join(err, nil)))
	if len(all) != 3 || all[0].Name != "count" || all[1].Name != "kind" || all[2].Name != "size" {
		t.Errorf("got %v", all)
	}
	if option.Errors(errors.New("other")) != nil {
		t.Error("an error of another kind counts")
	}
}

// What is formatted is read as what it was.
func TestFormatsAreRead(t *testing.T) {
	for _, d := range []time.Duration{0, 1, time.Microsecond, 150 * time.Millisecond, time.Second, 90 * time.Second,
		time.Hour, 25*time.Hour + time.Millisecond} {
		if got, err := option.ParseDuration(option.FormatDuration(d)); got != d || err != nil {
			t.Errorf("%v is written %s, read %v, %v", d, option.FormatDuration(d), got, err)
		}
	}
	for _, n := range []int64{0, 1, 1000, 1024, 64 << 10, 3 << 20, 5 << 30, 1<<30 + 1} {
		if got, err := option.ParseSize(option.FormatSize(n)); got != n || err != nil {
			t.Errorf("%d is written %s, read %d, %v", n, option.FormatSize(n), got, err)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	known := []string{"delay", "demo", "dummy", "error"}
	for word, want := range map[string]string{
		"dely": `: did you mean "delay"?`, "DELAY": `: did you mean "delay"?`, "dmeo": `: did you mean "demo"?`,
		"nosuch": "", "x": "",
	} {
		if got := option.DidYouMean(word, known); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2", "0.5", "150ms", "1h", "64KiB", "10 MB", "-1", "NaN", "1e309", "0x10p3", "", "KiB"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := option.ParseDuration(s); err == nil {
			if again, err := option.ParseDuration(option.FormatDuration(d)); err != nil || again != d {
				t.Errorf("%q is %v, written again %v, %v", s, d, again, err)
			}
		}
		if n, err := option.ParseSize(s); err == nil {
			if again, err := option.ParseSize(option.FormatSize(n)); n >= 0 && n < 1<<52 && (err != nil || again != n) {
				t.Errorf("%q is %d, written again %d, %v", s, n, again, err)
			}
		}
	})
}
