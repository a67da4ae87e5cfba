package reference

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/config"
)

// The files that the page shows are read without complaint and describe what
// it says they do.
func TestExamples(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"example.ini":  {ExampleINI, "default 20:delay,5:error\n"},
		"example.yaml": {ExampleYAML, "web 20:delay,5:error\ncache 10:delay,1:blackout\n"},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		program, err := config.Source{File: path}.Load(builtin.Registry())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := ""
		for _, p := range program.Proxies {
			got += p.Name + " " + p.Plan.Draw() + "\n"
		}
		if got != test.want {
			t.Errorf("%s describes\n%swant\n%s", name, got, test.want)
		}
	}
}

func TestHelp(t *testing.T) {
	var b bytes.Buffer
	if err := Help(&b, builtin.Registry(), []Command{{"docs", "writes"}}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if lines := strings.Split(text, "\n"); len(lines) < 50 {
		t.Errorf("only %d lines", len(lines))
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if utf8.RuneCountInString(line) > lineWidth && strings.Count(line, " ") > docColumn {
			t.Errorf("longer than %d: %q", lineWidth, line)
		}
		if strings.HasSuffix(line, " ") {
			t.Errorf("ends in a space: %q", line)
		}
	}
	// Whoever reads only one screen has the flags that matter.
	head := strings.Join(strings.Split(text, "\n")[:60], "\n")
	for _, flag := range first {
		if !strings.Contains(head, "\n  --"+flag) {
			t.Errorf("--%s is not among the first 60 lines", flag)
		}
	}
	everySetting(t, text, func(f config.Field) string { return "--" + f.Flags()[0] })
}

func TestMarkdown(t *testing.T) {
	var b bytes.Buffer
	if err := Markdown(&b, builtin.Registry(), []Command{{"docs", "writes | this"}}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	everySetting(t, text, func(f config.Field) string { return "`" + f.Envs()[0] + "`" })
	if !strings.Contains(text, `| writes \| this |`) {
		t.Error("a bar in a text is not kept from ending the cell")
	}
	// Every row of a table has as many cells as the one above it.
	cells := 0
	for line := range strings.Lines(strings.ReplaceAll(text, `\|`, "")) {
		n := strings.Count(line, "|")
		if strings.HasPrefix(line, "|") && cells > 0 && n != cells {
			t.Errorf("%d bars where %d were above: %s", n, cells, line)
		}
		cells = n
	}
}

// everySetting checks that text has a word for each setting there is.
func everySetting(t *testing.T, text string, word func(config.Field) string) {
	t.Helper()
	for _, f := range config.Fields(config.Words(builtin.Registry())) {
		if f.Option.Common {
			f.Kind = anyKind // said once for all
		}
		if !strings.Contains(text, word(f)) {
			t.Errorf("%s is not there", word(f))
		}
		if !strings.Contains(strings.Join(strings.Fields(text), " "), strings.ReplaceAll(f.Option.Doc, "|", `\|`)) {
			t.Errorf("what %s is is not there", word(f))
		}
	}
}
