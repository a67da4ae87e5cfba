package metrics

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// mostScrapes is how many callers are answered at a time; further ones get 503.
const mostScrapes = 8

// Options say what a page of metrics tells. The zero value tells nothing.
type Options struct {
	// Proxies and Recorder are what is told of proxies. Nil: nothing is.
	Proxies  Lister
	Recorder *Recorder

	Toxiproxy bool // tell of proxies by toxiproxy-server's names too
	Runtime   bool // tell of Go's runtime and of the process

	Version string        // the program's; empty: it is not told
	Lost    func() uint64 // how many entries a ledger has lost; nil: there is none

	Logger *slog.Logger // nil: slog.Default()
}

// Handler returns a handler that answers with metrics, in the format that the
// caller prefers: with native histograms where it asks for protocol buffers.
func Handler(o Options) http.Handler {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return promhttp.HandlerFor(registry(o), promhttp.HandlerOpts{
		ErrorLog:            errorLog{o.Logger},
		ErrorHandling:       promhttp.ContinueOnError, // what can be told is told
		MaxRequestsInFlight: mostScrapes,
		EnableOpenMetrics:   true,
	})
}

// registry returns what o asks for.
func registry(o Options) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	if o.Proxies != nil && o.Recorder != nil {
		reg.MustRegister(&proxies{o.Proxies, o.Recorder})
	}
	if o.Proxies != nil && o.Toxiproxy {
		reg.MustRegister(toxiproxy{o.Proxies})
	}
	if o.Runtime {
		reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	if o.Version != "" {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "vaurien_build_info", Help: "The program's version and the Go that it was made with; always 1.",
			ConstLabels: prometheus.Labels{"version": valid(o.Version), "goversion": runtime.Version()},
		}, func() float64 { return 1 }))
	}
	if o.Lost != nil {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "vaurien_ledger_lost_entries_total", Help: "Entries of the ledger that could not be written.",
		}, func() float64 { return float64(o.Lost()) }))
	}
	return reg
}

// errorLog logs what promhttp has to say.
type errorLog struct{ *slog.Logger }

func (l errorLog) Println(v ...any) { l.Warn("metrics are not whole", "reason", fmt.Sprint(v...)) }
