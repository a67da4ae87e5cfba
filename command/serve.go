package command

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/metrics"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/scenario"
)

// A service is the program while it runs its proxies.
type service struct {
	app     *app
	source  config.Source
	program *config.Program // in force
	log     *logbook
	daemon  *control.Daemon
	apis    apis
	ledger  *ledger.Ledger   // nil: nobody would look at it
	lost    func() uint64    // how many entries the ledger's file lacks; nil: there is no file
	again   *toxiproxyServer // whose file is read again when it is asked for; nil: the settings are
	ends    []func()         // what close calls, the last first

	recorder *metrics.Recorder // nil: nobody would look at it
	scenario *scenario.Run     // that of the settings; nil: none
}

// serve runs the proxies until a signal ends it. again, if it is not nil, has the
// file that they are from.
func serve(a *app, source config.Source, program *config.Program, again *toxiproxyServer) error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, caught()...)
	defer signal.Stop(signals)
	s, err := start(a, source, program)
	if err != nil {
		return err
	}
	defer s.close()
	s.again = again
	s.tellSeed()
	err = s.loop(signals)
	printTable(a.stderr, s.daemon.Summary())
	return err
}

// start starts the proxies, and whatever else the settings ask for.
func start(a *app, source config.Source, program *config.Program) (_ *service, err error) {
	s := &service{app: a, source: source, program: program}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	timeline, err := a.readScenario(&program.Settings)
	if err != nil {
		return nil, err
	}
	if s.log, err = openLog(&program.Settings, a.stderr); err != nil {
		return nil, err
	}
	s.atEnd(s.log.close)

	growDescriptors()
	options := control.Options{Logger: s.log.Logger, RunCommands: program.Settings.ScenarioCommands}
	clock, err := vaurien.NewClock()
	if err != nil {
		return nil, err
	}
	s.atEnd(func() { clock.Close() })
	options.Clock = clock
	processors := runtime.GOMAXPROCS(0)
	if options.Loops, err = vaurien.NewLoops(processors); err == nil {
		s.atEnd(options.Loops.Close)
		runtime.GOMAXPROCS(2 * processors) // see NewLoops
		s.atEnd(func() { runtime.GOMAXPROCS(processors) })
	} else if !errors.Is(err, errors.ErrUnsupported) {
		return nil, err
	}
	if err := s.observe(&options); err != nil {
		return nil, err
	}

	s.daemon = control.NewDaemon(a.registry, options)
	s.atEnd(func() { s.daemon.Close() })
	s.apis, err = s.openAPIs()
	s.atEnd(s.apis.close)
	if err != nil {
		return nil, err
	}
	if err := s.daemon.Apply(context.Background(), program.Proxies); err != nil {
		return nil, err
	}
	if err := s.play(timeline); err != nil {
		return nil, err
	}
	s.apis.start(s.log)
	return s, nil
}

// atEnd has f called by close.
func (s *service) atEnd(f func()) { s.ends = append(s.ends, f) }

// close ends what start has started, at once.
func (s *service) close() {
	for _, end := range slices.Backward(s.ends) {
		end()
	}
	s.ends = nil
}

// tellSeed says how this run can be repeated, if nobody chose its seed.
func (s *service) tellSeed() {
	if s.seedChosen() {
		s.log.Info("to repeat this run: --seed " + strconv.FormatUint(s.source.Seed, 10))
	}
}

// seedChosen reports whether a seed was chosen, since nobody wrote one.
func (s *service) seedChosen() bool {
	chosen := len(s.program.Proxies) == 0 && s.program.Seed == s.source.Seed
	for _, p := range s.program.Proxies {
		chosen = chosen || p.Settings["seed"].Place == config.SeedChosen
	}
	return chosen
}

// loop does what signals ask for until it was asked to stop and has, or is to
// end with a scenario, and reads the scripts again that change.
func (s *service) loop(signals <-chan os.Signal) error {
	w := watch(s.app.scripts.paths())
	defer func() { w.close() }()
	for {
		select {
		case <-w.changed:
			s.reloadScripts()
		case <-s.ended():
			s.drain(signals, "scenario", s.scenario.State().State)
			return s.verdict()
		case sig := <-signals:
			switch meaning(sig) {
			case toReload:
				s.reload()
				w.close()
				w = watch(s.app.scripts.paths())
			case toPrint:
				s.print()
			case toStop:
				early := s.interrupt(sig)
				s.drain(signals, "signal", sig.String())
				return early
			}
		}
	}
}

// drain stops accepting and waits for the sessions to end, for as long as the
// settings say or until another signal to stop.
func (s *service) drain(signals <-chan os.Signal, cause, name string) {
	limit := s.program.Settings.Drain
	s.log.Info("stopping: no new connections; open ones may end", cause, name, "within", option.FormatDuration(limit))
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
	if s.again != nil {
		s.populate()
		return
	}
	if s.program.Settings.Replay != "" {
		s.log.Info("nothing is read again: a ledger is replayed")
		return
	}
	if s.source.File == "" {
		if len(s.app.scripts) == 0 {
			s.log.Info("nothing to read again: there is no --config")
		}
		s.reloadScripts()
		return
	}
	var next *config.Program
	scripts, changed, err := s.scriptsAgain()
	before := s.daemon.Registry()
	if err == nil {
		s.daemon.SetRegistry(scripts.registry(s.app.extra))
		next, err = s.source.Load(s.daemon.Registry())
	}
	if err == nil {
		err = s.daemon.Apply(context.Background(), next.Proxies)
	}
	if err != nil {
		s.daemon.SetRegistry(before)
		for _, line := range messages(err) {
			s.log.Error("not reloaded: " + line)
		}
		s.log.Error("not reloaded: what was in force stays in force", "file", s.source.File)
		return
	}
	s.app.scripts, s.app.registry = scripts, s.daemon.Registry()
	if err := s.daemon.Renew(context.Background(), changed...); err != nil {
		for _, line := range messages(err) {
			s.log.Error("not renewed: " + line)
		}
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
