package vaurientest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// seedVariable is the environment's variable that says the seed, here as for
// the program.
const seedVariable = "VAURIEN_SEED"

// tests are those that have proxies now. A test's proxies, and those of its
// subtests, share a seed, so that one line repeats them all.
var tests struct {
	sync.Mutex
	byRoot map[string]*rootTest
}

// A rootTest is a test that is no subtest.
type rootTest struct {
	seed    uint64
	proxies int             // that there are
	names   map[string]int  // how often a name was wanted
	told    map[string]bool // the tests that were told the seed
}

// enter notes a proxy of t's that speaks a protocol, and returns the seed of
// t's root and the name that is the proxy's unless it has another. The caller
// calls leave when the proxy is closed.
func enter(t testing.TB, protocol string) (seed uint64, name string, leave func()) {
	tests.Lock()
	defer tests.Unlock()
	root, _, _ := strings.Cut(t.Name(), "/")
	r := tests.byRoot[root]
	if r == nil {
		r = &rootTest{seed: uint64(rand.Uint32()), names: make(map[string]int), told: make(map[string]bool)} // short enough to be typed
		if tests.byRoot == nil {
			tests.byRoot = make(map[string]*rootTest)
		}
		tests.byRoot[root] = r
	}
	r.proxies++
	name = t.Name() + "/" + protocol
	if r.names[name]++; r.names[name] > 1 {
		name += "-" + strconv.Itoa(r.names[name])
	}
	return r.seed, name, func() {
		tests.Lock()
		defer tests.Unlock()
		if r.proxies--; r.proxies == 0 {
			delete(tests.byRoot, root)
		}
	}
}

// tellSeed says, once in t, how to run it again with the seed. The caller's
// proxy has not left.
func tellSeed(t testing.TB, seed uint64) {
	t.Helper()
	tests.Lock()
	root, _, _ := strings.Cut(t.Name(), "/")
	told := tests.byRoot[root].told
	again := told[t.Name()]
	told[t.Name()] = true
	tests.Unlock()
	if !again {
		t.Logf("vaurientest: to run it again with the same dice: %s", rerun(t, seed))
	}
}

// rerun returns the command that runs t again with the seed.
func rerun(t testing.TB, seed uint64) string {
	var pattern []string
	for part := range strings.SplitSeq(t.Name(), "/") {
		pattern = append(pattern, "^"+regexp.QuoteMeta(part)+"$")
	}
	run := quoted(strings.Join(pattern, "/"))
	if _, ok := t.(*testing.B); ok {
		run = "'^$' -bench " + run
	}
	return fmt.Sprintf("%s=%d go test -run %s %s", seedVariable, seed, run, packagePath())
}

// quoted returns text as a shell takes it for one word.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// packagePath returns the path, from its module's root, of the package whose
// tests run: go test runs them in its directory.
func packagePath() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	for root := dir; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			path, err := filepath.Rel(root, dir)
			if err != nil || path == "." {
				return "."
			}
			return "./" + filepath.ToSlash(path)
		}
		if root == filepath.Dir(root) {
			return "."
		}
	}
}
