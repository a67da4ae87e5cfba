package matrix

import (
	"maps"
	"slices"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// outage is how long a backend of the default list is gone for that comes back:
// longer than a client that tries again at once or twice waits, and shorter
// than what connection pools are willing to (30 s in HikariCP and SQLAlchemy).
const outage = 3 * time.Second

// blink is for how long open connections are reset. What is to meet all of
// them, and as few as can be of those that are made in their place, is short.
const blink = 5 * time.Millisecond

// effects are, of each protocol, the requests whose effect lasts, so that it
// matters whether it took place: what commit-unknown is tried on. Of a protocol
// that is not here it is all of them.
var effects = map[string]string{
	"http":     `method != "GET" && method != "HEAD" && method != "OPTIONS"`,
	"ldap":     `command == "add" || command == "modify" || command == "delete" || command == "modrdn"`,
	"mysql":    `verb == "COMMIT"`,
	"postgres": `verb == "COMMIT"`,
	"smtp":     `command == "DATA"`,
}

// Defaults returns the failures that are tried with a backend of a protocol
// where nobody says which: what can happen to any server and the line to it,
// and then each of the protocol's own failures.
func Defaults(r *vaurien.Registry, protocol string) ([]Failure, error) {
	p, err := r.Protocol(protocol, nil, "")
	if err != nil {
		return nil, err
	}
	list := slices.Clone(general())
	if match := effects[protocol]; match != "" {
		for i := range list {
			if list[i].Name == "commit-unknown" {
				list[i].Plan.Entries[0].Options["match"] = option.Value{Text: match}
			}
		}
	}
	failing, ok := p.(vaurien.Failing)
	if !ok {
		list = append(list, drawn("error", "random bytes in a reply's place", "error", nil))
	} else {
		for _, k := range failing.Failures() {
			list = append(list, drawn("error:"+k.Name, k.Doc, "error", map[string]string{"kind": k.Name}))
		}
	}
	for i := range list {
		list[i].Listed = true
	}
	return list, nil
}

// general are the failures of any server.
func general() []Failure {
	return []Failure{
		with("refuse", "it is gone: new connections are reset", Window{}, toxic("refuse", nil)),
		with("late-start", "it is gone for the first 3 seconds", Window{For: outage}, toxic("refuse", nil)),
		with("restart", "it is restarted: connections are reset, and for 3 seconds it is gone",
			Window{Replies: 1, For: outage}, toxic("refuse", nil), toxic("reset_peer", nil)),
		with("dropped", "open connections are reset, once", Window{Replies: 1, For: blink}, toxic("reset_peer", nil)),
		with("one-connection", "it takes one connection at a time", Window{}, toxic("max_connections", map[string]string{"connections": "1"})),
		drawn("blackout", "it closes the connection at every request", "blackout", nil),
		drawn("abort", "it dies at its work: the request arrives, and no reply comes back", "abort", nil),
		drawn("commit-unknown", "what lasts takes effect, and its reply is lost", "commit-unknown", nil),
		drawn("hang", "it never answers", "hang", nil),
		drawn("hang-once", "one request is never answered", "hang", map[string]string{"max": "1"}),
		drawn("delay", "it is late by a second", "delay", map[string]string{"sleep": "1s"}),
		drawn("transient", "the first 3 requests fail", "transient", map[string]string{"agitate": "3"}),
		drawn("cut", "it closes in the middle of a reply", "cut", nil),
		drawn("cut-reset", "it resets in the middle of a reply", "cut", map[string]string{"how": "reset"}),
		drawn("stall", "it stops in the middle of a reply", "stall", nil),
		with("slow-line", "the line is a slow mobile one", Window{}, toxic("profile", map[string]string{"name": "3g-slow"})),
		with("packet-loss", "one packet in ten is lost, and sent again", Window{}, toxic("packet_loss", map[string]string{"loss-rate": "0.1"})),
		with("pieces", "replies come in pieces of a few bytes", Window{},
			toxic("slicer", map[string]string{"average-size": "8", "direction": "to_client"})),
		with("garbage", "one byte in twenty of what it says is wrong", Window{},
			toxic("corrupt", map[string]string{"rate": "0.05", "unit": "byte", "direction": "to_client"})),
	}
}

// drawn is a failure of every exchange.
func drawn(name, doc, behavior string, options map[string]string) Failure {
	return Failure{Name: name, Doc: doc, Plan: spec.Single(behavior, values(options), "the default list")}
}

// with is a failure of every connection.
func with(name, doc string, when Window, toxics ...spec.Toxic) Failure {
	return Failure{Name: name, Doc: doc, When: when, Toxics: toxics}
}

func toxic(behavior string, options map[string]string) spec.Toxic {
	return spec.Toxic{Behavior: behavior, Percent: 100, Options: values(options), Place: "the default list"}
}

func values(options map[string]string) option.Values {
	out := option.Values{}
	for name, text := range options {
		out[name] = option.Value{Text: text}
	}
	return out
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
