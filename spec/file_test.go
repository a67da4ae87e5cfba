package spec

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
)

func sprint(args ...any) string { return strings.TrimSuffix(fmt.Sprintln(args...), "\n") }

// testWords are a small vocabulary, declared as the real one is.
func testWords() Words {
	w := Words{
		Program: new(option.Set), Proxy: new(option.Set),
		Behaviors: map[string]*option.Set{"dummy": {}, "delay": {}, "error": {}},
		Protocols: map[string]*option.Set{"tcp": {}, "http": {}},
	}
	var text string
	var yes bool
	var number int64
	var wait time.Duration
	w.Program.Bool(&yes, "http", false, "")
	w.Program.Text(&text, "log-level", "", "")
	w.Program.Bool(&yes, "statsd-enabled", false, "")
	w.Program.Text(&text, "statsd-host", "", "")
	w.Program.Float(new(float64), "statsd-sample-rate", 1, "")
	w.Proxy.Text(&text, "proxy", "", "").Alias("local")
	w.Proxy.Text(&text, "backend", "", "").Alias("distant")
	w.Proxy.Text(&text, "protocol", "", "")
	w.Proxy.Text(&text, "behavior", "", "").Alias("plan")
	w.Proxy.Text(&text, "seed", "", "")
	w.Behaviors["delay"].Duration(&wait, "sleep", 0, "")
	w.Behaviors["delay"].Bool(&yes, "before", true, "")
	w.Behaviors["error"].Int(&number, "warmup", 0, "")
	w.Protocols["http"].Bool(&yes, "overwrite-host-header", false, "")
	w.Protocols["tcp"].Bool(&yes, "keep-alive", true, "")
	return w
}

