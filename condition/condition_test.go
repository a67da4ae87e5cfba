package condition_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/condition"
)

// attributes are those of the tests.
var attributes = []vaurien.Attribute{
	{Name: "verb", Zero: ""}, {Name: "command", Zero: ""}, {Name: "key", Zero: ""}, {Name: "sql", Zero: ""},
	{Name: "session", Zero: int64(0)}, {Name: "size", Zero: int64(0)},
	{Name: "in_transaction", Zero: false}, {Name: "readonly", Zero: false},
}

// A request has attributes.
type request map[string]any

func (r request) Attribute(name string) any { return r[name] }

var set = request{
	"verb": "SET", "command": "SET", "key": "cart:17", "sql": "select * from orders\nwhere id = 1",
	"session": int64(3), "size": int64(-7), "in_transaction": true,
}

func compile(t testing.TB, text string) *condition.Condition {
	t.Helper()
	c, err := condition.Compile(text, attributes)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return c
}

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		text string
		want bool
	}{
		{`command == "SET" && key.startsWith("cart:")`, true},
		{`command == "GET" && key.startsWith("cart:")`, false},
		{`verb == "COMMIT"`, false},
		{`sql.contains("orders")`, true},

		// both spellings
		{`command == 'SET' and key.startswith('cart:')`, true},
		{`verb != "SET" || !readonly`, true},
		{`verb != "SET" or not readonly`, true},
		{`!(verb == "SET")`, false},
		{`!verb == "SET"`, false},
		{`!!in_transaction`, true},
		{`in_transaction&&!readonly`, true},
		{`true && True && !false && !False`, true},
		{`in_transaction == true`, true},
		{`readonly == False`, true},
		{"verb == \"GET\" ||\n  verb == \"SET\"\r\n", true},

		// text
		{`key.endsWith("17") and key.endswith("7")`, true},
		{`key.startsWith(["user:", "cart:"])`, true},
		{`key.endsWith(("1", "2"))`, false},
		{`key.contains(verb)`, false},
		{`"art" in key`, true},
		{`"x" not in key`, true},
		{`key.matches("^cart:[0-9]+$")`, true},
		{`key.matches(r"\d{3}")`, false},
		{`verb.lower() == "set" and "a b".upper() == "A B" and " x ".strip() == "x"`, true},
		{`key[0] == "c" and key[-1] == "7"`, true},
		{`key[:5] == "cart:" and key[5:] == "17" and key[-2:-1] == "1" and key[5:2] == "" and key[:] == key`, true},
		{`key[:99] == key and key[99:] == ""`, true},
		{`len(key) == 7`, true},
		{`key < "d" and key >= "cart" and not key <= "a" and key > ""`, true},
		{`"&& || ! = #" != '"' and "\"&&" != '\'||'`, true},
		{`"ü" == "\u00fc"`, true},

		// numbers
		{`session == 3 and size < 0 and session > size`, true},
		{`session % 2 == 1`, true},
		{`size // 2 == -4 and size % 4 == 1 and size % -4 == -3 and size // -2 == 3`, true},
		{`1 + 2 * 3 - 4 == 3 and -session == -3 and +session == 3`, true},
		{`int(key[5:]) == 17 and str(session) == "3" and int(session) == 3 and str(key) == key`, true},
		{`9223372036854775807 > 0`, true},
		{`session <= 3 && session >= 3`, true},

		// lists, choices
		{`verb in ["GET", "SET"]`, true},
		{`verb in ("GET", "DEL")`, false},
		{`verb not in ["GET", key]`, true},
		{`session in [1, 2, 3]`, true},
		{`verb in []`, false},
		{`["GET", "SET"].contains(verb)`, true},
		{`(key if in_transaction else verb) == "cart:17"`, true},
		{`(1 if readonly else 2) == 2 and (readonly if readonly else true)`, true},

		// what a request does not have is the attribute's Zero
		{`readonly`, false},
	} {
		got, err := compile(t, tt.text).Match(set)
		if got != tt.want || err != nil {
			t.Errorf("%s: %v, %v; want %v", tt.text, got, err, tt.want)
		}
	}
}

