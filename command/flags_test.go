package command

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/builtin"
)

func TestJoinOptional(t *testing.T) {
	for args, want := range map[string]string{
		"":                           "",
		"--http":                     "--http",
		"--http --check":             "--http --check",
		"--http true":                "--http=true",
		"--http off --check":         "--http=off --check",
		"--http localhost:9000":      "--http=localhost:9000",
		"--http docs":                "--http docs",
		"--http=1 2":                 "--http=1 2",
		"--backend --http true":      "--backend --http true", // --http is the backend's value
		"--seed 1 --http 0":          "--seed 1 --http=0",
		"--check false x":            "--check=false x",
		"--behavior_delay_before No": "--behavior_delay_before=No",
		"--handlers.delay.before false --handlers.delay.sleep true": "--handlers.delay.before=false --handlers.delay.sleep true",
		"-- --http true":        "-- --http true",
		"--nosuch true":         "--nosuch true",
		"-h true":               "-h true",
		"docs -o x --http true": "docs -o x --http=true",
	} {
		root := newRoot(&app{registry: builtin.Registry(), stdout: io.Discard, stderr: io.Discard})
		got := joinOptional(strings.Fields(args), root.Flags())
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q becomes %q, want %q", args, strings.Join(got, " "), want)
		}
	}
}
