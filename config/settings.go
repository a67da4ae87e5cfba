package config

import (
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

// StatsdAddress returns the HOST:PORT that counters are sent to.
func (s *Settings) StatsdAddress() string {
	return net.JoinHostPort(s.StatsdHost, strconv.FormatInt(s.StatsdPort, 10))
}

// Loopback says whether host can be reached from this machine alone.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// normalize writes values as their declarations want them: an address given to
// http becomes http-host and http-port, and a choice is in lower case.
func normalize(values option.Values, set *option.Set) (option.Values, error) {
	out := values.Clone()
	for name, v := range values {
		if o := set.Lookup(name); o != nil && o.Type == option.Choice {
			v.Text = strings.ToLower(v.Text)
			out[name] = v
		}
	}
	http, written := values["http"]
	if _, err := option.ParseBool(http.Text); !written || err == nil {
		return out, nil
	}
	host, port, err := net.SplitHostPort(http.Text)
	delete(out, "http")
	if err != nil {
		return out, &option.Error{Place: http.Place, Name: "http", Problem: fmt.Sprintf(
			"%q is neither true, false nor an address: write HOST:PORT, as in localhost:8080", http.Text)}
	}
	for name, text := range map[string]string{"http": "true", "http-host": host, "http-port": port} {
		if v, twice := values[name]; twice && name != "http" {
			return out, &option.Error{Place: v.Place, Name: name, Problem: fmt.Sprintf(
				"http has an address already (%s, %s)", http.Text, http.Place)}
		}
		out[name] = option.Value{Text: text, Place: http.Place}
	}
	return out, nil
}
