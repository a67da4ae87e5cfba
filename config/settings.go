package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/otlp"
)

// Settings are what a user can say of the program itself, as opposed to a
// proxy. NewSettings declares each once.
type Settings struct {
	HTTP      bool   // serve the control API
	HTTPHost  string // where
	HTTPPort  int64
	HTTPToken string // what callers must show; empty: nothing

	Toxiproxy     bool // serve the API of Toxiproxy
	ToxiproxyHost string
	ToxiproxyPort int64

	LogLevel  string
	LogOutput string
	LogFormat string

	Metrics string // what is told at /metrics: all, proxies, runtime or none

	StatsdEnabled    bool
	StatsdHost       string
	StatsdPort       int64
	StatsdPrefix     string
	StatsdSampleRate float64

	OTLPEndpoint string // URL of a collector; empty: none
	OTLPHeaders  string

	Ledger           string // file; empty: none
	LedgerMaxSize    int64
	LedgerFiles      int64
	LedgerAttributes string
	LedgerHashKeys   bool
	LedgerHashKey    string // empty: chosen by chance
	LedgerMemory     int64

	Replay string // a ledger to do again; empty: none

	Scenario         string // file; empty: none
	ScenarioExit     bool   // end with it
	ScenarioCommands bool   // callers of the API may have commands run

	Drain time.Duration // how long sessions may take to end
}

// NewSettings returns the settings with their defaults and the set that
// declares them.
func NewSettings() (*Settings, *option.Set) {
	s, set := new(Settings), new(option.Set)
	set.Bool(&s.HTTP, "http", false, "serve the control API; the HOST:PORT to serve it on may stand in place of true")
	set.Text(&s.HTTPHost, "http-host", "localhost", "host that the control API listens on")
	set.Int(&s.HTTPPort, "http-port", 8080, "port that the control API listens on; 0: any free one").AtLeast("0").AtMost("65535")
	set.Text(&s.HTTPToken, "http-token", "", "secret that callers of the control API must show; needed when it listens beyond this machine")
	set.Bool(&s.Toxiproxy, "toxiproxy", false, "serve the API of Toxiproxy, for its clients; the HOST:PORT to serve it on may stand in place of true")
	set.Text(&s.ToxiproxyHost, "toxiproxy-host", "localhost", "host that the API of Toxiproxy listens on; its clients show no token, so whoever reaches it may use it")
	set.Int(&s.ToxiproxyPort, "toxiproxy-port", 8474, "port that the API of Toxiproxy listens on; 0: any free one").AtLeast("0").AtMost("65535")
	set.Choice(&s.LogLevel, "log-level", "info", "least level that is logged",
		"critical", "error", "warning", "warn", "info", "debug")
	set.Text(&s.LogOutput, "log-output", "-", "file that the log is appended to; -: standard error")
	set.Choice(&s.LogFormat, "log-format", "text", "form of the log", "text", "json")
	set.Choice(&s.Metrics, "metrics", "all", "what the APIs tell Prometheus at /metrics: of the proxies, of Go's runtime and the process, of both, or nothing",
		"all", "proxies", "runtime", "none")
	set.Bool(&s.StatsdEnabled, "statsd-enabled", false, "send counters to a StatsD server")
	set.Text(&s.StatsdHost, "statsd-host", "localhost", "host of the StatsD server")
	set.Int(&s.StatsdPort, "statsd-port", 8125, "UDP port of the StatsD server").AtLeast("1").AtMost("65535")
	set.Text(&s.StatsdPrefix, "statsd-prefix", "vaurien", "what the counters' names begin with")
	set.Float(&s.StatsdSampleRate, "statsd-sample-rate", 1, "share of the counts that is sent").AtLeast("0").AtMost("1")
	set.Text(&s.OTLPEndpoint, "otlp-endpoint", "", "URL of an OpenTelemetry collector, as http://localhost:4318, that is sent a span for each exchange that was touched and belongs to a trace")
	set.Text(&s.OTLPHeaders, "otlp-headers", "", "header that spans are sent with: NAME=VALUE,NAME=VALUE")
	set.Text(&s.Ledger, "ledger", "", "file that an account of every exchange is appended to, a line of JSON each")
	set.Size(&s.LedgerMaxSize, "ledger-max-size", 1<<30, "size of the ledger's file at which another is begun; 0: none").AtMost("1024GiB")
	set.Int(&s.LedgerFiles, "ledger-files", 3, "how many full files of the ledger are kept: FILE.1 is the newest").AtLeast("0").AtMost("1000")
	set.Choice(&s.LedgerAttributes, "ledger-attributes", "keys", "attributes of requests in the ledger and in events: all (with SQL, queries and names of users), keys (which name what is acted on: path, key, table), none",
		"all", "keys", "none")
	set.Bool(&s.LedgerHashKeys, "ledger-hash-keys", false, "hash the texts among them")
	set.Text(&s.LedgerHashKey, "ledger-hash-key", "", "secret to hash them with, so that several runs hash alike; empty: chosen by chance")
	set.Int(&s.LedgerMemory, "ledger-memory", 10_000, "how many entries are kept in memory, for who looks at events").AtLeast("100").AtMost("10000000")
	set.Text(&s.Replay, "replay", "", "ledger whose last run is done again: each exchange meets the fate that it met there")
	set.Text(&s.Scenario, "scenario", "", "file of a scenario that is played from the start")
	set.Bool(&s.ScenarioExit, "scenario-exit", false, "end with the scenario: status 0 if it ran to its end, 1 if a rail or a step ended it")
	set.Bool(&s.ScenarioCommands, "scenario-commands", false, "let callers of the control API have commands run here, as rails of scenarios")
	set.Duration(&s.Drain, "drain", 5*time.Second, "how long sessions may take to end once the program is told to stop").AtLeast("0s").AtMost("24h")
	set.Check("http-token", func() error {
		if s.HTTP && s.HTTPToken == "" && !Loopback(s.HTTPHost) {
			return fmt.Errorf("missing: the control API listens on %q, beyond this machine: "+
				"give --http-token or VAURIEN_HTTP_TOKEN a secret; openssl rand -hex 16 makes one", s.HTTPHost)
		}
		return nil
	})
	set.Check("otlp-endpoint", func() error {
		if s.OTLPEndpoint == "" {
			return nil
		}
		_, err := otlp.ParseEndpoint(s.OTLPEndpoint)
		return err
	})
	set.Check("otlp-headers", func() error {
		_, err := otlp.ParseHeaders(s.OTLPHeaders)
		return err
	})
	return s, set
}

