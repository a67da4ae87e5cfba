package command

import (
	"fmt"
	"os"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/ledger/replay"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/statsd"
)

// observe lets all those whom the settings ask for be told what the proxies do.
func (s *service) observe(options *control.Options) error {
	settings := &s.program.Settings
	var observers []vaurien.Observer
	if settings.StatsdEnabled {
		o, err := statsd.New(settings.StatsdAddress(), settings.StatsdPrefix, settings.StatsdSampleRate, statsd.WithLogger(s.log.Logger))
		if err != nil {
			return fmt.Errorf("statsd: %w", err)
		}
		s.atEnd(func() { o.Close() })
		observers = append(observers, o)
	}
	recording, err := s.replay() // before the ledger, which may be the same
	if err != nil {
		return err
	}
	if recording != nil {
		f := recording.Follow(s.setReplayed)
		s.atEnd(f.Close)
		observers = append(observers, f)
	}
	if settings.HTTP || settings.Ledger != "" {
		if err := s.account(settings, recording); err != nil {
			return err
		}
		observers = append(observers, s.ledger)
		options.Ledger = s.ledger
	}
	if o := s.measure(); o != nil {
		observers = append(observers, o)
	}
	if settings.OTLPEndpoint != "" {
		o, err := s.export(settings)
		if err != nil {
			return inputError{err}
		}
		observers = append(observers, o)
	}
	options.Observer = vaurien.Observers(observers...)
	return nil
}

// account begins the ledger. recording, if it is not nil, is what is replayed.
func (s *service) account(settings *config.Settings, recording *replay.Recording) error {
	registry := s.app.registry
	o := ledger.Options{
		Keep: int(settings.LedgerMemory), Attributes: ledger.Attributes(settings.LedgerAttributes),
		Protocols: func(name string) []vaurien.Attribute { return attributesOf(registry, name) },
	}
	if settings.LedgerHashKeys || settings.LedgerHashKey != "" {
		o.Hash = ledger.NewHash(settings.LedgerHashKey)
	}
	if recording != nil {
		o.Plan = recording.Told
	}
	s.ledger = ledger.New(o)
	if settings.Ledger == "" {
		return nil
	}
	f, err := ledger.Open(settings.Ledger, s.ledger, ledger.FileOptions{
		MaxSize: settings.LedgerMaxSize, Keep: int(settings.LedgerFiles), Logger: s.log.Logger,
		Run: ledger.Run{Version: version(), Seed: s.program.Seed, PID: os.Getpid()},
	})
	if err != nil {
		if option.Errors(err) == nil {
			err = fmt.Errorf("ledger: %w", err)
		}
		return inputError{err}
	}
	s.lost = f.Lost
	s.atEnd(func() {
		if err := f.Close(); err != nil {
			s.log.Error("the ledger is not whole", "error", err)
		}
	})
	return nil
}

// attributesOf returns the attributes of a protocol's requests.
func attributesOf(registry *vaurien.Registry, protocol string) []vaurien.Attribute {
	p, err := registry.Protocol(protocol, nil, "")
	if err != nil {
		return nil
	}
	if d, ok := p.(vaurien.Describing); ok {
		return d.Attributes()
	}
	return nil
}