func TestParse(t *testing.T) {
	type m = map[string]option.Values
	v := func(text, place string) option.Value { return option.Value{Text: text, Place: place} }
	tests := []struct {
		name, file, text string
		want             File
	}{
		{
			name: "the seed's ini", file: "vaurien.ini",
			text: "[vaurien]\ndistant = google.com:80\nlocal = localhost:8000\nbehavior = 20:delay\n\n[handler:delay]\nsleep = 2\n",
			want: File{Program: option.Values{}, Proxies: []Proxy{{
				Name: "default", Place: "vaurien.ini:1",
				Settings:  option.Values{"backend": v("google.com:80", "vaurien.ini:2"), "proxy": v("localhost:8000", "vaurien.ini:3")},
				Plan:      Plan{Entries: []Entry{{Weight: 20, Name: "delay", Place: "vaurien.ini:4"}}},
				Behaviors: m{"delay": {"sleep": v("2", "vaurien.ini:7")}}, Protocols: m{},
			}}},
		},
		{
			name: "2.0's ini", file: "v.cfg",
			text: "; a comment\n[vaurien]\nproxy: localhost:8000\nbackend = \"localhost:80\"\nprotocol = http ; what it speaks\n" +
				"http = true\nlog_level = DEBUG\n[behavior:delay]\nbefore = false\n[protocol:http]\noverwrite_host_header = yes\n" +
				"[protocol:tcp]\nkeep_alive = true\n[statsd]\nenabled = true\nsample_rate = 0.5\n",
			want: File{
				Program: option.Values{
					"http": v("true", "v.cfg:6"), "log-level": v("DEBUG", "v.cfg:7"),
					"statsd-enabled": v("true", "v.cfg:15"), "statsd-sample-rate": v("0.5", "v.cfg:16"),
				},
				Proxies: []Proxy{{
					Name: "default", Place: "v.cfg:2",
					Settings: option.Values{
						"proxy": v("localhost:8000", "v.cfg:3"), "backend": v("localhost:80", "v.cfg:4"), "protocol": v("http", "v.cfg:5"),
					},
					Behaviors: m{"delay": {"before": v("false", "v.cfg:9")}},
					Protocols: m{"http": {"overwrite-host-header": v("yes", "v.cfg:11")}, "tcp": {"keep-alive": v("true", "v.cfg:13")}},
				}},
			},
		},
		{name: "an ini that describes no proxy", file: "v.ini", text: "\ufeff[vaurien]\r\nhttp = 1\r\n", want: File{Program: option.Values{"http": v("1", "v.ini:2")}}},
		{name: "an empty ini", file: "v.ini", want: File{Program: option.Values{}}},
		{name: "an empty YAML file", file: "v.yaml", text: "# nothing\n", want: File{Program: option.Values{}}},
		{name: "a null YAML file", file: "v.yaml", text: "---\n", want: File{Program: option.Values{}}},
		{
			name: "YAML with one proxy", file: "v.yml",
			text: "http: localhost:8080\nlocal: localhost:8000\nbehavior: 20:delay, 5:error\nhandlers: {delay: {sleep: 2}}\nprotocols:\n  tcp:\n",
			want: File{Program: option.Values{"http": v("localhost:8080", "v.yml:1")}, Proxies: []Proxy{{
				Name: "default", Place: "v.yml:1",
				Settings: option.Values{"proxy": v("localhost:8000", "v.yml:2")},
				Plan: Plan{Entries: []Entry{
					{Weight: 20, Name: "delay", Place: "v.yml:3"}, {Weight: 5, Name: "error", Place: "v.yml:3"},
				}},
				Behaviors: m{"delay": {"sleep": v("2", "v.yml:4")}}, Protocols: m{"tcp": {}},
			}}},
		},
		{
			name: "YAML with several, sharing", file: "v.yaml",
			text: `seed: 42
statsd: {enabled: true}
behaviors: {delay: {sleep: 1, before: false}}
proxies:
  web: &web
    proxy: localhost:8000
    behavior:
      - {weight: 20%, name: delay, sleep: 150ms}
      - 5:error
      - handler: dummy
        weight: 75
    protocols: {http: {overwrite-host-header: true}}
  web-2:
    <<: *web
    proxy: localhost:8001
    seed: 43
    behaviors:
      delay:
        sleep: 3
`,
			want: File{Program: option.Values{"statsd-enabled": v("true", "v.yaml:2")}, Proxies: []Proxy{
				{
					Name: "web", Place: "v.yaml:5",
					Settings: option.Values{"seed": v("42", "v.yaml:1"), "proxy": v("localhost:8000", "v.yaml:6")},
					Plan: Plan{Entries: []Entry{
						{Weight: 20, Name: "delay", Place: "v.yaml:8", Options: option.Values{"sleep": v("150ms", "v.yaml:8")}},
						{Weight: 5, Name: "error", Place: "v.yaml:9"},
						{Weight: 75, Name: "dummy", Place: "v.yaml:10"},
					}},
					Behaviors: m{"delay": {"sleep": v("1", "v.yaml:3"), "before": v("false", "v.yaml:3")}},
					Protocols: m{"http": {"overwrite-host-header": v("true", "v.yaml:12")}},
				},
				{
					Name: "web-2", Place: "v.yaml:13",
					Settings: option.Values{"seed": v("43", "v.yaml:16"), "proxy": v("localhost:8001", "v.yaml:15")},
					Plan: Plan{Entries: []Entry{
						{Weight: 20, Name: "delay", Place: "v.yaml:8", Options: option.Values{"sleep": v("150ms", "v.yaml:8")}},
						{Weight: 5, Name: "error", Place: "v.yaml:9"},
						{Weight: 75, Name: "dummy", Place: "v.yaml:10"},
					}},
					Behaviors: m{"delay": {"sleep": v("3", "v.yaml:19"), "before": v("false", "v.yaml:3")}},
					Protocols: m{"http": {"overwrite-host-header": v("true", "v.yaml:12")}},
				},
			}},
		},
		{name: "an ini by its looks", file: "vaurien", text: "# x\n\n[vaurien]\nhttp = true\n", want: File{Program: option.Values{"http": v("true", "vaurien:4")}}},
		{name: "YAML by its looks", file: "vaurien", text: "http: true\n", want: File{Program: option.Values{"http": v("true", "vaurien:1")}}},
		{name: "JSON", file: "v.json", text: `{"http": true, "statsd": {"host": "h"}}`, want: File{Program: option.Values{
			"http": v("true", "v.json:1"), "statsd-host": v("h", "v.json:1"),
		}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parse(test.file, []byte(test.text), testWords())
			if err != nil {
				t.Fatal(err)
			}
			test.want.Name = test.file
			if plain(got) != plain(test.want) {
				t.Errorf("got  %s\nwant %s", plain(got), plain(test.want))
			}
		})
	}
}

