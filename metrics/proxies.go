package metrics

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vaurien-proxy/vaurien/control"
)

// A Lister knows the state of all proxies: a control.Controller.
type Lister interface {
	Proxies(ctx context.Context) ([]control.Proxy, error)
}

// What is told of proxies out of their own state.
var (
	infoDesc = newDesc("vaurien_proxy_info", "Where a proxy listens and connects to, and what it speaks; always 1.",
		"proxy", "protocol", "listen", "backend")
	enabledDesc  = newDesc("vaurien_proxy_enabled", "Whether a proxy listens: 1, or 0.", "proxy")
	planDesc     = newDesc("vaurien_plan_ratio", "Share of the exchanges that the plan in force gives to a behavior.", "proxy", "behavior")
	toxicDesc    = newDesc("vaurien_toxic_ratio", "Share of the connections that a toxic meets.", "proxy", "toxic", "behavior")
	openDesc     = newDesc("vaurien_sessions_open", "Connections of clients that are open.", "proxy")
	sessionsDesc = newDesc("vaurien_sessions_total", "Connections of clients.", "proxy")
	countDesc    = newDesc("vaurien_exchanges_total", "Requests with their replies; a tcp connection is one, or several where each is drawn.", "proxy")
	receivedDesc = newDesc("vaurien_received_bytes_total", "Bytes received, by where they are to go.", "proxy", "direction")
	sentDesc     = newDesc("vaurien_sent_bytes_total", "Bytes sent, by where they go.", "proxy", "direction")
	faultsDesc   = newDesc("vaurien_faults_total", "Exchanges that something was done to, by what the plan calls it; counted when it is done.", "proxy", "behavior")
	failedDesc   = newDesc("vaurien_backend_failures_total", "Connections to the backend that could not be made.", "proxy")
)

func newDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// The directions, in the words of the behaviors' option of that name.
const (
	toBackend = "to_backend"
	toClient  = "to_client"
)

// proxies is the collector of what there is to tell of proxies.
type proxies struct {
	list     Lister
	recorder *Recorder
}

// Describe implements prometheus.Collector.
func (c *proxies) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		infoDesc, enabledDesc, planDesc, toxicDesc, openDesc, sessionsDesc, countDesc,
		receivedDesc, sentDesc, faultsDesc, failedDesc,
	} {
		to <- d
	}
	for _, m := range c.recorder.collectors() {
		m.Describe(to)
	}
}

// Collect implements prometheus.Collector.
func (c *proxies) Collect(to chan<- prometheus.Metric) {
	all, err := c.list.Proxies(context.Background())
	if err != nil {
		to <- prometheus.NewInvalidMetric(infoDesc, err)
		return
	}
	names := make(map[string]bool, len(all))
	for i := range all {
		names[all[i].Name] = true
	}
	c.recorder.keep(names)
	for i := range all {
		c.collect(&all[i], to)
	}
	for _, m := range c.recorder.collectors() {
		m.Collect(to)
	}
}

// collectors are the Recorder's.
func (r *Recorder) collectors() []prometheus.Collector {
	return []prometheus.Collector{r.backend, r.client, r.late, r.added, r.deeds}
}

// collect tells of one proxy.
func (c *proxies) collect(p *control.Proxy, to chan<- prometheus.Metric) {
	name := valid(p.Name)
	tell := func(d *prometheus.Desc, as prometheus.ValueType, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, as, v, append([]string{name}, labels...)...)
	}
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		tell(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) { tell(d, prometheus.GaugeValue, v, labels...) }

	gauge(infoDesc, 1, valid(p.Protocol), valid(p.Proxy), valid(p.Backend))
	enabled := 0.0
	if p.Enabled {
		enabled = 1
	}
	gauge(enabledDesc, enabled)
	gauge(openDesc, float64(p.Stats.Open))
	count(sessionsDesc, p.Stats.Sessions)
	count(countDesc, p.Stats.Exchanges)
	count(receivedDesc, p.Stats.FromClient, toBackend)
	count(receivedDesc, p.Stats.FromBackend, toClient)
	count(sentDesc, p.Stats.ToBackend, toBackend)
	count(sentDesc, p.Stats.ToClient, toClient)
	count(failedDesc, p.Stats.Unreached)
	for behavior, share := range c.plan(p) {
		gauge(planDesc, share, behavior)
	}
	for _, t := range p.Toxics {
		gauge(toxicDesc, t.Percent/100, valid(t.Name), valid(t.Behavior))
	}
	for behavior, n := range c.faults(p) {
		count(faultsDesc, n, behavior)
	}
}

// label returns the label of a proxy's behavior.
func (c *proxies) label(p *control.Proxy, behavior string) string {
	if of := c.recorder.proxy(p.Name); of != nil {
		return of.behavior(behavior).label
	}
	return other
}

// plan returns the shares of the plan by behavior.
func (c *proxies) plan(p *control.Proxy) map[string]float64 {
	shares := make(map[string]float64)
	for _, e := range p.Plan.Entries {
		shares[c.label(p, e.Name)] += e.Weight / 100
	}
	return shares
}

// faults returns how many exchanges each behavior acted on; those that may yet
// act are there with 0, so that a rate sees the first of them.
func (c *proxies) faults(p *control.Proxy) map[string]uint64 {
	counts := make(map[string]uint64)
	for _, e := range p.Plan.Entries {
		counts[c.label(p, e.Name)] = 0
	}
	for _, t := range p.Toxics {
		counts[c.label(p, t.Name)] = 0
	}
	for behavior, n := range p.Stats.Faults {
		counts[c.label(p, behavior)] += n
	}
	return counts
}
