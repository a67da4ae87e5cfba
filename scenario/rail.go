package scenario

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// What a rail does unless the file says otherwise.
const (
	defaultEvery    = 5 * time.Second
	defaultTimeout  = 5 * time.Second
	defaultFailures = 3
	maxRails        = 100
	minLease        = time.Second
)

// A Rail is a check of whatever the scenario must not do lasting harm to. It is
// made over and over, and ends the scenario once it has failed so often.
type Rail struct {
	Probe    string // a URL; or else
	Command  string // for the shell
	Every    time.Duration
	Timeout  time.Duration // what takes longer has failed
	Expect   Statuses      // of a probe
	Failures int           // in a row
	Place    string
}

// String says what is checked.
func (r Rail) String() string {
	if r.Probe != "" {
		return "probe " + r.Probe
	}
	return "command " + r.Command
}

// Check makes the check once. detail is what came out; with an error, it failed.
func (r Rail) Check(ctx context.Context) (detail string, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	if r.Probe != "" {
		return r.probe(ctx)
	}
	return r.run(ctx)
}

// Statuses are HTTP statuses: one, or all of a class.
type Statuses struct{ from, to int }

func (s Statuses) has(status int) bool { return s.from <= status && status <= s.to }

func (s Statuses) String() string {
	if s.from == s.to {
		return strconv.Itoa(s.from)
	}
	return strconv.Itoa(s.from/100) + "xx"
}

var statusShape = regexp.MustCompile(`^[1-5]([0-9][0-9]|xx)$`)

func statuses(key string, node *spec.Node) Statuses {
	v, ok := node.Text(key)
	if ok && !statusShape.MatchString(v.Text) {
		node.Failf(key, "%q is not an HTTP status: write one, as in 200, or a class, as in 2xx", v.Text)
		return Statuses{}
	}
	if n, err := strconv.Atoi(v.Text); err == nil {
		return Statuses{n, n}
	}
	if v.Text == "" {
		return Statuses{}
	}
	class := int(v.Text[0]-'0') * 100
	return Statuses{class, class + 99}
}

const railExample = "[{probe: http://localhost:9000/health, every: 2s}, {command: ./check.sh}, {lease: 15s}]"

// rails reads the list of rails.
func (r *reader) rails(node *spec.Node) {
	items := list(node, "rails", railExample)
	if len(items) > maxRails {
		node.Failf("rails", "a scenario has at most %d rails", maxRails)
		return
	}
	for _, item := range items {
		r.rail(item)
	}
}

func (r *reader) rail(node *spec.Node) {
	rail := Rail{Every: defaultEvery, Timeout: defaultTimeout, Failures: defaultFailures, Expect: Statuses{200, 299}, Place: node.Place()}
	var lease time.Duration
	var keys []string
	node.Mapping("rails", func(key string, value *spec.Node) {
		name := option.Canonical(key)
		keys = append(keys, name)
		switch name {
		case "probe":
			rail.Probe = text(key, value)
			if u, err := url.Parse(rail.Probe); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
				value.Failf(key, "%q is not a URL: write one such as http://localhost:9000/health", rail.Probe)
			}
		case "command":
			rail.Command = text(key, value)
		case "lease":
			lease = duration(key, value, minLease)
		case "every":
			rail.Every = duration(key, value, 100*time.Millisecond)
		case "timeout":
			rail.Timeout = duration(key, value, minFor)
		case "expect":
			rail.Expect = statuses(key, value)
		case "failures":
			v, ok := value.Text(key)
			n, err := strconv.Atoi(v.Text)
			if ok && (err != nil || n < 1 || n > 1000) {
				value.Failf(key, "%q is not how many failures in a row are too many: write a number from 1 to 1000", v.Text)
			}
			rail.Failures = n
		default:
			value.Failf(key, "unknown%s", nearest(key, "probe", "command", "lease", "every", "timeout", "expect", "failures"))
		}
	})
	has := func(name string) bool {
		for _, key := range keys {
			if key == name {
				return true
			}
		}
		return false
	}
	switch kinds := count(has("probe"), has("command"), has("lease")); {
	case kinds != 1:
		node.Failf("rails", "a rail is one of probe, command and lease: write %s", railExample)
	case has("lease") && len(keys) > 1:
		node.Failf("rails", "a lease has nothing else")
	case has("lease") && r.scenario.Lease != 0:
		node.Failf("lease", "there is one already")
	case has("lease"):
		r.scenario.Lease = lease
	case has("command") && has("expect"):
		node.Failf("expect", "goes with probe: a command is to end with the exit status 0")
	default:
		r.scenario.Rails = append(r.scenario.Rails, rail)
	}
}

func count(all ...bool) int {
	n := 0
	for _, b := range all {
		if b {
			n++
		}
	}
	return n
}

// prober asks for one thing and goes no further: a connection that is kept
// would not notice a server that takes no new ones, and where a redirection
// leads is not what was asked about.
var prober = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}