// plain writes a file so that nil and empty maps look alike.
func plain(f File) string {
	var b strings.Builder
	for _, p := range f.Proxies {
		entries := ""
		for _, e := range p.Plan.Entries {
			entries += sprint(e.Weight, e.Name, e.Place, e.Options.Clone()) + " "
		}
		b.WriteString(sprint("\n", p.Name, p.Place, p.Settings, entries, p.Behaviors, p.Protocols))
	}
	return sprint(f.Name, f.Program) + b.String()
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, file, text, want string }{
		// ini
		{"no section", "v.ini", "local = a:1\n", `v.ini:1: local: stands in no section: write [vaurien] above it`},
		{"not a line", "v.ini", "[vaurien]\nhello\n", `v.ini:2: "hello" is neither a [SECTION] nor NAME = VALUE`},
		{"no name", "v.ini", "[vaurien]\n = 2\n", `v.ini:2: "= 2" is neither a [SECTION] nor NAME = VALUE`},
		{"open section", "v.ini", "[vaurien\n", `v.ini:1: "[vaurien" is not closed: write [SECTION]`},
		{"unknown section", "v.ini", "[vaurine]\n", `v.ini:1: [vaurine]: unknown section: did you mean "vaurien"?`},
		{
			"far section", "v.ini", "[elsewhere]\n",
			`v.ini:1: [elsewhere]: unknown section; known: vaurien, behavior:NAME, handler:NAME, protocol:NAME, statsd`,
		},
		{"section twice", "v.ini", "[vaurien]\n[statsd]\n[vaurien]\n", `v.ini:3: [vaurien]: there already, at v.ini:1`},
		{"key twice", "v.ini", "[vaurien]\nseed = 1\nseed = 2\n", `v.ini:3: seed: given already, at v.ini:2`},
		{"key twice in other words", "v.ini", "[vaurien]\nlocal = a:1\nproxy = b:1\n", `v.ini:3: proxy: given already, at v.ini:2`},
		{"key twice in other letters", "v.ini", "[vaurien]\nlog_level = a\nlog-level = b\n", `v.ini:3: log-level: given already, at v.ini:2`},
		{"draw twice", "v.ini", "[vaurien]\nbehavior = 1:delay\nplan = 2:delay\n", `v.ini:3: plan: given already, at v.ini:2`},
		{"unknown key", "v.ini", "[vaurien]\nbakend = a:1\n", `v.ini:2: bakend: unknown setting: did you mean "backend"?`},
		{
			"far key", "v.ini", "[vaurien]\ncolour = red\n",
			`v.ini:2: colour: unknown setting; known: proxy, backend, protocol, behavior, seed, http, log-level, statsd-enabled, statsd-host, statsd-sample-rate`,
		},
		{"unknown key of a group", "v.ini", "[statsd]\nhoost = a\n", `v.ini:2: hoost: unknown setting: did you mean "host"?`},
		{"bad draw", "v.ini", "[vaurien]\nbehavior = much:delay\n", `v.ini:2: "much:delay": "much" is not a percentage: write PERCENT:BEHAVIOR, as in 20:delay`},
		{"heavy draw", "v.ini", "[vaurien]\nbehavior = 60:delay,60:error\n", `v.ini:2: 60:delay,60:error: the percentages come to 120: together they may not pass 100`},
		{"misspelt behavior", "v.ini", "[vaurien]\n[handler:dely]\nsleep = 2\n", `v.ini:2: [handler:dely]: unknown behavior "dely": did you mean "delay"?`},
		{
			"the seed's own behavior", "v.ini", "[handler:super]\ncallable = my.Super\n",
			`v.ini:2: callable: "my.Super" is no script: write the path of a file that ends in .star, as in super.star`,
		},
		{
			"a section without its script", "v.ini", "[handler:super]\nslowness = 2\n",
			`v.ini:1: [handler:super]: unknown behavior "super"; known: delay, dummy, error; a script is named in it, by callable = super.star`,
		},
		{"a protocol's script", "v.ini", "[protocol:gopher]\ncallable = gopher.star\n", `v.ini:1: [protocol:gopher]: unknown protocol "gopher"; known: http, tcp`},
		{"unknown protocol", "v.ini", "[protocol:gopher]\n", `v.ini:1: [protocol:gopher]: unknown protocol "gopher"; known: http, tcp`},
		{
			"several lines", "v.ini", "[vaurien]\nproxy = \"\"\"a\nbackend = b\n\"\"\"\n",
			`v.ini:4: "\"\"\"" is neither a [SECTION] nor NAME = VALUE`,
		},
		{
			"several lines, cunning", "v.ini", "[vaurien]\nproxy = `a\nbackend = b`\n",
			`v.ini:1: [vaurien]: not understood: write each setting on a line of its own, as NAME = VALUE`,
		},
		{
			"all at once", "v.ini", "[vaurien]\nbakend = a:1\nbehavior = x:delay\n[handler:dely]\n",
			"v.ini:2: bakend: unknown setting: did you mean \"backend\"?\n" +
				"v.ini:3: \"x:delay\": \"x\" is not a percentage: write PERCENT:BEHAVIOR, as in 20:delay\n" +
				"v.ini:4: [handler:dely]: unknown behavior \"dely\": did you mean \"delay\"?",
		},
		// YAML
		{"not YAML", "v.yaml", "http: true\n  seed: 1\n", `v.yaml:2: not YAML: mapping values are not allowed in this context`},
		{"a tab", "v.yaml", "proxies:\n\tweb: {}\n", `v.yaml:2: not YAML: found character that cannot start any token`},
		{"unknown anchor", "v.yaml", "http: *x\n", `v.yaml:1: not YAML: unknown anchor 'x' referenced`},
		{"control characters", "v.yaml", "http: \x00\n", `v.yaml: not YAML: control characters are not allowed (value: 0)`},
		{"two documents", "v.yaml", "http: true\n---\nseed: 1\n", `v.yaml:2: a second document begins: write all in one`},
		{"a list", "v.yaml", "- http\n", `v.yaml:1: takes keys and values, not a list`},
		{"a word", "v.yaml", "vaurien\n", `v.yaml:1: takes keys and values, not one value`},
		{"unknown key", "v.yaml", "http: true\nbakend: a:1\n", `v.yaml:2: bakend: unknown setting: did you mean "backend"?`},
		{"key twice", "v.yaml", "seed: 1\nseed: 2\n", `v.yaml:2: seed: given already, at v.yaml:1`},
		{"key twice in other words", "v.yaml", "local: a:1\nproxy: a:1\n", `v.yaml:2: proxy: given already, at v.yaml:1`},
		{"proxy twice", "v.yaml", "proxies:\n  a: {}\n  a: {}\n", `v.yaml:3: a: given already, at v.yaml:2`},
		{"no value", "v.yaml", "seed:\n", `v.yaml:1: seed: has no value`},
		{"list for value", "v.yaml", "proxies:\n  a:\n    backend: [a, b]\n", `v.yaml:3: backend: takes one value, not a list`},
		{"mapping for value", "v.yaml", "http: {port: 1}\n", `v.yaml:1: http: takes one value, not keys and values`},
		{"value for mapping", "v.yaml", "statsd: true\n", `v.yaml:1: statsd: takes keys and values, not one value`},
		{"list of proxies", "v.yaml", "proxies:\n  - proxy: a:1\n", `v.yaml:2: proxies: takes keys and values, not a list`},
		{"no proxies", "v.yaml", "proxies: {}\n", `v.yaml:1: proxies: names no proxy: write NAME: {proxy: HOST:PORT, backend: HOST:PORT}`},
		{"null proxies", "v.yaml", "proxies:\n", `v.yaml:1: proxies: takes keys and values, not nothing`},
		{"proxies twice", "v.yaml", "proxies: {a: {}}\nProxies: {b: {}}\n", `v.yaml:2: Proxies: given already, at v.yaml:1`},
		{"empty proxy", "v.yaml", "proxies:\n  web:\n", `v.yaml:2: web: takes keys and values, not nothing`},
		{"name", "v.yaml", "proxies:\n  a b: {}\n", `v.yaml:2: "a b" is not a name for a proxy: write letters, digits, '.', '_' and '-'`},
		{
			"the program's in a proxy", "v.yaml", "proxies:\n  a:\n    log-level: info\n",
			`v.yaml:3: log-level: this is a setting of the whole program: write it outside the proxies`,
		},
		{
			"shared address", "v.yaml", "proxy: a:1\nproxies:\n  a: {}\n",
			`v.yaml:1: proxy: the proxies below cannot share an address: write it in one of them`,
		},
		{"unknown key of a proxy", "v.yaml", "proxies:\n  a:\n    bakend: b:1\n", `v.yaml:3: bakend: unknown setting: did you mean "backend"?`},
		{"unknown key of a group", "v.yaml", "statsd:\n  hoost: a\n", `v.yaml:2: hoost: unknown setting: did you mean "host"?`},
		{"unknown behavior", "v.yaml", "behaviors:\n  dely: {sleep: 2}\n", `v.yaml:2: behaviors: unknown behavior "dely": did you mean "delay"?`},
		{
			"scripts", "v.yaml", "handlers:\n  super: {callable: x}\n  delay: {callable: x}\n",
			"v.yaml:2: callable: \"x\" is no script: write the path of a file that ends in .star, as in super.star\n" +
				"v.yaml:3: callable: \"x\" is no script: write the path of a file that ends in .star, as in delay.star",
		},
		{"unknown protocol", "v.yaml", "protocols: {htpt: {}}\n", `v.yaml:1: protocols: unknown protocol "htpt": did you mean "http"?`},
		{"behaviors as a list", "v.yaml", "behaviors: [delay]\n", `v.yaml:1: behaviors: takes keys and values, not a list`},
		{"options as a word", "v.yaml", "behaviors: {delay: 2}\n", `v.yaml:1: delay: takes keys and values, not one value`},
		{"empty list", "v.yaml", "behavior: []\n", `v.yaml:1: behavior: the draw is empty: write PERCENT:BEHAVIOR, as in 20:delay, or 100:dummy for none`},
		{"empty draw", "v.yaml", "behavior: ''\n", `v.yaml:1: the draw is empty: write PERCENT:BEHAVIOR, as in 20:delay, or 100:dummy for none`},
		{"heavy list", "v.yaml", "behavior:\n- 60:delay\n- {weight: 60, name: error}\n", `v.yaml:1: 60:delay,60:error: the percentages come to 120: together they may not pass 100`},
		{"nameless", "v.yaml", "behavior:\n- {weight: 60}\n", `v.yaml:2: behavior: names no behavior: write {weight: 20, name: delay}`},
		{"bad weight", "v.yaml", "behavior:\n- name: delay\n  weight: lots\n", `v.yaml:3: "lots:delay": "lots" is not a percentage: write PERCENT:BEHAVIOR, as in 20:delay`},
		{"two in one", "v.yaml", "behavior:\n- {weight: '1:delay,2', name: error}\n", `v.yaml:2: behavior: "1:delay,2:error" is several behaviors: write each as an item of its own`},
		{"list in list", "v.yaml", "behavior:\n- [a]\n", `v.yaml:2: behavior: takes keys and values, not a list`},
		{"list for option", "v.yaml", "behavior:\n- {name: delay, sleep: [1]}\n", `v.yaml:2: sleep: takes one value, not a list`},
		{"key that is a list", "v.yaml", "[a]: b\n", `v.yaml:1: a key is one word, not a list`},
		{"merging a word", "v.yaml", "<<: a\n", `v.yaml:1: << merges a mapping, not one value`},
		{"an ini by its looks", "vaurien", "[vaurien]\nx\n", `vaurien:2: "x" is neither a [SECTION] nor NAME = VALUE`},
	}
	for _, test := range tests {
		t.Run(test.file+"/"+test.name, func(t *testing.T) {
			_, err := Parse(test.file, []byte(test.text), testWords())
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if option.Errors(err) == nil {
				t.Errorf("%T has no *option.Error", err)
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v.ini")
	if _, err := ReadFile(path, testWords()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that it does not exist", err)
	}
	if err := os.WriteFile(path, make([]byte, MaxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	want := path + ": too large: a configuration file has at most 4MiB"
	if _, err := ReadFile(path, testWords()); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := os.WriteFile(path, []byte("[vaurien]\nseed = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := ReadFile(path, testWords())
	if err != nil || f.Proxies[0].Settings["seed"].Place != path+":2" {
		t.Errorf("got %+v, %v", f, err)
	}
}

func TestMerge(t *testing.T) {
	v := func(text string) option.Value { return option.Value{Text: text} }
	file := Proxy{
		Name: "web", Place: "here",
		Settings:  option.Values{"proxy": v("a:1"), "backend": v("b:1")},
		Plan:      Plan{Entries: []Entry{{Weight: 20, Name: "delay", Options: option.Values{"sleep": v("2"), "before": v("no")}}}},
		Behaviors: map[string]option.Values{"delay": {"sleep": v("3")}},
	}
	before := file.Clone()
	flags := Proxy{
		Settings:  option.Values{"backend": v("c:1")},
		Behaviors: map[string]option.Values{"delay": {"sleep": v("4")}, "error": {"code": v("500")}},
		Protocols: map[string]option.Values{"http": {"x": v("y")}},
	}
	want := Proxy{
		Name: "web", Place: "here",
		Settings:  option.Values{"proxy": v("a:1"), "backend": v("c:1")},
		Plan:      Plan{Entries: []Entry{{Weight: 20, Name: "delay", Options: option.Values{"before": v("no")}}}},
		Behaviors: map[string]option.Values{"delay": {"sleep": v("4")}, "error": {"code": v("500")}},
		Protocols: map[string]option.Values{"http": {"x": v("y")}},
	}
	if got := file.Merge(flags); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !reflect.DeepEqual(file.Clone(), before) {
		t.Errorf("Merge changed what it was called on: %+v", file)
	}
	flags.Plan = Single("error", nil, "")
	if got := file.Merge(flags).Plan.Draw(); got != "100:error" {
		t.Errorf("the draw is %s, want the one on top whole", got)
	}
	if (Proxy{Name: "x"}).Says() || !flags.Says() {
		t.Error("Says does not tell who says something")
	}
}
