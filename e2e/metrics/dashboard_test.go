package metrics

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// A dashboard is what a test wants to know of docs/grafana/vaurien.json.
type dashboard struct {
	t          testing.TB
	Templating struct {
		List []struct{ Name, Definition string }
	}
	Panels []struct {
		Title, Type string
		Datasource  struct{ UID string }
		GridPos     struct{ X, Y, W, H int }
		Targets     []struct{ RefID, Expr string }
	}
}

func newDashboard(t testing.TB) *dashboard {
	t.Helper()
	text, err := os.ReadFile("../../docs/grafana/vaurien.json")
	lab.Must(t, err)
	d := &dashboard{t: t}
	lab.Must(t, json.Unmarshal(text, d))
	return d
}

// here is what Grafana puts in the place of variables.
var here = strings.NewReplacer("$__rate_interval", "10s", "$instance", ".*", "$proxy", ".*")

// questions returns what the panels ask for, by panel.
func (d *dashboard) questions() map[string]string {
	out := make(map[string]string)
	for _, p := range d.Panels {
		for i, target := range p.Targets {
			out[fmt.Sprintf("%s %d", p.Title, i+1)] = here.Replace(target.Expr)
		}
	}
	if len(out) < 20 {
		d.t.Fatalf("there are %d questions", len(out))
	}
	return out
}

// names returns the metrics that an expression is about.
func names(t *testing.T, expr string) []string {
	t.Helper()
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		t.Errorf("%s: %v", expr, err)
		return nil
	}
	var names []string
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			names = append(names, v.Name)
		}
		return nil
	})
	return names
}

// TestDashboard: each question can be asked, about metrics that there are, and
// every metric of ours is on it.
func TestDashboard(t *testing.T) {
	w := newWorld(t)
	w.traffic()
	page, err := get("http://127.0.0.1:" + w.api + "/metrics")
	lab.Must(t, err)
	known := make(map[string]bool) // and whether the dashboard has it
	for line := range strings.Lines(page) {
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, _, _ := strings.Cut(rest, " ")
			known[name] = false
		}
	}
	d := newDashboard(t)
	use := func(where, name string) {
		name = strings.TrimSuffix(name, "_bucket")
		if _, ok := known[name]; !ok {
			t.Errorf("%s: there is no metric %s", where, name)
		}
		known[name] = true
	}
	for where, expr := range d.questions() {
		for _, name := range names(t, expr) {
			use(where, name)
		}
	}
	for _, v := range d.Templating.List {
		if inner, ok := strings.CutPrefix(v.Definition, "label_values("); ok {
			expr := inner[:strings.LastIndex(inner, ",")]
			for _, name := range names(t, here.Replace(expr)) {
				use("variable "+v.Name, name)
			}
		}
	}
	for name, used := range known {
		if strings.HasPrefix(name, "vaurien_") && !used && name != "vaurien_proxy_info" {
			t.Errorf("the dashboard does not have %s", name)
		}
	}
}

// TestLayout: panels have a place of their own, and a source of data that can be
// chosen.
func TestLayout(t *testing.T) {
	taken := make(map[[2]int]string)
	for _, p := range newDashboard(t).Panels {
		if p.Type != "row" && p.Datasource.UID != "${datasource}" {
			t.Errorf("%s asks %q", p.Title, p.Datasource.UID)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s lies on %q at %d, %d", p.Title, other, x, y)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
}
