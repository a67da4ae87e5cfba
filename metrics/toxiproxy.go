package metrics

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
)

// What toxiproxy-server tells of its proxies.
var (
	toxiproxyReceivedDesc = newDesc("toxiproxy_proxy_received_bytes_total", "Bytes that a proxy received.",
		"direction", "proxy", "listener", "upstream")
	toxiproxySentDesc = newDesc("toxiproxy_proxy_sent_bytes_total", "Bytes that a proxy sent.",
		"direction", "proxy", "listener", "upstream")
)

// toxiproxy is the collector of what toxiproxy-server tells.
type toxiproxy struct{ list Lister }

// Describe implements prometheus.Collector.
func (c toxiproxy) Describe(to chan<- *prometheus.Desc) {
	to <- toxiproxyReceivedDesc
	to <- toxiproxySentDesc
}

// Collect implements prometheus.Collector.
func (c toxiproxy) Collect(to chan<- prometheus.Metric) {
	all, err := c.list.Proxies(context.Background())
	if err != nil {
		to <- prometheus.NewInvalidMetric(toxiproxySentDesc, err)
		return
	}
	for i := range all {
		p := &all[i]
		count := func(d *prometheus.Desc, direction string, n uint64) {
			to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n),
				direction, valid(p.Name), valid(p.Proxy), valid(p.Backend))
		}
		count(toxiproxyReceivedDesc, "downstream", p.Stats.FromBackend)
		count(toxiproxyReceivedDesc, "upstream", p.Stats.FromClient)
		count(toxiproxySentDesc, "downstream", p.Stats.ToClient)
		count(toxiproxySentDesc, "upstream", p.Stats.ToBackend)
	}
}
