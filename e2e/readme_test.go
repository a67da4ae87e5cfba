package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// A block is what stands between two fences of a Markdown page.
type block struct {
	kind string // console, ini, yaml, go …
	text string
}

func blocks(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(page)
	lab.Must(t, err)
	var out []block
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		out = append(out, block{m[1], m[2]})
	}
	return out
}

// A command is one of a console block, with what it is said to print.
type command struct{ line, want string }

func commands(text string) []command {
	var out []command
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		if c, ok := strings.CutPrefix(line, "$ "); ok {
			out = append(out, command{line: strings.TrimSpace(c)})
		} else if len(out) > 0 {
			out[len(out)-1].want += line
		}
	}
	return out
}

// notHere are commands that need more than this machine, or are run by others:
// the demonstration by its own test, the tests by whoever runs this.
var notHere = regexp.MustCompile(`^(go install|\./scripts/test|go run \./cmd/vaurien demo$|vaurien (run|matrix) .*-- pytest)`)

// ends are the command lines of vaurien that do not run a proxy.
var ends = regexp.MustCompile(`^vaurien .*(--check|--version|--help)|^vaurien (docs|demo|completion|ctl|top)`)

// TestPages runs every command of the pages in their order: a proxy until the
// next one starts, other commands to their end, and compares what they print
// where the page says it. google.com is a real nginx here, and the well-known
// ports are free ones.
func TestPages(t *testing.T) {
	for _, page := range []string{"../README.md", "../docs/toxiproxy.md", "../docs/metrics.md", "../docs/page.md", "../docs/top.md"} {
		t.Run(filepath.Base(page), func(t *testing.T) { runPage(t, page) })
	}
}

func runPage(t *testing.T, page string) {
	backend, proxy, api, meta := nginx(t), lab.FreePort(t), lab.FreePort(t), lab.FreePort(t)
	toxiproxy, redis, db := lab.FreePort(t), lab.FreePort(t), lab.FreePort(t)
	here := strings.NewReplacer(
		"google.com:80", backend, "localhost:8000", "localhost:"+proxy, "localhost:8080", "localhost:"+api,
		"vaurienctl ", "vaurienctl --host http://localhost:"+api+" ", "localhost:9998", "localhost:"+meta, "/8080/", "/"+api+"/",
		":8474", ":"+toxiproxy, ":26379", ":"+redis, ":25432", ":"+db,
	)
	ofProxy := []string{"VAURIEN_PROXY=localhost:" + proxy, "VAURIEN_BACKEND=" + backend}
	env := []string{
		"VAURIEN_HTTP_PORT=" + api,
		"VAURIEN_TOXIPROXY_PORT=" + toxiproxy, "TOXIPROXY_URL=http://localhost:" + toxiproxy,
	}
	dir := t.TempDir()
	var running *lab.Process
	ran := 0
	for _, b := range blocks(t, page) {
		if b.kind == "ini" || b.kind == "yaml" || b.kind == "json" {
			name, ok := strings.CutPrefix(strings.SplitN(b.text, "\n", 2)[0], "# ")
			if b.kind == "json" { // which has no comments: the file is called as the page
				name, ok = strings.TrimSuffix(filepath.Base(page), ".md")+".json", true
			}
			if !ok {
				t.Errorf("a block does not begin with its file's name:\n%s", b.text)
				continue
			}
			lab.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(here.Replace(b.text)), 0o644))
		}
		if b.kind != "console" {
			continue
		}
		for _, c := range commands(b.text) {
			if notHere.MatchString(c.line) {
				continue
			}
			ran++
			line := here.Replace(c.line)
			if strings.HasPrefix(line, "vaurien ") && !ends.MatchString(line) {
				if running != nil {
					running.Stop()
				}
				environ := append(slices.Clone(env), "PWD="+dir)
				if !strings.HasPrefix(line, "vaurien toxiproxy") { // which begins without proxies
					environ = append(environ, ofProxy...)
				}
				running = lab.Start(t, environ, "sh", "-c", "cd "+dir+" && exec "+line)
				running.Wait(`(?:proxy|meta-vaurien|Toxiproxy API"?) started`)
				continue
			}
			sh := exec.Command("sh", "-c", line)
			sh.Dir, sh.Env = dir, slices.Concat(os.Environ(), env, ofProxy)
			var said, complained strings.Builder
			sh.Stdout, sh.Stderr = &said, &complained
			err := sh.Run()
			out := said.String()
			if out == "" {
				out = complained.String() // curl's progress is not what it says
			}
			if c.want == "" && err != nil {
				t.Errorf("$ %s\n%v\n%s", c.line, err, complained.String())
			}
			if c.want != "" && !printed(out, here.Replace(c.want)) {
				t.Errorf("$ %s\nprinted\n%s\nbut the page says\n%s", c.line, out, c.want)
			}
		}
	}
	t.Logf("%d commands", ran)
	if ran == 0 {
		t.Error("there is no command on the page")
	}
}

// TestGuides checks every command line of vaurien, and every file, that the
// other pages show: what they say is understood.
func TestGuides(t *testing.T) {
	pages, err := filepath.Glob("../docs/protocols/*.md")
	lab.Must(t, err)
	for _, page := range append(pages, "../docs/conditions.md", "../docs/streams.md", "../docs/ledger.md") {
		t.Run(filepath.Base(page), func(t *testing.T) {
			dir := t.TempDir()
			checked := 0
			for _, b := range blocks(t, page) {
				var lines []string
				switch b.kind {
				case "ini", "yaml":
					name := filepath.Join(dir, "vaurien."+b.kind)
					lab.Must(t, os.WriteFile(name, []byte(b.text), 0o644))
					lines = []string{"vaurien --config " + name}
				case "console":
					for _, c := range commands(b.text) {
						if strings.HasPrefix(c.line, "vaurien ") && !ends.MatchString(c.line) {
							lines = append(lines, c.line)
						}
					}
				}
				for _, line := range lines {
					checked++
					if out, err := exec.Command("sh", "-c", line+" --check").CombinedOutput(); err != nil {
						t.Errorf("$ %s\n%s", line, out)
					}
				}
			}
			if checked == 0 {
				t.Error("there is no command on the page")
			}
		})
	}
}

// printed compares what was printed with what a page says; … in a line stands
// for anything, and a line of dots for any lines.
func printed(got, want string) bool {
	pattern := regexp.QuoteMeta(strings.TrimSpace(want))
	pattern = strings.ReplaceAll(pattern, regexp.QuoteMeta("..."), `[\s\S]*`)
	pattern = strings.ReplaceAll(pattern, "…", `.*`)
	return regexp.MustCompile(`^` + pattern + `$`).MatchString(strings.TrimSpace(got))
}
