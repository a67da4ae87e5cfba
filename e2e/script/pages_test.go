package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// TestPage writes the files that the page shows, and checks every command line
// of vaurien on it, and what it is said to print.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/scripts.md")
	lab.Must(t, err)
	dir := t.TempDir()
	example, err := os.ReadFile("../../examples/ldap-under-load.star")
	lab.Must(t, err)
	lab.Must(t, os.WriteFile(filepath.Join(dir, "ldap-under-load.star"), example, 0o644))
	checked := 0
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		kind, text := m[1], m[2]
		if kind != "console" {
			name, ok := strings.CutPrefix(strings.SplitN(text, "\n", 2)[0], "# ")
			if !ok { // a part of a script
				name, text = "part.star", text+"def on_request(ctx, msg):\n    pass\n"
				defer func() { check(t, dir, "vaurien --behavior ./part.star", "") }()
			}
			lab.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
			if strings.HasSuffix(name, ".ini") {
				checked++
				check(t, dir, "vaurien --config "+name, "")
			}
			continue
		}
		for part := range strings.SplitSeq("\n"+strings.ReplaceAll(text, "\\\n", " "), "\n$ ") {
			line, want, _ := strings.Cut(part, "\n")
			if strings.HasPrefix(line, "vaurien ") {
				checked++
				check(t, dir, line, want)
			}
		}
	}
	if checked < 8 {
		t.Errorf("only %d command lines are on the page", checked)
	}
}

// check runs a command line of vaurien with --check.
func check(t *testing.T, dir, line, want string) {
	t.Helper()
	if !strings.Contains(line, "--help") && !strings.Contains(line, "--check") {
		line += " --check"
	}
	sh := exec.Command("sh", "-c", line)
	sh.Dir = dir
	out, err := sh.CombinedOutput()
	want, _, _ = strings.Cut(strings.TrimSpace(want), "…")
	if (err == nil) != (want == "") || !strings.Contains(string(out), want) {
		t.Errorf("$ %s\n%v\n%s\nwant %s", line, err, out, want)
	}
}
