package spec

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/option"
)

// FuzzINI and FuzzYAML look for files on which reading panics, takes what was
// not written, or finds fault without saying where.
func FuzzINI(f *testing.F) {
	f.Add("[vaurien]\ndistant = google.com:80\nlocal = localhost:8000\nbehavior = 20:delay\n\n[handler:delay]\nsleep = 2\n")
	f.Add("[statsd]\nenabled=1\n[protocol:http]\noverwrite_host_header: \"yes\" ; so\n")
	f.Add("[vaurien]\n- = `x\n\"\"\"")
	f.Fuzz(func(t *testing.T, text string) { fuzzParse(t, "v.ini", text) })
}

func FuzzYAML(f *testing.F) {
	f.Add("http: localhost:8080\nproxies:\n  web: &w\n    behavior: [{weight: 20, name: delay, sleep: 2}, 5:error]\n  b: {<<: *w}\n")
	f.Add("a: &x [*x]\nbehaviors: {delay: {sleep: 2}}\n")
	f.Add("<<: [{seed: 1}, {seed: 2}]\n? [a]\n: b\n")
	f.Fuzz(func(t *testing.T, text string) { fuzzParse(t, "v.yaml", text) })
}

func fuzzParse(t *testing.T, name, text string) {
	words := testWords()
	file, err := Parse(name, []byte(text), words)
	if err != nil && option.Errors(err) == nil {
		t.Errorf("an error without a place: %v", err)
	}
	for _, e := range option.Errors(err) {
		if !strings.HasPrefix(e.Place, name) || strings.Contains(e.Error(), "\n") {
			t.Errorf("not one line that begins with the place: %q", e)
		}
	}
	values := []option.Values{file.Program}
	for _, p := range file.Proxies {
		values = append(values, p.Settings)
		for kind, options := range p.Behaviors {
			if words.Behaviors[kind] == nil {
				t.Errorf("took options of %q, which is no behavior", kind)
			}
			values = append(values, options)
		}
		if err == nil && p.Plan.Check("") != nil {
			t.Errorf("took the draw %s", p.Plan.Draw())
		}
	}
	for _, v := range values {
		for key, value := range v {
			if !strings.HasPrefix(value.Place, name+":") {
				t.Errorf("%s has no place: %+v", key, value)
			}
		}
	}
}
