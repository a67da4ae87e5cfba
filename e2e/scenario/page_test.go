package scenario

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"net/http"
	"net/http/httptest"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// TestPage checks every file of docs/scenarios.md and runs every command, in
// their order. In what they print, … stands for anything.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/scenarios.md")
	lab.Must(t, err)
	application := httptest.NewServer(http.NotFoundHandler())
	application.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	defer application.Close()
	here := strings.NewReplacer("http://localhost:9000", application.URL, "localhost:9000", application.Listener.Addr().String(),
		"localhost:8000", "127.0.0.1:0", "--http &", "--http 127.0.0.1:0 &")
	dir := t.TempDir()
	lab.Must(t, os.WriteFile(filepath.Join(dir, "check.sh"), []byte("#!/bin/sh\n"), 0o755))
	env := os.Environ()
	files, ran := 0, 0
	for _, block := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		if block[1] == "yaml" {
			name, ok := strings.CutPrefix(strings.SplitN(block[2], "\n", 2)[0], "# ")
			if !ok {
				t.Fatalf("a block does not begin with its file's name:\n%s", block[2])
			}
			lab.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(here.Replace(block[2])), 0o644))
			cmd := exec.Command("vaurien", "scenario", "check", name)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %s", name, out)
			}
			files++
			continue
		}
		for _, command := range strings.Split("\n"+block[2], "\n$ ")[1:] {
			line, want, _ := strings.Cut(command, "\n")
			ran++
			if server, ok := strings.CutSuffix(here.Replace(line), " &"); ok {
				p := lab.Start(t, nil, "sh", "-c", "exec "+server)
				env = append(env, "VAURIEN_URL="+p.Wait(`control API started" url=(\S+)`))
				continue
			}
			cmd := exec.Command("sh", "-c", here.Replace(line))
			cmd.Dir, cmd.Env = dir, env
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("$ %s\n%v\n%s", line, err, out)
			}
			if !like(here.Replace(want), string(out)) {
				t.Errorf("$ %s\nprinted\n%s\nbut the page says\n%s", line, out, want)
			}
		}
	}
	if files < 5 || ran < 8 {
		t.Errorf("only %d files and %d commands were found", files, ran)
	}
}

var spaces = regexp.MustCompile(`[ \n]+`)

// like compares what was printed with what the page says. Columns are as wide
// as what is in them, which is not the page's here.
func like(want, got string) bool {
	var pattern []string
	for part := range strings.SplitSeq(strings.TrimSpace(spaces.ReplaceAllString(want, " ")), "…") {
		pattern = append(pattern, regexp.QuoteMeta(part))
	}
	return regexp.MustCompile(`(?s)\A` + strings.Join(pattern, ".*") + `\z`).MatchString(strings.TrimSpace(spaces.ReplaceAllString(got, " ")))
}
