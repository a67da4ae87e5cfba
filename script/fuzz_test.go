package script

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Whatever a script says, it is compiled or refused, with errors of one line
// each that have a place.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"def on_request(ctx, msg):\n    ctx.fail(kind = \"x\", code = 5)\n",
		"options = {\"a\": option(duration, default = \"1s\", min = 0)}\ndef on_connect(ctx): ctx.delay(ctx.options.a)\n",
		"def f(a, b = 1):\n    a[0] += b\n    a |= {}\n    return [x for x, y in a.items() if y], {k: 1 for k in a}, a[1:2], f(*a, **{})\ndef on_reply(c, m):\n    f({})\n",
		"on_request = lambda ctx, msg: ctx.drop()\n", "x = \"%s\" % (1,)\nx2 = (((1)))\n", "load(\"a\", \"b\")", "def on_request(*a): pass",
		"def on_request(ctx, msg):\n    a, (b, c[0]) = 1, (2, 3)\n    msg.text.join\n", "x = 1 if 2 else -3\nwhile False: pass\nfor i in [1]: break\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		s, err := Parse("x.star", source)
		if err == nil {
			var set option.Set
			_, err = s.Kind("x").New(&set)(vaurien.TCP{})
		}
		if err == nil {
			return
		}
		list := option.Errors(err)
		if len(list) == 0 {
			t.Errorf("%q: not an error of the place: %v", source, err)
		}
		for _, e := range list {
			if !strings.HasPrefix(e.Place, "x.star") || strings.Contains(e.Error(), "\n") {
				t.Errorf("%q: %q", source, e)
			}
		}
	})
}

// A script that is nested deeply is refused by the parser, or not, and does not
// end the program.
func TestDeepSource(t *testing.T) {
	for _, s := range []string{"(", "[", "-", "not ", "{1:", "lambda: ", "f("} {
		Parse("x.star", "x = "+strings.Repeat(s, (maxSource-10)/len(s)))
	}
	for begin, end := range map[string]string{"(": ")", "[": "]", "-": "", "not ": "", "lambda: ": "", "int(": ")", "1+": ""} {
		n := (maxSource - 10) / len(begin+end)
		Parse("x.star", "x = "+strings.Repeat(begin, n)+"1"+strings.Repeat(end, n))
	}
}
