package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

func sprint(args ...any) string { return strings.TrimSuffix(fmt.Sprintln(args...), "\n") }

// write writes a configuration file and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// flags makes the layer of a command line of NAME VALUE pairs.
func flags(t *testing.T, args ...string) Layer {
	t.Helper()
	var layer Layer
	fields := Fields(Words(builtin.Registry()))
	for i := 0; i < len(args); i += 2 {
		at := slices.IndexFunc(fields, func(f Field) bool { return slices.Contains(f.Flags(), args[i]) })
		if at < 0 {
			t.Fatalf("there is no flag --%s", args[i])
		}
		layer.Set(fields[at], option.Value{Text: args[i+1], Place: "--" + args[i]})
	}
	return layer
}

const twoProxies = `
http: true
drain: 1
proxies:
  web:
    proxy: localhost:8000
    behavior: [{weight: 20, name: delay, sleep: 3}]
  cache:
    proxy: localhost:8001
    seed: 7
`

func TestPrecedence(t *testing.T) {
	ini := "[vaurien]\nlocal = localhost:1\ndistant = localhost:2\nbehavior = 1:delay\nlog-level = error\n[handler:delay]\nsleep = 1\nbefore = false\n"
	tests := []struct {
		name        string
		file        string
		environ     []string
		flags       []string
		want        string // of the one proxy: proxy, backend, draw, the options of delay
		level, http string
	}{
		{name: "defaults", want: "localhost:8000 localhost:80 100:dummy map[]", level: "info", http: "false localhost:8080"},
		{
			name: "a file over them", file: ini,
			want: "localhost:1 localhost:2 1:delay map[before:false sleep:1]", level: "error", http: "false localhost:8080",
		},
		{
			name: "the environment over a file", file: ini,
			environ: []string{
				"VAURIEN_BACKEND=localhost:3", "VAURIEN_PLAN=2:delay", "VAURIEN_HANDLERS_DELAY_SLEEP=2", "VAURIEN_LOG_LEVEL=DEBUG",
				"VAURIEN_HTTP=1", "VAURIEN_PROXY=", "PATH=/bin",
			},
			want: "localhost:1 localhost:3 2:delay map[before:false sleep:2]", level: "debug", http: "true localhost:8080",
		},
		{
			name: "flags over both", file: ini, environ: []string{"VAURIEN_BACKEND=localhost:3", "VAURIEN_HTTP=localhost:81"},
			flags: []string{"distant", "localhost:4", "behavior", "3:error", "handlers.delay.sleep", "3", "http-port", "82", "log-level", "Warn"},
			want:  "localhost:1 localhost:4 3:error map[before:false sleep:3]", level: "warn", http: "true localhost:82",
		},
		{
			name: "an address over host and port", environ: []string{"VAURIEN_HTTP_PORT=81"}, flags: []string{"http", "127.0.0.1:82"},
			want: "localhost:8000 localhost:80 100:dummy map[]", level: "info", http: "true 127.0.0.1:82",
		},
		{
			name: "switched off again", environ: []string{"VAURIEN_HTTP=localhost:81"}, flags: []string{"http", "false"},
			want: "localhost:8000 localhost:80 100:dummy map[]", level: "info", http: "false localhost:81",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			source := Source{Environ: test.environ, Flags: flags(t, test.flags...)}
			if test.file != "" {
				source.File = write(t, "v.ini", test.file)
			}
			program, err := source.Load(builtin.Registry())
			if err != nil {
				t.Fatal(err)
			}
			p := program.Proxies[0]
			cfg, err := builtin.Registry().Build(p)
			if err != nil {
				t.Fatal(err)
			}
			options := map[string]string{}
			for name, v := range p.Behaviors["delay"] {
				options[name] = v.Text
			}
			got := strings.TrimSpace(strings.Join([]string{cfg.Settings.Proxy, cfg.Settings.Backend, p.Plan.Draw(), sprint(options)}, " "))
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			s := program.Settings
			if s.LogLevel != test.level {
				t.Errorf("log level %s, want %s", s.LogLevel, test.level)
			}
			if got := sprint(s.HTTP, s.HTTPAddress()); got != test.http {
				t.Errorf("http %s, want %s", got, test.http)
			}
		})
	}
}

