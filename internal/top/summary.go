package top

import (
	"math"
	"time"
)

// A summary is a proxy as JSON.
type summary struct {
	Type      string             `json:"type"`
	Time      time.Time          `json:"time"`
	Proxy     string             `json:"proxy"`
	Listen    string             `json:"listen"`
	Backend   string             `json:"backend"`
	Protocol  string             `json:"protocol"`
	Plan      string             `json:"plan"`
	Toxics    []string           `json:"toxics"`
	Enabled   bool               `json:"enabled"`
	Stopped   bool               `json:"stopped"` // all chaos is
	Open      int64              `json:"open"`
	Sessions  uint64             `json:"sessions"`
	Exchanges float64            `json:"exchanges_per_second"`
	ToBackend float64            `json:"bytes_to_backend_per_second"`
	ToClient  float64            `json:"bytes_to_client_per_second"`
	Faults    map[string]float64 `json:"faults_per_second"`
	ClientMS  *quantiles         `json:"client_ms,omitempty"`
	BackendMS *quantiles         `json:"backend_ms,omitempty"`
}

type quantiles struct {
	Count uint64  `json:"count"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
}

func newSummary(p *Proxy, at time.Time) summary {
	s := summary{
		Type: "summary", Time: at, Proxy: p.Name, Listen: p.Proxy.Proxy, Backend: p.Backend, Protocol: p.Protocol,
		Plan: p.Plan.Name(), Toxics: []string{}, Enabled: p.Enabled, Stopped: p.Stopped,
		Open: p.Stats.Open, Sessions: p.Stats.Sessions, Exchanges: short(p.Exchanges),
		ToBackend: short(p.ToBackend), ToClient: short(p.ToClient), Faults: make(map[string]float64),
		ClientMS: newQuantiles(p.ClientTook), BackendMS: newQuantiles(p.BackendTook),
	}
	for _, t := range p.Toxics {
		s.Toxics = append(s.Toxics, t.Name)
	}
	for _, f := range p.Faults {
		s.Faults[f.Behavior] = short(f.Rate)
	}
	return s
}

// newQuantiles returns nil of a histogram that has nothing.
func newQuantiles(h Histogram) *quantiles {
	p50, some := h.Quantile(.5)
	if !some {
		return nil
	}
	p99, _ := h.Quantile(.99)
	ms := func(d time.Duration) float64 { return short(float64(d) / float64(time.Millisecond)) }
	return &quantiles{h.Count(), ms(p50), ms(p99)}
}

// short leaves a number three decimals.
func short(v float64) float64 { return math.Round(v*1000) / 1000 }
