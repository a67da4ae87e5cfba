//go:build !buggy

package shop_test

import (
	"errors"
	"flag"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "make docs/images/matrix.png anew")

// TestMatrix runs what README.md says of "vaurien matrix": as expected comes what
// happens to the shop, and not what happens to the one with the bugs.
func TestMatrix(t *testing.T) {
	dir := t.TempDir()
	build(t, "-C", "../..", "-o", dir, "./cmd/vaurien")
	build(t, "-o", filepath.Join(dir, "bin", "shopper"), "./shopper")
	build(t, "-tags", "buggy", "-o", filepath.Join(dir, "bin", "shopper-buggy"), "./shopper")
	config, err := os.ReadFile("matrix.yaml")
	must(t, err)
	here := strings.NewReplacer("localhost:25432", host(t, server.Database), "localhost:26379", host(t, server.Cache),
		"localhost:28080", host(t, server.Payment))
	must(t, os.WriteFile(filepath.Join(dir, "matrix.yaml"), []byte(here.Replace(string(config))), 0o644))

	ran := 0
	for _, b := range blocks(t) {
		if line, printed, ok := strings.Cut(b.text, "\n"); ok && strings.HasPrefix(line, "$ vaurien matrix") {
			ran++
			out, status := inShell(t, dir, strings.TrimPrefix(line, "$ "))
			if buggy := strings.HasSuffix(line, "buggy"); buggy && status != 1 || !buggy && status != 0 {
				t.Errorf("%s\nended with status %d:\n%s", line, status, out)
			}
			shows(t, here.Replace(printed), out)
		}
	}
	if ran != 2 {
		t.Errorf("README.md has %d commands", ran)
	}
	if *update {
		photograph(t, filepath.Join(dir, "matrix.html"), "../../docs/images/matrix.png")
	}
}

func build(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "go", append([]string{"build"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// host returns a URL's HOST:PORT.
func host(t *testing.T, text string) string {
	t.Helper()
	u, err := url.Parse(text)
	must(t, err)
	return u.Host
}

// inShell runs a command with the programs in dir, and returns what it wrote and
// its status.
func inShell(t *testing.T, dir, line string) (string, int) {
	t.Helper()
	sh := exec.CommandContext(t.Context(), "sh", "-c", line)
	sh.Dir = dir
	sh.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"),
		"SHOP_DATABASE_URL="+server.Database, "SHOP_PAYMENT_URL="+server.Payment)
	out, err := sh.CombinedOutput()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	return string(out), sh.ProcessState.ExitCode()
}

// photograph has a browser show a page, and keeps the picture.
func photograph(t *testing.T, page, picture string) {
	t.Helper()
	picture, err := filepath.Abs(picture)
	must(t, err)
	browser := exec.CommandContext(t.Context(), "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--user-data-dir="+t.TempDir(), "--blink-settings=preferredColorScheme=1", // light
		"--window-size=1280,976", "--screenshot="+picture, "file://"+page)
	if out, err := browser.CombinedOutput(); err != nil {
		t.Fatalf("chromium: %v\n%s", err, out)
	}
}
