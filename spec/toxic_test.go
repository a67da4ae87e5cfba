package spec_test

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

func toxicWords() spec.Words {
	var text string
	latency, proxy, program := new(option.Set), new(option.Set), new(option.Set)
	latency.Text(&text, "latency", "", "how late")
	latency.Text(&text, "name", "", "an option that is called as a key is")
	proxy.Text(&text, "backend", "", "where")
	proxy.Text(&text, "behavior", "", "what")
	return spec.Words{Program: program, Proxy: proxy, Behaviors: map[string]*option.Set{"slow_line": latency}}
}

func TestYAMLToxics(t *testing.T) {
	f, err := spec.Parse("v.yaml", []byte(`
toxics: [{behavior: slow_line}]
proxies:
  a:
    toxics:
      - {name: t, behavior: slow-line, percent: 50%, Latency: 100ms}
      - behavior: slow_line
        options: {name: x}
  b: {toxics: []}
  c: {backend: x:1}
`), toxicWords())
	if err != nil {
		t.Fatal(err)
	}
	a := f.Proxies[0].Toxics
	if len(a) != 2 || a[0].Name != "t" || a[0].Behavior != "slow-line" || a[0].Percent != 50 || a[0].Place != "v.yaml:6" ||
		a[0].Options["latency"] != (option.Value{Text: "100ms", Place: "v.yaml:6"}) {
		t.Errorf("a has %+v", a)
	}
	if len(a) == 2 && (a[1].Name != "" || a[1].Percent != 100 || a[1].Options["name"].Text != "x") {
		t.Errorf("a's second is %+v", a[1])
	}
	if b, c := f.Proxies[1].Toxics, f.Proxies[2].Toxics; b == nil || len(b) != 0 || len(c) != 1 || c[0].Behavior != "slow_line" {
		t.Errorf("b has %+v, c %+v", b, c)
	}
}

func TestYAMLToxicsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"toxics: latency":        "v.yaml:1: toxics: takes a list, not one value: write [{behavior: latency, percent: 50, latency: 100ms}]",
		"toxics:\n  - {name: x}": "v.yaml:2: toxics: names no behavior: write [{behavior: latency, percent: 50, latency: 100ms}]",
		"toxics:\n  - {behavior: slow_line,\n     percent: 101}":                          `v.yaml:3: percent: "101" is not a percentage: write a number from 0 to 100`,
		"toxics:\n  - {behavior: slow_line, name: a}\n  - {behavior: slow_line, name: a}": "v.yaml:3: there are two toxics named a: give each a name of its own",
		"toxics:\n  - {behavior: slow_line, name: ..}":                                    `v.yaml:2: ".." is not a name for a toxic: write 1 to 100 characters that can be seen`,
		"toxics:\n  - {behavior: slow_line, latency: [1]}":                                "v.yaml:2: latency: takes one value, not a list",
		"toxics:\n  - {behavior: slow_line, latency: 1,\n     LATENCY: 2}":                "v.yaml:3: LATENCY: given already, at v.yaml:2",
	} {
		if _, err := spec.Parse("v.yaml", []byte(text), toxicWords()); err == nil || err.Error() != want {
			t.Errorf("%s: error\n%v\nwant\n%s", strings.ReplaceAll(text, "\n", "|"), err, want)
		}
	}
}