func TestManyProxies(t *testing.T) {
	load := func(t *testing.T, text string, environ []string, args ...string) (*Program, error) {
		return Source{File: write(t, "v.yaml", text), Environ: environ, Flags: flags(t, args...), Seed: 99}.Load(builtin.Registry())
	}
	t.Run("as the file says", func(t *testing.T) {
		program, err := load(t, twoProxies, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := sprint(program.Proxies[0].Name, program.Proxies[1].Name); got != "web cache" {
			t.Errorf("got %s, want the file's order", got)
		}
		if got := sprint(program.Proxies[0].Settings["seed"].Text, program.Proxies[1].Settings["seed"].Text); got != "99 7" {
			t.Errorf("seeds %s, want the chosen one where none is written", got)
		}
		if program.Settings.Drain != time.Second || !program.Settings.HTTP {
			t.Errorf("settings %+v", program.Settings)
		}
	})
	t.Run("one seed for all", func(t *testing.T) {
		program, err := load(t, twoProxies, []string{"VAURIEN_SEED=5"})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range program.Proxies {
			if p.Settings["seed"].Text != "5" {
				t.Errorf("proxy %s has seed %s", p.Name, p.Settings["seed"].Text)
			}
		}
	})
	t.Run("flags without a proxy to go to", func(t *testing.T) {
		_, err := load(t, twoProxies, nil, "backend", "localhost:1", "behavior", "5:error", "behavior-delay-sleep", "2")
		for _, flag := range []string{"--backend", "--behavior", "--behavior-delay-sleep"} {
			want := flag + ": for which proxy? "
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "describes several, none of them named default") {
				t.Errorf("got %v, want a line %q", err, want)
			}
		}
	})
	t.Run("flags go to the default one", func(t *testing.T) {
		program, err := load(t, twoProxies+"  default: {proxy: localhost:8002}\n", nil, "backend", "localhost:1")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range program.Proxies {
			if got := p.Settings["backend"].Text; (got == "localhost:1") != (p.Name == "default") {
				t.Errorf("proxy %s has backend %q", p.Name, got)
			}
		}
	})
	t.Run("flags go to the only one, over its list", func(t *testing.T) {
		one, _, _ := strings.Cut(twoProxies, "  cache:")
		program, err := load(t, one, nil, "behavior-delay-sleep", "5")
		if err != nil {
			t.Fatal(err)
		}
		p := program.Proxies[0]
		if got := p.Behaviors["delay"].Merge(p.Plan.Entries[0].Options)["sleep"].Text; p.Name != "web" || got != "5" {
			t.Errorf("proxy %s sleeps %s, want web and 5", p.Name, got)
		}
	})
}

// behaviorNames returns the names of all behaviors, as errors list them.
func behaviorNames() string {
	var names []string
	for _, k := range builtin.Registry().Behaviors() {
		names = append(names, k.Name)
	}
	return strings.Join(names, ", ")
}

// protocolNames returns the names of all protocols, as errors list them.
func protocolNames() string {
	var names []string
	for _, k := range builtin.Registry().Protocols() {
		names = append(names, k.Name)
	}
	return strings.Join(names, ", ")
}