// HTTPAddress returns the HOST:PORT that the control API listens on.
func (s *Settings) HTTPAddress() string {
	return net.JoinHostPort(s.HTTPHost, strconv.FormatInt(s.HTTPPort, 10))
}

// ToxiproxyAddress returns the HOST:PORT that the API of Toxiproxy listens on.
func (s *Settings) ToxiproxyAddress() string {
	return net.JoinHostPort(s.ToxiproxyHost, strconv.FormatInt(s.ToxiproxyPort, 10))
}

// StatsdAddress returns the HOST:PORT that counters are sent to.
func (s *Settings) StatsdAddress() string {
	return net.JoinHostPort(s.StatsdHost, strconv.FormatInt(s.StatsdPort, 10))
}

// TellsProxies reports whether /metrics tells of proxies.
func (s *Settings) TellsProxies() bool { return s.Metrics == "all" || s.Metrics == "proxies" }

// TellsRuntime reports whether /metrics tells of Go's runtime and the process.
func (s *Settings) TellsRuntime() bool { return s.Metrics == "all" || s.Metrics == "runtime" }

// Loopback says whether host can be reached from this machine alone.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// servers are the settings that switch a server on, each with an example of the
// address that may stand in place of true: it becomes the settings NAME-host and
// NAME-port.
var servers = []struct{ name, example string }{
	{"http", "localhost:8080"},
	{"toxiproxy", "localhost:8474"},
}

// TakesAddress reports whether the yes-or-no setting of that name may be given
// an address instead.
func TakesAddress(name string) bool {
	for _, s := range servers {
		if s.name == name {
			return true
		}
	}
	return false
}

// normalize writes values as their declarations want them: an address given to
// one of servers becomes a host and a port, and a choice is in lower case.
func normalize(values option.Values, set *option.Set) (option.Values, error) {
	out := values.Clone()
	for name, v := range values {
		if o := set.Lookup(name); o != nil && o.Type == option.Choice {
			v.Text = strings.ToLower(v.Text)
			out[name] = v
		}
	}
	var errs []error
	for _, server := range servers {
		errs = append(errs, splitAddress(values, out, server.name, server.example))
	}
	return out, errors.Join(errs...)
}

// splitAddress writes in out what an address given to the setting name says.
func splitAddress(values, out option.Values, name, example string) error {
	given, written := values[name]
	if _, err := option.ParseBool(given.Text); !written || err == nil {
		return nil
	}
	host, port, err := net.SplitHostPort(given.Text)
	delete(out, name)
	if err != nil {
		return &option.Error{Place: given.Place, Name: name, Problem: fmt.Sprintf(
			"%q is neither true, false nor an address: write HOST:PORT, as in %s", given.Text, example)}
	}
	for _, part := range [][2]string{{name, "true"}, {name + "-host", host}, {name + "-port", port}} {
		if v, twice := values[part[0]]; twice && part[0] != name {
			return &option.Error{Place: v.Place, Name: part[0], Problem: fmt.Sprintf(
				"%s has an address already (%s, %s)", name, given.Text, given.Place)}
		}
		out[part[0]] = option.Value{Text: part[1], Place: given.Place}
	}
	return nil
}
