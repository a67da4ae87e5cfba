// Package python runs the tests of the Python package against the real
// program: as pip installs it, and with the oldest and the newest Python here.
package python

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }

const (
	room = "../../python"
	page = "../../docs/python.md"

	// long is how long all tests of the package may take.
	long = 5 * time.Minute

	// oldest is the minor version of the oldest Python 3 that the package is for.
	oldest = 8
)

// The package as users have it: built and installed by pip, with the fixture
// that pytest finds by itself, and the guide. Nothing is skipped.
func TestInstalled(t *testing.T) {
	python := complete(t)
	dir := t.TempDir()
	// pip leaves files where it builds, and the tests are not to find the
	// package beside them.
	lab.Run(t, "cp", "-r", room, filepath.Join(dir, "source"))
	tests, site := filepath.Join(dir, "python"), filepath.Join(dir, "site")
	lab.Must(t, os.Mkdir(tests, 0o755))
	lab.Must(t, os.Rename(filepath.Join(dir, "source", "tests"), filepath.Join(tests, "tests")))
	lab.Must(t, os.Mkdir(filepath.Join(dir, "docs"), 0o755))
	lab.Run(t, "cp", page, filepath.Join(dir, "docs"))
	lab.Run(t, python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-build-isolation",
		"--root-user-action=ignore", "--target", site, filepath.Join(dir, "source"))

	out := suite(t, python, tests, site)
	if strings.Contains(out, "skipped") {
		t.Errorf("tests were skipped:\n%s", out)
	}
}

// The oldest and the newest Python that are here. What needs pytest is skipped
// where there is none.
func TestVersions(t *testing.T) {
	all := pythons()
	var found []int
	for minor := oldest; minor < 100; minor++ {
		if all[minor] != "" {
			found = append(found, minor)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no Python 3.%d or newer: scripts/setup installs one", oldest)
	}
	for i, minor := range found {
		if i == 0 || i == len(found)-1 {
			t.Run(fmt.Sprintf("3.%d", minor), func(t *testing.T) {
				suite(t, all[minor], room, room)
			})
		}
	}
}

func TestTypes(t *testing.T) {
	python := complete(t)
	check := exec.Command(python, "-m", "mypy", "--strict", "--cache-dir="+t.TempDir(), "vaurien")
	check.Dir = room
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("mypy: %v\n%s", err, out)
	}
}

// suite runs all tests that are in a directory, with the package that is in
// another, and returns what was printed.
func suite(t *testing.T, python, dir, site string) string {
	t.Helper()
	site, err := filepath.Abs(site)
	lab.Must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	words := append(alone(), python, "-W", "error::ResourceWarning", "-m", "unittest", "-v")
	run := exec.CommandContext(ctx, words[0], words[1:]...)
	run.Dir = dir
	run.Env = append(os.Environ(), "PYTHONPATH="+site, "PYTHONDONTWRITEBYTECODE=1")
	said, err := run.CombinedOutput()
	out := string(said)
	// A warning while an object is collected fails nothing by itself.
	if err != nil || strings.Contains(out, "ResourceWarning") {
		t.Errorf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
	if !strings.Contains(out, "test_runs_as_printed") {
		t.Errorf("the tests were not found:\n%s", out)
	}
	return out
}

// alone is what to write before a command so that it has a loopback of its own:
// the first version's example listens on the well-known ports. Where the system
// does not allow that, they must be free.
func alone() []string {
	words := []string{"unshare", "-rn", "sh", "-c", `PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && exec "$@"`, "sh"}
	if exec.Command(words[0], append(words[1:], "true")...).Run() != nil {
		return nil
	}
	return words
}

// complete returns a Python that has all that the tests use.
func complete(t *testing.T) string {
	t.Helper()
	modules := []string{"pip", "setuptools", "wheel", "mypy", "pytest", "redis"}
	const has = "import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, sys.argv[1:])))"
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, append([]string{"-c", has}, modules...)...).Run() == nil {
			return python
		}
	}
	t.Fatalf("no Python has all of %s: scripts/setup installs them", strings.Join(modules, ", "))
	return ""
}

// pythons returns the Pythons here, by minor version.
func pythons() map[int]string {
	candidates := []string{"python3", "/usr/bin/python3"}
	if home, err := os.UserHomeDir(); err == nil {
		managed, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions/3.*/bin/python3"))
		candidates = append(candidates, managed...)
	}
	found := make(map[int]string)
	for _, python := range candidates {
		out, err := exec.Command(python, "-c", "import sys; print(*sys.version_info[:2])").Output()
		var major, minor int
		if _, bad := fmt.Sscan(string(out), &major, &minor); err == nil && bad == nil && major == 3 && found[minor] == "" {
			found[minor] = python
		}
	}
	return found
}
