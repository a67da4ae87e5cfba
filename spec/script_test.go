package spec_test

import (
	"fmt"
	"testing"

	"github.com/vaurien-proxy/vaurien/spec"
)

// A file names scripts by callable and in draws; their paths begin where the
// file is.
func TestScripts(t *testing.T) {
	for _, tt := range []struct{ file, text, draw, want string }{
		{
			"etc/v.ini", "[vaurien]\nbehavior = 20:super,5:./other.star\n[handler:super]\ncallable = lib/super.star\nslowness = 2\n",
			"20:super,5:other", "[{other etc/other.star etc/v.ini:2} {super etc/lib/super.star etc/v.ini:4}]",
		},
		{
			"v.yaml", "behavior: [{weight: 20, name: /a/one.star, x: 1}, {name: two, callable: b.star, weight: 5}, '75:./three.star']\n" +
				"behaviors: {slow-line: {Callable: c.star, x: 1}}\n",
			"20:one,5:two,75:three", "[{two b.star v.yaml:1} {one /a/one.star v.yaml:1} {three three.star v.yaml:1} {slow-line c.star v.yaml:2}]",
		},
		{"v.yaml", "behaviors: {slow_line: {callable: c.star, latency: 1s}}\nbackend: x:1\n", "100:dummy", "[{slow_line c.star v.yaml:1}]"},
	} {
		f, err := spec.Parse(tt.file, []byte(tt.text), toxicWords())
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
		}
		if got := fmt.Sprint(f.Scripts); got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.text, got, tt.want)
		}
		if len(f.Proxies) == 1 && f.Proxies[0].Plan.Draw() != tt.draw {
			t.Errorf("%s: the draw is %s", tt.text, f.Proxies[0].Plan.Draw())
		}
	}
}