// Each wrong condition has its exact message.
func TestCompileErrors(t *testing.T) {
	const known = "known: verb, command, key, sql, session, size, in_transaction, readonly"
	for _, tt := range []struct{ text, want string }{
		{``, `column 1: empty: write an expression, such as verb == "GET"`},
		{` `, `column 1: empty: write an expression, such as verb == "GET"`},
		{"\xff", `column 1: not UTF-8: write such bytes as \x escapes`},
		{strings.Repeat(" ", 4097), `column 1: a condition has 4096 bytes at most`},

		{`verb == "GET" && keyy == "x"`, `column 18: unknown attribute "keyy": did you mean "key"? ` + known},
		{`nosuchthing`, `column 1: unknown attribute "nosuchthing"; ` + known},
		{`"é" == "é" && x1y2z`, `column 15: unknown attribute "x1y2z"; ` + known},
		{`verb == null`, `column 9: no attribute is ever null: of a request without it, text is "", a number 0 and anything else false`},

		{`verb = "GET"`, `column 6: write == to compare`},
		{`verb === "GET"`, `column 6: write == to compare`},
		{`verb == "GET" & readonly`, `column 15: write && or ||`},
		{`verb == "GET" | readonly`, `column 15: write && or ||`},
		{`verb == """GET"""`, `column 9: write text between single or double quotes`},
		{`readonly # or not`, `column 10: a condition has no comments`},
		{`verb == "GET`, `column 9: text without its closing quote`},
		{"verb == \"GET\n\"", `column 9: text without its closing quote on its line`},
		{`verb == `, `column 9: got the end, want primary expression`},
		{`(readonly`, `column 10: got the end, want ')'`},
		{`readonly AND readonly`, `column 10: AND after a whole expression: write && or || between two`},
		{`verb "a b" == verb`, `column 6: "a b" after a whole expression: write && or || between two`},
		{`readonly)`, `column 9: unexpected ')'`},
		{`key.startsWith("a"`, `column 19: got the end, want ')'`},
		{`verb not "GET"`, `column 10: got string literal, want in`},
		{`readonly && `, `column 13: got the end, want primary expression`},
		{`readonly ? true : false`, `column 10: unexpected input character '?'`},
		{`1 < session < 5`, `column 13: < does not associate with < (use parens)`},

		{`verb`, `column 1: a condition is true or false; this is text: compare it, as in verb == "GET"`},
		{`len(key)`, `column 1: a condition is true or false; this is a number: compare it, as in verb == "GET"`},
		{`session == "3"`, `column 9: a number == text: both sides must be of one kind`},
		{`readonly == 1`, `column 10: true or false == a number: both sides must be of one kind`},
		{`verb && readonly`, `column 1: and takes true or false, not text: compare it, as in verb != ""`},
		{`readonly || session`, `column 13: or takes true or false, not a number: compare it, as in session != 0`},
		{`!verb`, `column 2: not takes true or false, not text: compare it, as in verb != ""`},
		{`readonly < true`, `column 10: true and false have no order`},
		{`verb in [1]`, `column 10: text in a list with a number: all must be of one kind`},
		{`session in key`, `column 9: a number in text: write text in text, or a list, as in verb in ["GET", "HEAD"]`},
		{`readonly in [true]`, `column 10: in takes text or a number, not true or false`},
		{`verb == ["GET"]`, `column 9: a list has its place after in: verb in ["GET", "HEAD"]`},
		{`"a", "b"`, `column 1: a list has its place after in: verb in ["GET", "HEAD"]`},
		{`(1 if readonly else "") == 1`, `column 4: a number if so, and text if not: both must be of one kind`},

		{`verb + key == ""`, `column 1: + takes a number, not text`},
		{`"x" * 1000000000 == ""`, `column 1: * takes a number, not text`},
		{`"%s" % key == ""`, `column 1: % takes a number, not text`},
		{`session / 2 == 1`, `column 9: write // to divide whole numbers`},
		{`session << 60 == 1`, `column 9: << is not allowed in a condition`},
		{`~session == 1`, `column 1: ~ is not allowed in a condition`},
		{`1.5 < session`, `column 1: 1.5 is no whole number of 64 bits`},
		{`9223372036854775808 > session`, `column 1: 9223372036854775808 is no whole number of 64 bits`},
		{`verb == b"GET"`, `column 9: write text without a b before it`},
		{`[x for x in "abc"] == 1`, `column 1: not allowed in a condition`},
		{`{} == 1`, `column 1: not allowed in a condition`},
		{`lambda: 1`, `column 1: not allowed in a condition`},

		{`key.startWith("x")`, `column 5: unknown method "startWith": did you mean "startsWith"? known: contains, endsWith, lower, matches, startsWith, strip, upper`},
		{`key.join("x")`, `column 5: unknown method "join"; known: contains, endsWith, lower, matches, startsWith, strip, upper`},
		{`key.startsWith`, `column 5: "startsWith" without parentheses: methods are called, as in key.startsWith("cart:")`},
		{`key.startsWith(1)`, `column 16: startsWith takes text, not a number`},
		{`key.startsWith()`, `column 15: startsWith takes one argument`},
		{`key.startsWith("a", "b")`, `column 15: startsWith takes one argument`},
		{`key.startsWith(*key)`, `column 16: * is not allowed in a condition`},
		{`key.lower("a") == ""`, `column 10: lower takes no argument`},
		{`session.contains("a")`, `column 1: contains takes text, not a number`},
		{`key.matches(verb)`, `column 13: matches takes a pattern in quotes`},
		{`key.matches("[")`, "column 13: error parsing regexp: missing closing ]: `[`"},
		{`range(9) == 1`, `column 1: unknown function "range"; known: int, len, str`},
		{`len() == 1`, `column 4: len takes one argument`},
		{`len(session) == 1`, `column 5: len takes text, not a number`},
		{`int(readonly) == 1`, `column 5: int takes text, not true or false`},
		{`str(readonly) == ""`, `column 5: str takes a number, not true or false`},
		{`key.lower()() == ""`, `column 12: only len, int, str and the methods of text can be called`},
		{`key[::2] == ""`, `column 7: a step is not allowed in a condition`},
		{`key["a"] == ""`, `column 5: [ ] takes a number, not text`},
		{strings.Repeat("(", 1500) + "readonly", `column 78: excessive nesting`},
	} {
		_, err := condition.Compile(tt.text, attributes)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%.80s:\n got %v\nwant %s", tt.text, err, tt.want)
		}
		var ce *condition.Error
		if err != nil && !errors.As(err, &ce) {
			t.Errorf("%.80s: the error is a %T", tt.text, err)
		}
	}
}

