package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
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

	StatsdEnabled    bool
	StatsdHost       string
	StatsdPort       int64
	StatsdPrefix     string
	StatsdSampleRate float64

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
	set.Bool(&s.StatsdEnabled, "statsd-enabled", false, "send counters to a StatsD server")
	set.Text(&s.StatsdHost, "statsd-host", "localhost", "host of the StatsD server")
	set.Int(&s.StatsdPort, "statsd-port", 8125, "UDP port of the StatsD server").AtLeast("1").AtMost("65535")
	set.Text(&s.StatsdPrefix, "statsd-prefix", "vaurien", "what the counters' names begin with")
	set.Float(&s.StatsdSampleRate, "statsd-sample-rate", 1, "share of the counts that is sent").AtLeast("0").AtMost("1")
	set.Duration(&s.Drain, "drain", 5*time.Second, "how long sessions may take to end once the program is told to stop").AtLeast("0s").AtMost("24h")
	set.Check("http-token", func() error {
		if s.HTTP && s.HTTPToken == "" && !Loopback(s.HTTPHost) {
			return fmt.Errorf("missing: the control API listens on %q, beyond this machine: "+
				"give --http-token or VAURIEN_HTTP_TOKEN a secret; openssl rand -hex 16 makes one", s.HTTPHost)
		}
		return nil
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
