package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// most is how large page.js and page.css may be together, in bytes of gzip.
const most = 60 << 10

// TestSources runs the tests of what the page computes.
func TestSources(t *testing.T) {
	if out, err := exec.Command("node", "--test", "test/").CombinedOutput(); err != nil {
		t.Fatalf("node --test: %v (scripts/setup installs node)\n%s", err, out)
	}
}

// TestBundleIsFresh fails when the committed bundle is not what the sources
// make.
func TestBundleIsFresh(t *testing.T) {
	if out, err := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline").CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v (scripts/setup installs npm)\n%s", err, out)
	}
	want, err := bundle()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(assets, name))
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("control/page/assets/%s is stale: (cd web && go run .) writes it anew", name)
		}
	}
	there, err := os.ReadDir(assets)
	if err != nil {
		t.Fatal(err)
	}
	if len(there) != len(want) {
		t.Errorf("control/page/assets has %d files, the bundle %d", len(there), len(want))
	}

	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(want["page.js"])
	z.Write(want["page.css"])
	z.Close()
	t.Logf("page.js and page.css are %d bytes of gzip", packed.Len())
	if packed.Len() > most {
		t.Errorf("page.js and page.css are %d bytes of gzip, more than %d", packed.Len(), most)
	}
}