func TestLoadRefuses(t *testing.T) {
	tests := []struct {
		name, file, text string // FILE in want stands for the file's path
		environ, flags   []string
		want             string
	}{
		{name: "address", flags: []string{"local", "localhost"}, want: `--local: "localhost" is not an address: write HOST:PORT, as in localhost:8000`},
		{
			name: "behavior", flags: []string{"behavior", "20:nosuch"},
			want: `--behavior: unknown behavior "nosuch"; known: ` + behaviorNames(),
		},
		{
			name: "near behavior", flags: []string{"behavior", "20:dely"},
			want: `--behavior: unknown behavior "dely": did you mean "delay"? known: ` + behaviorNames(),
		},
		{name: "draw", flags: []string{"behavior", "120:delay"}, want: `--behavior: 120:delay: a percentage is from 0 to 100`},
		{
			name: "option", flags: []string{"handlers.delay.sleep", "long"},
			want: `--handlers.delay.sleep: "long" is not a duration: write seconds (2, 0.5) or a number with a unit (150ms, 2m, 1h)`,
		},
		{name: "protocol", environ: []string{"VAURIEN_PROTOCOL=htp"}, want: `VAURIEN_PROTOCOL: unknown protocol "htp": did you mean "http"? known: ` + protocolNames()},
		{name: "level", environ: []string{"VAURIEN_LOG_LEVEL=Inf"}, want: `VAURIEN_LOG_LEVEL: "inf" is not one of: critical, error, warning, warn, info, debug: did you mean "info"?`},
		{
			name: "variable", environ: []string{"VAURIEN_BAKEND=a:1"},
			want: `VAURIEN_BAKEND: unknown environment variable: did you mean "VAURIEN_BACKEND"? (those that begin with VAURIEN_ are settings)`,
		},
		{
			name: "two variables for one setting", environ: []string{"VAURIEN_PROXY=a:1", "VAURIEN_LOCAL=a:2"},
			want: `VAURIEN_PROXY: says the same as VAURIEN_LOCAL: set one of them`,
		},
		{name: "http", flags: []string{"http", "8080"}, want: `--http: "8080" is neither true, false nor an address: write HOST:PORT, as in localhost:8080`},
		{
			name: "http and its port", flags: []string{"http", "localhost:1", "http-port", "2"},
			want: `--http-port: http has an address already (localhost:1, --http)`,
		},
		{name: "http port", flags: []string{"http", "localhost:web"}, want: `--http: "web" is not a whole number`},
		{
			name: "no token", flags: []string{"http", "0.0.0.0:8080"},
			want: `http-token: missing: the control API listens on "0.0.0.0", beyond this machine: give --http-token or VAURIEN_HTTP_TOKEN a secret; openssl rand -hex 16 makes one`,
		},
		{name: "toxiproxy", flags: []string{"toxiproxy", "8474"}, want: `--toxiproxy: "8474" is neither true, false nor an address: write HOST:PORT, as in localhost:8474`},
		{
			name: "toxiproxy and its host", environ: []string{"VAURIEN_TOXIPROXY=localhost:1", "VAURIEN_TOXIPROXY_HOST=x"},
			want: `VAURIEN_TOXIPROXY_HOST: toxiproxy has an address already (localhost:1, VAURIEN_TOXIPROXY)`,
		},
		{
			name: "two APIs on one address", flags: []string{"http", "localhost:8474", "toxiproxy", "true"},
			want: `toxiproxy: localhost:8474 is taken by the control API (localhost:8474): give it another address`,
		},
		{
			name: "a proxy on the address of an API", flags: []string{"proxy", "127.0.0.1:8474", "toxiproxy", "yes"},
			want: `--proxy: 127.0.0.1:8474 is taken by the API of Toxiproxy (localhost:8474): give the proxy default another address`,
		},
		{name: "drain", flags: []string{"drain", "-1s"}, want: `--drain: -1s is too small: the least is 0s`},
		{
			name: "rate", file: "v.ini", text: "[statsd]\nsample_rate = 2\n",
			want: `FILE:2: statsd-sample-rate: 2 is too large: the most is 1`,
		},
		{name: "option in a file", file: "v.ini", text: "[vaurien]\n[behavior:delay]\nslep = 2\n", want: `FILE:3: slep: unknown option: did you mean "sleep"?`},
		{name: "option of an entry", file: "v.yaml", text: "behavior:\n  - name: delay\n    slep: 2\n", want: `FILE:3: slep: unknown option: did you mean "sleep"?`},
		{name: "value of an entry", file: "v.yaml", text: "behavior:\n  - {name: delay, before: maybe}\n", want: `FILE:2: before: "maybe" is not a yes or no: write true or false`},
		{name: "behavior in a file", file: "v.ini", text: "[vaurien]\nbehavior = 20:super\n", want: `FILE:2: unknown behavior "super"; known: `},
		{
			name: "one address twice", file: "v.yaml", text: "proxies:\n  a: {proxy: 'localhost:8000'}\n  b:\n    proxy: 127.0.0.1:8000\n",
			want: `FILE:4: proxy: 127.0.0.1:8000 is taken by the proxy a (localhost:8000): give the proxy b another address`,
		},
		{
			name: "two without an address", file: "v.yaml", text: "proxies:\n  a: {}\n  b: {}\n",
			want: `FILE:3: proxy: localhost:8000 is taken by the proxy a (localhost:8000): give the proxy b another address`,
		},
		{
			name: "every address", file: "v.yaml", text: "proxies:\n  a: {proxy: ':8000'}\n  b: {proxy: 'localhost:8000'}\n",
			want: `FILE:3: proxy: localhost:8000 is taken by the proxy a (:8000): give the proxy b another address`,
		},
		{
			name: "the API's address", flags: []string{"http", "localhost:8000"},
			want: `proxy default: proxy: localhost:8000 is taken by the control API (localhost:8000): give the proxy default another address`,
		},
		{
			name: "all at once", file: "v.ini", text: "[vaurien]\nbakend = a:1\ntimeout = soon\n[handler:delay]\nsleep = -1\n",
			environ: []string{"VAURIEN_DRAW=never"}, flags: []string{"drain", "x", "local", "y"},
			want: `FILE:2: bakend: unknown setting: did you mean "backend"?
--drain: "x" is not a duration: write seconds (2, 0.5) or a number with a unit (150ms, 2m, 1h)
VAURIEN_DRAW: "never" is not one of: auto, exchange, connection
FILE:3: timeout: "soon" is not a duration: write seconds (2, 0.5) or a number with a unit (150ms, 2m, 1h)
FILE:5: sleep: -1 is too small: the least is 0s`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			source := Source{Environ: test.environ, Flags: flags(t, test.flags...)}
			if test.file != "" {
				source.File = write(t, test.file, test.text)
			}
			program, err := source.Load(builtin.Registry())
			if err == nil || program != nil {
				t.Fatalf("got %+v, %v, want an error alone", program, err)
			}
			got, want := err.Error(), strings.ReplaceAll(test.want, "FILE", source.File)
			if got != want && !(strings.HasPrefix(got, want) && !strings.Contains(got, "\n")) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if len(option.Errors(err)) != strings.Count(got, "\n")+1 {
				t.Errorf("%d errors on %d lines", len(option.Errors(err)), strings.Count(got, "\n")+1)
			}
		})
	}
}

