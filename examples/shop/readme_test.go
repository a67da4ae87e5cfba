//go:build !buggy

package shop_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// A block is what stands between two fences of README.md.
type block struct{ kind, text string }

func blocks(t *testing.T) []block {
	t.Helper()
	page, err := os.ReadFile("README.md")
	must(t, err)
	var out []block
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		out = append(out, block{m[1], m[2]})
	}
	return out
}

// All Go code in README.md is that of a test or of the shop.
func TestReadme(t *testing.T) {
	var code strings.Builder
	for _, name := range []string{"chaos_test.go", "fixed.go", "buggy.go"} {
		text, err := os.ReadFile(name)
		must(t, err)
		code.Write(text)
	}
	found := 0
	for _, b := range blocks(t) {
		if b.kind != "go" {
			continue
		}
		found++
		if !strings.Contains(code.String(), b.text) {
			t.Errorf("nowhere is\n%s", b.text)
		}
	}
	if found == 0 {
		t.Error("there is no code in README.md")
	}
}

// changing is what each run prints anew: times, the names of what is made, and which
// connection is the third.
var changing = regexp.MustCompile(`^ +[23]\.\d+ |\d+(\.\d+)?(µs|ms|s)\b|(tea|ann)-[A-Z0-9]{6}`)

// anything in a line is written …
var anything = regexp.MustCompile(` ?… ?`)

// shows checks that what was printed has the lines of a block in their order; … in
// one is anything, and so is a line of dots.
func shows(t *testing.T, block, printed string) {
	t.Helper()
	tidy := func(text string) string {
		return strings.Join(strings.Fields(changing.ReplaceAllString(text, "X")), " ")
	}
	var pattern strings.Builder
	pattern.WriteString(`(?m)`)
	for line := range strings.Lines(block) {
		if line = tidy(line); line == "" || line == "..." {
			pattern.WriteString(`(?:.*\n)*?`)
			continue
		}
		pattern.WriteString(`^` + anything.ReplaceAllString(regexp.QuoteMeta(line), ".*") + `$\n`)
	}
	var got strings.Builder
	for line := range strings.Lines(printed) {
		got.WriteString(tidy(line) + "\n")
	}
	if !regexp.MustCompile(pattern.String()).MatchString(got.String()) {
		t.Errorf("README.md says\n%s\nbut printed is\n%s", block, printed)
	}
}
