package toxiproxy

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// nodeClient is the package that testdata/client.js is written for.
const nodeClient = "toxiproxy-node-client@4.1.0"

// The client for node goes through the life of proxies and all toxics.
func TestNodeClient(t *testing.T) {
	dir := t.TempDir()
	run := func(name string, args ...string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 4*lab.Patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Dir = dir
		cmd.WaitDelay = time.Second
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v (scripts/setup installs node and npm)\n%s", name, args, err, out)
		}
	}
	lab.Must(t, os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"private": true}`), 0o644))
	run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", nodeClient)
	script, err := os.ReadFile("testdata/client.js")
	lab.Must(t, err)
	lab.Must(t, os.WriteFile(filepath.Join(dir, "client.js"), script, 0o644))
	_, api := server(t)
	run("node", "client.js", "http://"+api, echo(t))
}
