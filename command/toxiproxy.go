package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A toxiproxyServer is the program in the place of toxiproxy-server.
type toxiproxyServer struct {
	host, port, file, seed string
	drain, level, format   string
	output                 string
	version                bool
	runtime, proxy         bool // what is told at /metrics
}

// newToxiproxyCommand is the program's "toxiproxy". It starts without proxies:
// clients create them.
func newToxiproxyCommand(a *app) *cobra.Command {
	var s toxiproxyServer
	cmd := &cobra.Command{
		Use:   "toxiproxy",
		Short: "takes the place of toxiproxy-server, with its flags and its API",
		Long: "Serves the API of Toxiproxy to its clients, and starts with no proxies but those of\n" +
			"--config. The flags are those of toxiproxy-server, with one dash or two, and a few\n" +
			"of our own. Under the name toxiproxy-server, as a link to it, the program is this\n" +
			"command; under the name toxiproxy-cli it is \"vaurien ctl\".",
		Example: "  vaurien toxiproxy -config toxiproxy.json\n" +
			"  vaurien toxiproxy -host 0.0.0.0 -port 8474 -seed 7",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.version {
				fmt.Fprintf(a.stdout, "toxiproxy-server version %s, by vaurien %s\n", control.ToxiproxyVersion, version())
				return nil
			}
			return s.run(a, cmd.Flags())
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&s.host, "host", "localhost", "`HOST` that the API listens on; whoever reaches it may use it")
	flags.StringVar(&s.port, "port", "8474", "`PORT` that the API listens on; 0: any free one")
	flags.StringVar(&s.file, "config", "", "JSON `FILE` of proxies to begin with: the array that /populate takes, toxics included; SIGHUP reads it again")
	flags.StringVar(&s.seed, "seed", "", "seed of the dice, `N`: the same one gives each connection the same fate (default: chosen and logged)")
	flags.BoolVar(&s.runtime, "runtime-metrics", false, "tell Prometheus of Go's runtime and the process, at /metrics")
	flags.BoolVar(&s.proxy, "proxy-metrics", false, "tell Prometheus of the proxies, at /metrics")
	flags.BoolVar(&s.version, "version", false, "print the version")
	flags.StringVar(&s.drain, "drain", "", "`TIME` that connections may take to end once the program is told to stop, as in 30s (default 5s)")
	flags.StringVar(&s.level, "log-level", "", "least `LEVEL` that is logged (default info; environment: LOG_LEVEL)")
	flags.StringVar(&s.format, "log-format", "", "`FORM` of the log, text or json (default text)")
	flags.StringVar(&s.output, "log-output", "", "`FILE` that the log is appended to (default: standard error)")
	return cmd
}

// run serves until a signal ends it.
func (s *toxiproxyServer) run(a *app, flags *pflag.FlagSet) error {
	source := config.Source{Environ: a.environ, Bare: true, Seed: uint64(rand.Uint32N(999_999)) + 1}
	source.Flags.Program = option.Values{"toxiproxy": {Text: "true", Place: "vaurien toxiproxy"}}
	source.Defaults = option.Values{"metrics": {Text: "none"}}
	for _, f := range []struct{ flag, setting, text string }{
		{"host", "toxiproxy-host", s.host}, {"port", "toxiproxy-port", s.port}, {"drain", "drain", s.drain},
		{"log-level", "log-level", s.level}, {"log-format", "log-format", s.format}, {"log-output", "log-output", s.output},
	} {
		if flags.Changed(f.flag) {
			source.Flags.Program[f.setting] = option.Value{Text: f.text, Place: "--" + f.flag}
		}
	}
	if s.proxy || s.runtime {
		source.Flags.Program["metrics"] = option.Value{Text: s.metrics(), Place: "--proxy-metrics and --runtime-metrics"}
	}
	if known := lookup(a.environ, "LOG_LEVEL"); s.level == "" && known != "" && lookup(a.environ, "VAURIEN_LOG_LEVEL") == "" {
		source.Flags.Program["log-level"] = option.Value{Text: levelOfToxiproxy(known), Place: "LOG_LEVEL"}
	}
	if s.seed != "" {
		seed := s.seed
		if n, err := strconv.ParseInt(seed, 10, 64); err == nil && n < 0 {
			seed = strconv.FormatUint(uint64(n), 10) // toxiproxy-server's are signed
		}
		source.Flags.Proxy.Settings = option.Values{"seed": {Text: seed, Place: "--seed"}}
	}
	program, err := source.Load(a.registry)
	if err == nil {
		program.Proxies, err = s.proxies(a, program.Seed)
	}
	if err != nil {
		return inputError{err}
	}
	if s.file == "" {
		return serve(a, source, program, nil)
	}
	return serve(a, source, program, s)
}

// metrics returns the setting of that name that the flags ask for.
func (s *toxiproxyServer) metrics() string {
	switch {
	case s.proxy && s.runtime:
		return "all"
	case s.proxy:
		return "proxies"
	}
	return "runtime"
}

// levelOfToxiproxy returns what we call a level of toxiproxy-server's log.
func levelOfToxiproxy(word string) string {
	switch word = strings.ToLower(word); word {
	case "trace":
		return "debug"
	case "fatal", "panic", "disabled":
		return "critical"
	}
	return word
}

// proxies returns those of the file, checked.
func (s *toxiproxyServer) proxies(a *app, seed uint64) ([]spec.Proxy, error) {
	if s.file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(s.file)
	if err != nil {
		if failure, ok := errors.AsType[*fs.PathError](err); ok {
			err = failure.Err
		}
		return nil, &option.Error{Place: "--config", Problem: s.file + ": " + err.Error()}
	}
	proxies, err := control.ParseToxiproxy(s.file, text, a.registry)
	errs := []error{err}
	for i := range proxies {
		proxies[i] = withSeed(proxies[i], seed)
		_, err := a.registry.Build(proxies[i])
		errs = append(errs, err)
	}
	return proxies, config.Tidy(errs...)
}

// populate reads the file that the proxies are from again: what it says is done
// as POST /populate does it, all of it or nothing.
func (s *service) populate() {
	proxies, err := s.again.proxies(s.app, s.program.Seed)
	if err == nil {
		_, err = s.daemon.Populate(context.Background(), proxies)
	}
	if err != nil {
		for _, line := range messages(err) {
			s.log.Error("not reloaded: " + line)
		}
		s.log.Error("not reloaded: what was in force stays in force", "file", s.again.file)
		return
	}
	s.log.Info("reloaded", "file", s.again.file)
}

// calledAs returns what the name that the program was called by stands for.
func calledAs(path string) []string {
	switch strings.TrimSuffix(filepath.Base(path), ".exe") {
	case "toxiproxy-server", "toxiproxy":
		return []string{"toxiproxy"}
	case "toxiproxy-cli":
		return []string{"ctl"}
	}
	return nil
}

// doubleDashes writes the flags of "toxiproxy" with two dashes where they have
// one, as toxiproxy-server's may.
func doubleDashes(args []string, root *cobra.Command) []string {
	cmd, _, err := root.Find(args)
	if err != nil || cmd.Name() != "toxiproxy" {
		return args
	}
	args = slices.Clone(args)
	for i, arg := range args {
		// Of single letters there is -h alone, and numbers may be values.
		if len(arg) > 2 && arg[0] == '-' && (arg[1]|0x20) >= 'a' && (arg[1]|0x20) <= 'z' {
			args[i] = "-" + arg
		}
	}
	return args
}
