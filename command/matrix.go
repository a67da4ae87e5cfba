package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/internal/command"
	"github.com/vaurien-proxy/vaurien/matrix"
	"github.com/vaurien-proxy/vaurien/option"
)

const matrixHelp = `Finds out which failures of its servers a piece of software survives. It runs a
command with all of them well, and then once for each server and each way in which
that may fail: gone, late, silent, cut off, and saying no in its own words. Each run
has proxies of its own on free ports, which the command finds as with "vaurien run":
in VAURIEN_NAME_ADDR, or where --env puts them.

A command that succeeds (status 0) although the failure hit it has survived. Where
nothing was hit, the failure is "not reached", which says nothing.

The part "matrix" of a YAML file says which failures to try and what is expected of
which (docs/matrix.md); without it they are those that fit each protocol, and nothing
is expected. The status is 0 if everything came as it was expected, 1 if not, or if
the command fails without a failure, 2 if something that was written is wrong, 125 if
it could not be tried, 126 and 127 if the command cannot be run or is not found, 130
after Ctrl-C, which prints the report of what was done so far.`

const matrixExample = `  vaurien matrix --backend localhost:6379 --protocol redis --env 'REDIS_URL=redis://{addr}/0' \
      --parallel 4 --html report.html -- pytest -x tests/smoke
  vaurien matrix --config matrix.yaml --only 'db/*' --junit matrix.xml -- ./smoke-test
  vaurien matrix --list --protocol postgres`

// A matrixRunner is the program's "matrix".
type matrixRunner struct {
	app                     *app
	values                  option.Values
	env, only, skip         []string
	list, quiet             bool
	junit, json, html, outs string
}

func newMatrixCommand(a *app) *cobra.Command {
	m := &matrixRunner{app: a}
	cmd := &cobra.Command{
		Use:     "matrix [FLAGS] -- COMMAND [ARGUMENTS]",
		Short:   "runs a command once for each failure of its servers, and says which it survives",
		Long:    matrixHelp + "\n\nEvery flag of \"vaurien --help\" may be given; those below are the first to know.",
		Example: matrixExample,
		RunE: func(cmd *cobra.Command, args []string) error {
			if m.list && len(args) == 0 {
				return m.run(nil)
			}
			args, err := afterDash(cmd, args, "--config matrix.yaml -- pytest -x")
			if err != nil {
				return err
			}
			return m.run(args)
		},

		DisableFlagsInUseLine: true,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	a.addSettings(cmd, "backend", "protocol", "seed")
	flags.StringArrayVar(&m.env, "env", nil, envDoc)
	flags.BoolVar(&m.list, "list", false, "say what would be tried, and exit")
	flags.StringArrayVar(&m.only, "only", nil, "try only the failures whose `NAME` this is, or matches with * for anything: db/hang, db, error:*; may be given many times")
	flags.StringArrayVar(&m.skip, "skip", nil, "do not try those whose `NAME` this is, as with --only")
	_, set := matrix.NewSettings()
	m.values = addOwn(cmd, set)
	flags.StringVar(&m.junit, "junit", "", "`FILE` to write the report to, as JUnit's XML")
	flags.StringVar(&m.json, "json", "", "`FILE` to write the report to, as JSON")
	flags.StringVar(&m.html, "html", "", "`FILE` to write the report to, as a page")
	flags.StringVar(&m.outs, "outputs", "", "`DIRECTORY` to keep the output of each run in")
	flags.BoolVar(&m.quiet, "quiet", false, "do not say what is being done")
	return cmd
}

// run makes the runs and reports.
func (m *matrixRunner) run(args []string) error {
	_, program, err := m.app.loadForCommand()
	if err != nil {
		return inputError{config.Tidy(err)}
	}
	mx, err := matrix.New(m.app.registry, program.Proxies, program.Matrix, m.values, m.env)
	if err == nil {
		err = mx.Select(m.only, m.skip)
	}
	if err != nil {
		return inputError{config.Tidy(err)}
	}
	if m.list {
		return m.print(mx)
	}
	seed, err := seedOf(program)
	if err != nil {
		return inputError{err}
	}
	clock, err := vaurien.NewClock()
	if err != nil {
		return statusError{statusOwn, err}
	}
	defer clock.Close()
	progress := newMatrixProgress(m.app.stderr, m.quiet)
	defer progress.close()
	for _, what := range mx.SetAside {
		progress.say("set aside, since a run has one failure: " + what)
	}
	ctx, cancel, stopped := interrupted(progress)
	defer cancel()
	report, err := mx.Run(ctx, matrix.Config{
		Command: args, Environ: m.app.environ, Seed: seed, Outputs: m.outs, Clock: clock,
		Again: func(only string) string { return m.app.repeatCase(seed, only) }, Progress: progress.tell,
	})
	progress.close()
	if failed, ok := errors.AsType[*command.StartError](err); ok {
		return statusError{failed.Status, err}
	}
	if report != nil {
		err = errors.Join(err, m.write(report))
	}
	switch sig := stopped(); {
	case err != nil:
		return statusError{statusOwn, err}
	case sig != nil:
		return statusError{128 + command.Number(sig), nil}
	case !report.Held:
		return statusError{exitFailed, nil}
	}
	return nil
}

// interrupted returns a context that a signal to stop ends; the last function
// returns that signal, or nil.
func interrupted(progress *matrixProgress) (context.Context, func(), func() os.Signal) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	first := make(chan os.Signal, 1)
	go func() {
		select {
		case sig := <-signals:
			first <- sig
			progress.say("ending what runs, to report what was done so far")
			cancel()
		case <-ctx.Done():
		}
		signal.Stop(signals) // another one ends us at once
	}()
	return ctx, cancel, func() os.Signal {
		select {
		case sig := <-first:
			return sig
		default:
			return nil
		}
	}
}

