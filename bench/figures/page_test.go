package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const testPage = `prose
<!-- figures:machine -->
old
<!-- /figures:machine -->
between
<!-- figures:compare -->
<!-- /figures:compare -->
end
`

func TestFillLeavesTheRest(t *testing.T) {
	got, err := fill(testPage, map[string]string{"machine": "new\n"})
	want := strings.Replace(testPage, "old", "new", 1)
	if err != nil || got != want {
		t.Errorf("fill: %q, %v; want %q", got, err, want)
	}
	if again, _ := fill(got, map[string]string{"machine": "new\n"}); again != got {
		t.Errorf("a second time it is %q, want %q", again, got)
	}
}

func TestFillRefuses(t *testing.T) {
	for name, c := range map[string]struct{ page, section, want string }{
		"no marker":    {"prose", "machine", "0 lines"},
		"two":          {testPage + opening("machine"), "machine", "2 lines"},
		"turned round": {closing("machine") + opening("machine"), "machine", "turn them round"},
		"nested":       {opening("machine") + opening("compare") + closing("machine") + closing("compare"), "machine", "another section"},
		"no section":   {testPage, "wind", "no section"},
	} {
		if _, err := fill(c.page, map[string]string{c.section: "x"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

// TestRunWritesAllOrNothing gives results and a page that lacks a marker of theirs.
func TestRunWritesAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "page.md")
	write(t, page, testPage)
	in := inputs{suite: filepath.Join(dir, "suite.jsonl")}
	write(t, in.suite, testSuite)
	if err := run(in, page, dir); err == nil || !strings.Contains(err.Error(), "figures:targets") {
		t.Fatalf("run: %v, want the missing marker", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.svg")); left != nil || read(t, page) != testPage {
		t.Errorf("something was written: %v, %q", left, read(t, page))
	}
	write(t, page, testPage+opening("targets")+closing("targets"))
	if err := run(in, page, dir); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"prose\n", "\nend\n", "| Vaurien | HAProxy |", "(./performance-compare.svg)", "**not met**"} {
		if !strings.Contains(read(t, page), want) {
			t.Errorf("the page lacks %q:\n%s", want, read(t, page))
		}
	}
	if svg := read(t, filepath.Join(dir, "performance-compare.svg")); !strings.Contains(svg, "</svg>") {
		t.Errorf("the picture is %q", svg)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
