package command

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/internal/command"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

const runHelp = `Starts the proxies, runs a command with their addresses in its environment, stops
them when it ends, says what was done to its traffic, and exits with its status.

The command finds the proxy NAME in VAURIEN_NAME_ADDR (HOST:PORT), VAURIEN_NAME_HOST
and VAURIEN_NAME_PORT; the proxy that the flags describe is called default. --env
puts the address into a variable that it reads already. VAURIEN_URL is the control
server's, for a test that changes the plan as it goes. A proxy for which no address
is given listens on a free port of the loopback.

Standard input, output and error are the command's own; so is the exit status, but
for 2 (something that was written is wrong), 124 (--run-timeout is over), 125 (the
proxies could not be started), 126 and 127 (the command cannot be run, is not found).
A signal that ends the command gives 128 and its number.`

const runExample = `  vaurien run --backend localhost:5432 --protocol postgres --behavior 20:delay,5:error \
      --env 'DATABASE_URL=postgres://app@{addr}/shop?sslmode=disable' -- pytest -x
  vaurien run --backend localhost:6379 --protocol redis --behavior 100:hang \
      --run-timeout 1m -- sh -c 'redis-cli -p $VAURIEN_DEFAULT_PORT ping'
  vaurien run --config vaurien.yaml --env 'CACHE={cache.addr}' -- npm test`

const envDoc = "`NAME=VALUE` for the command's environment; {addr}, {host} and {port} in it are the proxy's, " +
	"{NAME.addr} and so on those of the proxy NAME; may be given many times"

// killAfter is how long a command may take to end once it was told to.
const killAfter = 10 * time.Second

// A runner is the program's "run".
type runner struct {
	app       *app
	env       []string // NAME=TEMPLATE, as written
	set       *option.Set
	values    option.Values
	timeout   time.Duration
	require   bool
	quiet     bool
	json      string
	templates []command.Template
}

func newRunCommand(a *app) *cobra.Command {
	r := &runner{app: a, set: new(option.Set)}
	cmd := &cobra.Command{
		Use:     "run [FLAGS] -- COMMAND [ARGUMENTS]",
		Short:   "runs a command with proxies before the servers it talks to",
		Long:    runHelp + "\n\nEvery flag of \"vaurien --help\" may be given; those below are the first to know.",
		Example: runExample,

		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := afterDash(cmd, args, "--backend localhost:6379 -- pytest")
			if err != nil {
				return err
			}
			return r.run(args)
		},
	}
	cmd.Flags().SortFlags = false
	a.addSettings(cmd, "proxy", "backend", "protocol", "behavior", "seed", "http", "log-level")
	cmd.Flags().StringArrayVar(&r.env, "env", nil, envDoc)
	r.set.Duration(&r.timeout, "run-timeout", 0, "how long the command may run; 0: for ever").AtLeast("0s").AtMost("24h")
	r.set.Bool(&r.require, "require-faults", false, "fail (status 1) a command that succeeds though nothing was done to its traffic")
	r.set.Bool(&r.quiet, "quiet", false, "do not say what was done")
	r.set.Text(&r.json, "json", "", "`FILE` to write what was done to, as JSON")
	r.values = addOwn(cmd, r.set)
	return cmd
}

// run runs a command between the proxies' start and their end.
func (r *runner) run(args []string) error {
	source, program, err := r.app.loadForCommand()
	own := r.set.Assign(r.values)
	if err = config.Tidy(err, own); err != nil {
		return inputError{err}
	}
	if r.templates, err = parseTemplates(r.env, proxyNames(program.Proxies)); err != nil {
		return inputError{err}
	}
	if s := &program.Settings; !s.HTTP {
		s.HTTP, s.HTTPHost, s.HTTPPort = true, "127.0.0.1", 0
	}
	s, err := start(r.app, source, program)
	if err != nil {
		return statusError{statusOwn, err}
	}
	defer s.close()
	env, err := r.environ(s)
	if err != nil {
		return statusError{statusOwn, err}
	}
	out, err := r.supervise(args, env)
	if err != nil {
		if failed, ok := errors.AsType[*command.StartError](err); ok {
			return statusError{failed.Status, err}
		}
		return statusError{statusOwn, err}
	}
	s.close() // what it counts is whole once its sessions have ended
	return cmp.Or(r.tell(s, args, out), s.tripped())
}

// loadForCommand reads the settings for proxies that serve a command.
func (a *app) loadForCommand() (config.Source, *config.Program, error) {
	source := a.source()
	source.FreePorts = true
	source.Seed = uint64(rand.Uint32N(999_999)) + 1
	// The command's own lines are what is to be read.
	source.Defaults = option.Values{"log-level": {Text: "warning"}}
	program, err := source.Load(a.registry)
	if err != nil {
		return source, nil, err
	}
	if err := command.CheckNames(proxyNames(program.Proxies)); err != nil {
		return source, nil, &option.Error{Place: source.File, Problem: err.Error()}
	}
	return source, program, nil
}

func proxyNames(proxies []spec.Proxy) []string {
	names := make([]string, len(proxies))
	for i, p := range proxies {
		names[i] = p.Name
	}
	return names
}

// parseTemplates reads what --env was given.
func parseTemplates(written, proxies []string) ([]command.Template, error) {
	var all []command.Template
	var errs []error
	for _, text := range written {
		t, err := command.ParseTemplate(text, "--env", proxies)
		errs = append(errs, err)
		all = append(all, t)
	}
	return all, errors.Join(errs...)
}

// environ returns the command's environment.
func (r *runner) environ(s *service) ([]string, error) {
	var addresses []command.Address
	for _, p := range s.daemon.Summary() {
		a, err := command.NewAddress(p.Name, p.Proxy)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, a)
	}
	env := append(r.app.environ[:len(r.app.environ):len(r.app.environ)], command.Environ(addresses, r.templates)...)
	for _, api := range s.apis {
		a, err := command.NewAddress(api.name, api.l.Addr().String())
		if err != nil {
			return nil, err
		}
		env = append(env, api.variable+"=http://"+a.String())
	}
	if token := s.program.Settings.HTTPToken; token != "" {
		env = append(env, "VAURIEN_TOKEN="+token)
	}
	return env, nil
}

// An outcome is how a command ended, and after how long.
type outcome struct {
	command.End
	timedOut bool
	took     time.Duration
}

// supervise runs the command to its end and passes signals on to it.
func (r *runner) supervise(args, env []string) (outcome, error) {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, command.Passed()...)
	defer signal.Stop(signals)

	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, r.app.stdout, r.app.stderr
	shared := command.InForeground() // so that it may read from the terminal, and be stopped and go on
	began := time.Now()
	p, err := command.Start(cmd, shared)
	if err != nil {
		return outcome{}, err
	}
	var over <-chan time.Time
	if r.timeout > 0 {
		timer := time.NewTimer(r.timeout)
		defer timer.Stop()
		over = timer.C
	}
	timedOut := false
	for {
		select {
		case <-p.Done():
			out := outcome{End: p.Wait(), timedOut: timedOut, took: time.Since(began)}
			if timedOut {
				p.Sweep()
				out.Status = command.StatusTimedOut
			}
			return out, nil
		case sig := <-signals:
			if !shared || !command.FromTerminal(sig) {
				p.Signal(sig)
			}
		case <-over:
			timedOut = true
			go p.Stop(killAfter)
		}
	}
}