// seedOf returns the seed that the first runs have: that of the first proxy,
// which is everybody's unless a file says otherwise.
func seedOf(program *config.Program) (uint64, error) {
	return strconv.ParseUint(program.Proxies[0].Settings["seed"].Text, 10, 64)
}

// repeatCase returns the line that makes the runs of a case again, or of all if
// it is empty.
func (a *app) repeatCase(seed uint64, only string) string {
	dash := slices.Index(a.args, "--")
	drop := []string{"--seed"}
	extra := []string{"--seed", strconv.FormatUint(seed, 10)}
	if only != "" {
		// The report of one is no report of all.
		drop = append(drop, "--only", "--skip", "--junit", "--json", "--html", "--outputs")
		extra = append(extra, "--only", only)
	}
	args := append(without(a.args[:dash], drop), extra...)
	return command.Quote(append(append([]string{"vaurien"}, args...), a.args[dash:]...))
}

// without returns args without these flags and their values.
func without(args, flags []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		name, _, joined := strings.Cut(args[i], "=")
		switch {
		case !slices.Contains(flags, name):
			out = append(out, args[i])
		case !joined:
			i++
		}
	}
	return out
}

// print says what would be tried.
func (m *matrixRunner) print(mx *matrix.Matrix) error {
	w := tabwriter.NewWriter(m.app.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "failure\twhat it is\twhat is done\texpected")
	for _, c := range mx.Cases {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.ID(), c.Doc, c.What(), mx.Expectation(c))
	}
	return w.Flush()
}

// write writes the report to where it was asked for.
func (m *matrixRunner) write(report *matrix.Report) error {
	errs := []error{report.WriteText(m.app.stdout)}
	if m.json != "" {
		errs = append(errs, writeJSON(m.json, report))
	}
	for _, f := range []struct {
		path  string
		write func(io.Writer) error
	}{{m.junit, report.WriteJUnit}, {m.html, report.WriteHTML}} {
		if f.path != "" {
			errs = append(errs, writeFile(f.path, f.write))
		}
	}
	return errors.Join(errs...)
}

// writeFile writes a file.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
