package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/statsd"
)

// A service is the program while it runs its proxies.
type service struct {
	app     *app
	source  config.Source
	program *config.Program // in force
	log     *logbook
	daemon  *control.Daemon
}

// serve runs the proxies until a signal ends it.
func serve(a *app, source config.Source, program *config.Program) error {
	log, err := openLog(&program.Settings, a.stderr)
	if err != nil {
		return err
	}
	defer log.close()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, caught()...)
	defer signal.Stop(signals)

	options := control.Options{Logger: log.Logger}
	clock, err := vaurien.NewClock()
	if err != nil {
		return err
	}
	defer clock.Close()
	options.Clock = clock
	if s := &program.Settings; s.StatsdEnabled {
		observer, err := statsd.New(s.StatsdAddress(), s.StatsdPrefix, s.StatsdSampleRate, statsd.WithLogger(log.Logger))
		if err != nil {
			return fmt.Errorf("statsd: %w", err)
		}
		defer observer.Close()
		options.Observer = observer
	}

	s := &service{app: a, source: source, program: program, log: log}
	s.daemon = control.NewDaemon(a.registry, options)
	defer s.daemon.Close()
	apis, err := s.openAPIs()
	defer apis.close()
	if err != nil {
		return err
	}
	if err := s.daemon.Apply(context.Background(), program.Proxies); err != nil {
		return err
	}
	apis.start(s.log)
	s.tellSeed()
	s.loop(signals)
	printTable(a.stderr, s.daemon.Summary())
	return nil
}

// tellSeed says how this run can be repeated, if nobody chose its seed.
func (s *service) tellSeed() {
	chosen := len(s.program.Proxies) == 0 && s.program.Seed == s.source.Seed
	for _, p := range s.program.Proxies {
		chosen = chosen || p.Settings["seed"].Place == config.SeedChosen
	}
	if chosen {
		s.log.Info("to repeat this run: --seed " + strconv.FormatUint(s.source.Seed, 10))
	}
}

// loop does what signals ask for until it was asked to stop and has.
func (s *service) loop(signals <-chan os.Signal) {
	for sig := range signals {
		switch meaning(sig) {
		case toReload:
			s.reload()
		case toPrint:
			s.print()
		case toStop:
			s.drain(sig, signals)
			return
		}
	}
}

// drain stops accepting and waits for the sessions to end, for as long as the
// settings say or until another signal to stop.
func (s *service) drain(sig os.Signal, signals <-chan os.Signal) {
	limit := s.program.Settings.Drain
	s.log.Info("stopping: no new connections; open ones may end", "signal", sig.String(), "within", option.FormatDuration(limit))
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	done := make(chan error, 1)
	go s.shutdown(ctx, done)
	for {
		select {
		case err := <-done:
			if err != nil {
				s.log.Warn("stopped: connections that did not end were closed")
			} else {
				s.log.Info("stopped")
			}
			return
		case sig := <-signals:
			switch meaning(sig) {
			case toStop:
				s.log.Info("stopping at once", "signal", sig.String())
				cancel()
			case toPrint:
				s.print()
			}
		}
	}
}

// shutdown is the goroutine that ends the proxies.
func (s *service) shutdown(ctx context.Context, done chan<- error) { done <- s.daemon.Shutdown(ctx) }

// reload reads the settings again and applies them, or says why not.
func (s *service) reload() {
	if s.source.File == "" {
		s.log.Info("nothing to read again: there is no --config")
		return
	}
	next, err := s.source.Load(s.app.registry)
	if err == nil {
		err = s.daemon.Apply(context.Background(), next.Proxies)
	}
	if err != nil {
		for _, line := range messages(err) {
			s.log.Error("not reloaded: " + line)
		}
		s.log.Error("not reloaded: what was in force stays in force", "file", s.source.File)
		return
	}
	for _, name := range next.Changed(s.program) {
		if name != "log-level" && name != "drain" {
			s.log.Warn("changed in the file, but takes effect only when the program is started anew", "setting", name)
		}
	}
	s.log.level.Set(level(next.Settings.LogLevel))
	s.program = next
	s.log.Info("reloaded", "file", s.source.File)
}

// print prints what has been done so far.
func (s *service) print() {
	printTable(s.app.stderr, s.daemon.Summary())
	s.log.Debug("table printed")
}