// What cannot be computed does not match, and says why.
func TestMatchErrors(t *testing.T) {
	big := request{"size": int64(1) << 62, "session": int64(-1 << 63), "sql": strings.Repeat("x", 70<<10)}
	for _, tt := range []struct {
		text string
		of   request
		want string
	}{
		{`session % size == 0`, request{}, "column 9: division by zero"},
		{`session // size == 0`, request{}, "column 9: division by zero"},
		{`size + size > 0`, big, "column 6: a number of more than 64 bits"},
		{`session - size < 0`, big, "column 9: a number of more than 64 bits"},
		{`size * 4 > 0`, big, "column 6: a number of more than 64 bits"},
		{`session // -1 > 0`, big, "column 9: a number of more than 64 bits"},
		{`-session > 0`, big, "column 1: a number of more than 64 bits"},
		{`key[0] == "c"`, request{}, "column 4: index out of range: the text has 0 bytes"},
		{`not (int(key) == 1)`, request{"key": "1_0"}, `column 9: int of "1_0", which is no whole number of 64 bits`},
		{`sql.matches("y") or true`, big, "column 13: text of more than 64 KiB is not compared with a pattern"},
	} {
		got, err := compile(t, tt.text).Match(tt.of)
		if got || err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, %v; want %s", tt.text, got, err, tt.want)
		}
	}
	// The next request starts anew, and what is not reached does no harm.
	c := compile(t, `verb != "" && key[0] == "c"`)
	for _, r := range []request{{}, {"verb": "GET"}, {}} {
		if _, err := c.Match(r); (err != nil) != (r["verb"] != nil) {
			t.Errorf("%v: %v", r, err)
		}
	}
}

// A counter counts what it is asked for.
type counter map[string]int

func (c counter) Attribute(name string) any {
	c[name]++
	return set[name]
}

// An attribute is asked for once, and only if it decides.
func TestAttributesAreLazy(t *testing.T) {
	for _, tt := range []struct {
		text string
		want counter
	}{
		{`verb == "GET" && key == "x"`, counter{"verb": 1}},
		{`verb == "SET" || key == "x"`, counter{"verb": 1}},
		{`key == "x" || key == "y" || key.startsWith("z")`, counter{"key": 1}},
		{`true || key == verb`, counter{}},
	} {
		got := counter{}
		compile(t, tt.text).Match(got)
		if len(got) != len(tt.want) || got["verb"] != tt.want["verb"] || got["key"] != tt.want["key"] {
			t.Errorf("%s: asked for %v, want %v", tt.text, got, tt.want)
		}
	}
	if got := strings.Join(compile(t, `key == verb || verb == key || readonly`).Names(), " "); got != "key verb readonly" {
		t.Errorf("it names %s", got)
	}
}

// A fixed request does not allocate by itself.
type fixed struct{ verb, key any }

func (f *fixed) Attribute(name string) any {
	if name == "key" {
		return f.key
	}
	return f.verb
}

const usual = `command == "SET" && key.startsWith("cart:")`

func TestNoAllocations(t *testing.T) {
	c, of := compile(t, usual), &fixed{"SET", "cart:1"}
	if n := testing.AllocsPerRun(1000, func() {
		if yes, err := c.Match(of); !yes || err != nil {
			t.Fatal(yes, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, text := range []string{`verb == "COMMIT"`, usual, `verb in ["GET", "HEAD", "SET"] && key.matches("^cart:[0-9]+$")`} {
		c, of := compile(b, text), &fixed{"SET", "cart:1"}
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Match(of)
			}
		})
	}
}

func BenchmarkMatchParallel(b *testing.B) {
	c := compile(b, usual)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		of := &fixed{"SET", "cart:1"}
		for pb.Next() {
			c.Match(of)
		}
	})
}

// No text panics, and what compiles has a place in its errors.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{usual, `!readonly || size % 2 == 0`, `key[1:-1].matches("a")`, `verb in ["a", 'b']`, `"\"&&#`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := condition.Compile(text, attributes)
		var ce *condition.Error
		if err != nil {
			if !errors.As(err, &ce) || ce.Column < 1 || ce.Column > len([]rune(text))+1 || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		for _, r := range []request{set, {}} {
			if yes, err := c.Match(r); yes && err != nil {
				t.Errorf("%q: both true and %v", text, err)
			}
		}
	})
}
