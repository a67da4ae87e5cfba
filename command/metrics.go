package command

import (
	"net/http"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/metrics"
	"github.com/vaurien-proxy/vaurien/otlp"
)

// measure returns who measures what the proxies do, nil if nobody can ask for
// it.
func (s *service) measure() vaurien.Observer {
	settings := &s.program.Settings
	if served := settings.HTTP || settings.Toxiproxy; !served || !settings.TellsProxies() {
		return nil
	}
	s.recorder = metrics.NewRecorder()
	return s.recorder
}

// metrics returns what answers who asks for metrics; nil if nothing is told.
func (s *service) metrics() http.Handler {
	settings := &s.program.Settings
	if !settings.TellsProxies() && !settings.TellsRuntime() {
		return nil
	}
	o := metrics.Options{Version: ownVersion(), Runtime: settings.TellsRuntime(), Lost: s.lost, Logger: s.log.Logger}
	if settings.TellsProxies() {
		o.Proxies, o.Recorder, o.Toxiproxy = s.daemon, s.recorder, settings.Toxiproxy
	}
	return metrics.Handler(o)
}

// export begins to send spans to a collector.
func (s *service) export(settings *config.Settings) (vaurien.Observer, error) {
	header, err := otlp.ParseHeaders(settings.OTLPHeaders)
	if err != nil {
		return nil, err
	}
	e, err := otlp.New(settings.OTLPEndpoint, otlp.Options{Header: header, Version: ownVersion(), Logger: s.log.Logger})
	if err != nil {
		return nil, err
	}
	s.atEnd(func() { e.Close() })
	return e, nil
}
