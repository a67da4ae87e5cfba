package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// ErrClosed is returned by a Daemon that was shut down.
var ErrClosed = errors.New("shut down")

// Options are what a Daemon gives to each of its proxies. The zero value of a
// field means what its comment says.
type Options struct {
	Logger   *slog.Logger     // nil: slog.Default()
	Observer vaurien.Observer // nil: nobody
	Clock    vaurien.Clock    // nil: the runtime's timers
	Loops    *vaurien.Loops   // nil: goroutines carry everything; to be closed after the Daemon

	// Ledger is told which proxies and plans there are. What becomes of their
	// exchanges it is told as the Observer, or one of several. Nil: nobody is.
	Ledger *ledger.Ledger

	// RunCommands lets whoever may call StartScenario have commands run here, as
	// rails of scenarios. It is for callers that may do so anyway.
	RunCommands bool

	// Listen opens a proxy's listening address. Nil is TCP.
	Listen func(ctx context.Context, address string) (net.Listener, error)

	// Dial connects to a backend. Nil is TCP.
	Dial func(ctx context.Context, address string) (net.Conn, error)
}

// A Daemon runs proxies. It implements [Controller]; all its methods may be
// called at the same time.
//
// What takes long (compiling a plan, binding an address, writing a log line)
// is done without a lock, so that a call waits for no other, with one
// exception: Put, Delete and Apply take turns.
type Daemon struct {
	known   atomic.Pointer[words]
	options Options
	log     *slog.Logger

	turn    chan struct{}  // holds one token: the right to change which proxies there are
	closing sync.WaitGroup // proxies that have left running
	layers  atomic.Uint64  // how many were made
	stage   stage
	halted  atomic.Pointer[time.Time] // since when all chaos is stopped; nil: it is not
	life    context.Context           // ends when the daemon is closed
	end     context.CancelFunc        // ends it

	mu      sync.Mutex // guards what follows; nothing waits under it
	running map[string]*running
	closed  bool
}

var _ Controller = (*Daemon)(nil)

// NewDaemon returns a daemon without proxies whose behaviors and protocols are
// those of reg. Whoever makes it must Shutdown or Close it.
func NewDaemon(reg *vaurien.Registry, o Options) *Daemon {
	d := &Daemon{
		options: o,
		log:     o.Logger,
		turn:    make(chan struct{}, 1),
		running: make(map[string]*running),
	}
	d.known.Store(newWords(reg))
	if d.log == nil {
		d.log = slog.Default()
	}
	d.life, d.end = context.WithCancel(context.Background())
	d.turn <- struct{}{}
	return d
}

// Proxies implements Controller.
func (d *Daemon) Proxies(ctx context.Context) ([]Proxy, error) {
	all, err := d.snapshot()
	if err != nil {
		return nil, err
	}
	return states(all), nil
}

func states(all map[string]*running) []Proxy {
	out := make([]Proxy, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[name].state())
	}
	return out
}

// Summary is Proxies for whoever looks back: it also works while the daemon is
// shut down and afterwards.
func (d *Daemon) Summary() []Proxy {
	d.mu.Lock()
	all := maps.Clone(d.running)
	d.mu.Unlock()
	return states(all)
}

// Proxy implements Controller.
func (d *Daemon) Proxy(ctx context.Context, name string) (Proxy, error) {
	r, err := d.find(name)
	if err != nil {
		return Proxy{}, err
	}
	return r.state(), nil
}

// Catalog implements Controller.
func (d *Daemon) Catalog(ctx context.Context) (Catalog, error) {
	return catalogOf(d.words().registry), nil
}

// SetPlan implements Controller. The options that the proxy's configuration
// has for a behavior hold unless the change says otherwise.
func (d *Daemon) SetPlan(ctx context.Context, name string, change PlanChange) (Proxy, error) {
	if err := checkFor("", change.For); err != nil {
		return Proxy{}, err
	}
	for {
		r, err := d.find(name)
		if err != nil {
			return Proxy{}, err
		}
		// Compiled without a lock: if the configuration changes meanwhile,
		// it is compiled again.
		b := r.configuration()
		plan, err := d.compile(d.words().registry.NormalPlan(change.Plan), b)
		if err != nil {
			return Proxy{}, err
		}
		if change.DryRun {
			return r.withPlan(plan, change.For), nil
		}
		if r.setPlan(b, plan, change.For) {
			state := r.state()
			attrs := []any{"proxy", r.name, "plan", plan.draw.Draw()}
			if change.For > 0 {
				attrs = append(attrs, "for", change.For)
			}
			d.log.Info("plan changed", attrs...)
			return state, nil
		}
	}
}

// EndPlan implements Controller.
func (d *Daemon) EndPlan(ctx context.Context, name string) (Proxy, error) {
	r, err := d.find(name)
	if err != nil {
		return Proxy{}, err
	}
	if r.endOverride() {
		d.log.Info("plan returned", "proxy", r.name, "plan", r.state().Plan.Draw)
	}
	return r.state(), nil
}

// SetBackend implements Controller.
func (d *Daemon) SetBackend(ctx context.Context, name, address string) (Proxy, error) {
	return d.Patch(ctx, name, Patch{Backend: &address})
}

// Shutdown stops accepting, lets sessions end until ctx is done and then
// closes them. It returns when everything that the Daemon started has ended;
// an error says that sessions had to be closed. Close may be called meanwhile.
func (d *Daemon) Shutdown(ctx context.Context) error {
	return d.stop(func(r *running) error { return r.proxy.Shutdown(ctx) })
}

// Close closes all proxies and their connections at once, and waits until
// everything that the Daemon started has ended.
func (d *Daemon) Close() error {
	return d.stop(func(r *running) error { return r.proxy.Close() })
}

func (d *Daemon) stop(how func(*running) error) error {
	d.stage.close()
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.end()

	// A change that is under way sees that the daemon is closed and undoes
	// what it did; none begins after it.
	<-d.turn
	d.endTurn()

	errs := make([]error, len(d.running))
	var wg sync.WaitGroup
	for i, name := range slices.Sorted(maps.Keys(d.running)) {
		r := d.running[name]
		r.retire()
		wg.Go(func() {
			if err := how(r); err != nil {
				errs[i] = fmt.Errorf("proxy %s: %w", name, err)
			}
		})
	}
	wg.Wait()
	d.closing.Wait()
	return errors.Join(errs...)
}

// snapshot returns the running proxies by name, in a map of the caller's own.
func (d *Daemon) snapshot() (map[string]*running, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, ErrClosed
	}
	return maps.Clone(d.running), nil
}

// find returns the proxy of that name; empty means the default one or the only
// one.
func (d *Daemon) find(name string) (*running, error) {
	all, err := d.snapshot()
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = spec.DefaultProxy
		if r := all[name]; r == nil && len(all) == 1 {
			for _, only := range all {
				return only, nil
			}
		}
	}
	if r := all[name]; r != nil {
		return r, nil
	}
	known := slices.Sorted(maps.Keys(all))
	if len(known) == 0 {
		return nil, fmt.Errorf("%w: %q: there are none", ErrNoProxy, name)
	}
	nearest := option.DidYouMean(name, known)
	if nearest == "" {
		nearest = ";"
	}
	return nil, fmt.Errorf("%w: %q%s known: %s", ErrNoProxy, name, nearest, strings.Join(known, ", "))
}