func TestLoadNoFile(t *testing.T) {
	for place, want := range map[string]string{"": "--config", FileVariable: FileVariable} {
		_, err := Source{File: "nosuch.ini", FilePlace: place}.Load(builtin.Registry())
		if want += ": nosuch.ini: no such file or directory"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Container platforms set variables for every service they know, here for one
// that is named vaurien.
func TestOthersVariables(t *testing.T) {
	layer, err := FromEnviron([]string{
		"VAURIEN_CONFIG=x", "VAURIEN_URL=x", "VAURIEN_PROXY_ADDR=x", "VAURIEN_SERVICE_HOST=10.0.0.1", "VAURIEN_SERVICE_PORT=80",
		"VAURIEN_SERVICE_PORT_HTTP=80", "VAURIEN_PORT=tcp://10.0.0.1:80", "VAURIEN_PORT_80_TCP=tcp://10.0.0.1:80",
		"VAURIEN_PORT_80_TCP_PROTO=tcp", "VAURIEN_PORT_80_TCP_PORT=80", "VAURIEN_PORT_80_TCP_ADDR=10.0.0.1",
		"VAURIEN_HTTP_PORT=tcp://10.0.0.2:80", "VAURIEN_STATSD_SERVICE_HOST=10.0.0.3",
	}, Words(builtin.Registry()))
	if err != nil || !reflect.DeepEqual(layer, Layer{}) {
		t.Errorf("got %+v, %v, want nothing", layer, err)
	}
}

// A command that vaurien runs, such as another vaurien, is told where the
// proxies are; one of them may be named as a setting is.
func TestAddressesOfProxies(t *testing.T) {
	words := Words(builtin.Registry())
	layer, err := FromEnviron([]string{
		"VAURIEN_DB_ADDR=127.0.0.1:1", "VAURIEN_DB_HOST=127.0.0.1", "VAURIEN_DB_PORT=1",
		"VAURIEN_HTTP_ADDR=127.0.0.1:2", "VAURIEN_HTTP_HOST=127.0.0.1", "VAURIEN_HTTP_PORT=2",
	}, words)
	if err != nil || !reflect.DeepEqual(layer, Layer{}) {
		t.Errorf("got %+v, %v, want nothing", layer, err)
	}
	for _, alone := range []string{"VAURIEN_DB_HOST=127.0.0.1", "VAURIEN_STATSD_PROT=1"} {
		if _, err := FromEnviron([]string{alone}, words); err == nil {
			t.Errorf("%s is understood", alone)
		}
	}
}

// Each name of a setting means that setting alone.
func TestNamesDiffer(t *testing.T) {
	flags, envs := map[string]string{"config": "", "check": "", "help": "", "version": ""}, map[string]string{FileVariable: ""}
	for _, f := range Fields(Words(builtin.Registry())) {
		for _, name := range f.Flags() {
			if other, taken := flags[name]; taken {
				t.Errorf("--%s is both %s and %s", name, f.Flags()[0], other)
			}
			flags[name] = f.Flags()[0]
		}
		for _, name := range f.Envs() {
			if other, taken := envs[name]; taken {
				t.Errorf("%s is both --%s and --%s", name, f.Flags()[0], other)
			}
			envs[name] = f.Flags()[0]
		}
	}
	for _, name := range []string{"handlers.delay.sleep", "behavior-delay-sleep", "protocol-tcp-keep-alive", "local", "distant", "http"} {
		if _, there := flags[name]; !there {
			t.Errorf("there is no flag --%s", name)
		}
	}
}

func TestChanged(t *testing.T) {
	load := func(args ...string) *Program {
		program, err := Source{Flags: flags(t, args...)}.Load(builtin.Registry())
		if err != nil {
			t.Fatal(err)
		}
		return program
	}
	a, b := load("log-level", "info"), load("log-level", "debug", "http", "localhost:9000")
	if got := sprint(b.Changed(a)); got != "[http http-port log-level]" {
		t.Errorf("changed %s", got)
	}
	if got := a.Changed(a); got != nil {
		t.Errorf("changed %s, want nothing", got)
	}
}

func TestProxyOfNothing(t *testing.T) {
	program, err := Source{}.Load(builtin.Registry())
	if err != nil {
		t.Fatal(err)
	}
	if len(program.Proxies) != 1 || program.Proxies[0].Name != spec.DefaultProxy || len(program.Proxies[0].Settings) != 0 {
		t.Errorf("got %+v, want the default proxy, of which nothing is said", program.Proxies)
	}
}

// A bare source has no proxies but a seed for those to come, and refuses what is
// said of any.
func TestBare(t *testing.T) {
	source := Source{
		Bare: true, Seed: 99, Environ: []string{"VAURIEN_HTTP=true", "VAURIEN_TOXIPROXY=127.0.0.1:9"},
		Flags: flags(t, "seed", "7", "drain", "1s"),
	}
	program, err := source.Load(builtin.Registry())
	if err != nil {
		t.Fatal(err)
	}
	s := program.Settings
	if got := sprint(len(program.Proxies), program.Seed, s.HTTPAddress(), s.Toxiproxy, s.ToxiproxyAddress(), s.Drain); got != "0 7 localhost:8080 true 127.0.0.1:9 1s" {
		t.Errorf("got %s", got)
	}
	source.Environ = append(source.Environ, "VAURIEN_BACKEND=localhost:80", "VAURIEN_BEHAVIOR_DELAY_SLEEP=2")
	source.Flags = flags(t, "seed", "x")
	_, err = source.Load(builtin.Registry())
	want := []string{
		`--seed: "x" is not a whole number`,
		`VAURIEN_BACKEND: is said of a proxy, and there is none yet: say it when you create one`,
		`VAURIEN_BEHAVIOR_DELAY_SLEEP: is said of a proxy, and there is none yet: say it when you create one`,
	}
	var got []string
	for _, e := range option.Errors(err) {
		got = append(got, e.Error())
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
