package memcache

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// What libmemcached makes of a failure is what it makes of the same failure of
// a real server. (Not so of one connection too many: the real server closes it
// at once, and a client that has already asked may see a reset before it reads
// why.)
func TestSeenAsTheServersOwn(t *testing.T) {
	dir := t.TempDir()
	file, users := filepath.Join(dir, "there"), filepath.Join(dir, "users")
	lab.Must(t, os.WriteFile(file, []byte(strings.Repeat("x", 1100)), 0o644))
	lab.Must(t, os.WriteFile(users, []byte("user:password\n"), 0o600))

	well, small, noFlush, secret := memcached(t), memcached(t, "-I", "1k", "-o", "slab_chunk_max=512"), memcached(t, "-F"), memcached(t, "-Y", users)
	const binary = "--binary"
	for _, tt := range []struct {
		kind, real string
		there      bool // the key is there
		args       []string
	}{
		{"too-large", small, false, []string{"memccp", "FILE"}},
		{"too-large", small, false, []string{"memccp", binary, "FILE"}},
		{"flush-not-allowed", noFlush, false, []string{"memcflush"}},
		{"flush-not-allowed", noFlush, false, []string{"memcflush", binary}},
		{"unauthenticated", secret, false, []string{"memccat", "there"}},
		{"unauthenticated", secret, false, []string{"memcrm", "there"}},
		{"unauthenticated", secret, false, []string{"memctouch", "there"}},
		{"miss", well, false, []string{"memccat", "there"}},
		{"miss", well, false, []string{"memccat", "there", "there2"}},
		{"miss", well, false, []string{"memccat", binary, "there", "there2"}},
		{"not-stored", well, true, []string{"memccp", "--add", "FILE"}},
		{"not-stored", well, false, []string{"memccp", "--replace", "FILE"}},
		{"exists", well, true, []string{"memccp", binary, "--add", "FILE"}},
		{"not-found", well, false, []string{"memccp", binary, "--replace", "FILE"}},
		{"not-found", well, false, []string{"memcrm", "there"}},
		{"not-found", well, false, []string{"memcrm", binary, "there"}},
		{"not-found", well, false, []string{"memctouch", "there"}},
		{"not-found", well, false, []string{"memctouch", binary, "there"}},
	} {
		args := append([]string{"--verbose"}, tt.args[1:]...)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "FILE", file)
		}
		if tt.real == well {
			store(t, well, "flush_all\r\n")
			if tt.there {
				store(t, well, "set there 0 0 1\r\nx\r\n")
			}
		}
		want := pointer.ReplaceAllString(tool(t, tt.real, tt.args[0], args...), "")

		// Through vaurien it would go well.
		backend := memcached(t)
		if !tt.there {
			store(t, backend, "set there 0 0 1\r\nx\r\n", "set there2 0 0 1\r\nx\r\n")
		}
		_, addr := failing(t, backend, tt.kind)
		if got := pointer.ReplaceAllString(tool(t, addr, tt.args[0], args...), ""); got != want {
			t.Errorf("%s, %v: %s\nof the real one: %s", tt.kind, tt.args, got, want)
		}
	}
}
