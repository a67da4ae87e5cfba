package report_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// TestPage does what docs/report.md says.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/report.md")
	lab.Must(t, err)
	dir, port := t.TempDir(), lab.FreePort(t)
	here := strings.NewReplacer("localhost:6379", redisServer(t), "localhost:6380", "localhost:"+port, `"localhost", 6380`, `"localhost", `+port)
	var running *lab.Process
	ran := 0
	for _, m := range fence.FindAllStringSubmatch(string(page), -1) {
		if m[1] == "python" {
			name, _, _ := strings.Cut(strings.TrimPrefix(m[2], "# "), "\n")
			lab.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(here.Replace(m[2])), 0o644))
			continue
		}
		for part := range strings.SplitSeq("\n"+strings.TrimSpace(m[2]), "\n$ ") {
			line, want, _ := strings.Cut(part, "\n")
			switch {
			case line == "":
				continue
			case strings.HasPrefix(line, "vaurien --"):
				running = lab.Start(t, []string{"PWD=" + dir}, "sh", "-c", "cd "+dir+" && exec "+here.Replace(line))
				running.Wait(`proxy started`)
			default:
				if strings.HasPrefix(line, "vaurien report") {
					running.Stop()
				}
				sh := exec.Command("sh", "-c", line)
				sh.Dir = dir
				out, err := sh.Output()
				if !printed(string(out), want) {
					t.Errorf("$ %s\n%v\nprinted\n%s\nbut the page says\n%s", line, err, out, want)
				}
			}
			ran++
		}
	}
	if ran != 5 {
		t.Errorf("%d commands were run", ran)
	}
}

// printed compares what was printed with what the page says; … stands for
// anything in a line, and dots for any lines.
func printed(got, want string) bool {
	pattern := regexp.QuoteMeta(strings.TrimSpace(want))
	pattern = strings.ReplaceAll(pattern, regexp.QuoteMeta("..."), `[\s\S]*`)
	pattern = strings.ReplaceAll(pattern, "…", `.*`)
	return regexp.MustCompile(`^` + pattern + `$`).MatchString(strings.TrimSpace(got))
}
