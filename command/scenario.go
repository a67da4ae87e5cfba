package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien/client"
	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/scenario"
)

const scenarioHelp = `A scenario is a timeline of chaos in a YAML file: what is done to which proxy, when
and for how long. Rails end it early: a URL or a command that fails too often, or
nobody there any more who started it. Whatever ends it, what was there before is put
back. docs/scenarios.md tells all there is.

These commands talk to the control server of a running program (--http). To play a
scenario from the start of a program, give it --scenario FILE.`

const scenarioExample = `  vaurien scenario check slow.yaml
  vaurien scenario run slow.yaml && echo it held
  vaurien scenario start slow.yaml
  vaurien scenario status
  vaurien scenario release hold
  vaurien scenario stop
  vaurien scenario stop --all && vaurien scenario resume`

// A director is the program's "scenario".
type director struct {
	controlServer
	json bool
}

func newScenarioCommand(a *app) *cobra.Command {
	d := &director{controlServer: controlServer{app: a}}
	cmd := &cobra.Command{
		Use:     "scenario",
		Short:   "plays timelines of chaos, with rails that end them early",
		Long:    scenarioHelp,
		Example: scenarioExample,
		Args:    wantCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := cmd.PersistentFlags()
	flags.SortFlags = false
	d.addFlags(flags)
	flags.BoolVar(&d.json, "json", false, "print what the server answers, as JSON")
	cmd.SetFlagErrorFunc(flagError)
	cmd.AddCommand(d.check(), d.runCommand(), d.start(), d.status(), d.release(), d.stop(), d.resume())
	return cmd
}

// call asks the server for something and prints the state that comes back.
func (d *director) call(ask func(context.Context, *client.Client) (scenario.State, error)) error {
	c, err := d.client()
	if err != nil {
		return err
	}
	defer c.Close()
	state, err := ask(context.Background(), c)
	if err != nil {
		return remoteFailure(err)
	}
	return d.print(state)
}

// remoteFailure gives an error of the server's the status it should have.
func remoteFailure(err error) error {
	if option.Errors(err) != nil || errors.Is(err, scenario.ErrNoStep) {
		return inputError{err}
	}
	if errors.Is(err, client.ErrUnreachable) {
		return fmt.Errorf("%w: does vaurien run there with --http?", err)
	}
	return err
}

func (d *director) check() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "says what a scenario does, or what is wrong with it",
		Args:  one("the scenario's file"),
		RunE: func(_ *cobra.Command, args []string) error {
			timeline, _, err := d.app.readTimeline(args[0])
			if err != nil {
				return err
			}
			return d.app.printTimeline(timeline, nil)
		},
	}
}

func (d *director) start() *cobra.Command {
	var lease time.Duration
	set := new(option.Set)
	set.Duration(&lease, "lease", 0, "end it unless PUT /scenario/lease comes this often, in place of the file's lease").AtLeast("1s").AtMost("24h")
	var values option.Values
	cmd := &cobra.Command{
		Use:   "start FILE",
		Short: "has the server play a scenario, and does not wait for its end",
		Args:  one("the scenario's file"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := set.Assign(values); err != nil {
				return inputError{config.Tidy(err)}
			}
			_, text, err := d.app.readTimeline(args[0])
			if err != nil {
				return err
			}
			return d.call(func(ctx context.Context, c *client.Client) (scenario.State, error) {
				return c.StartScenario(ctx, control.ScenarioStart{Text: text, File: args[0], Lease: lease})
			})
		},
	}
	values = addOwn(cmd, set)
	return cmd
}

func (d *director) status() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "says how far the scenario is",
		Args:  none,
		RunE: func(*cobra.Command, []string) error {
			return d.call(func(ctx context.Context, c *client.Client) (scenario.State, error) { return c.Scenario(ctx) })
		},
	}
}

func (d *director) release() *cobra.Command {
	return &cobra.Command{
		Use:   "release STEP",
		Short: "lets a step go that lasts until then",
		Args:  one("the step's name or number"),
		RunE: func(_ *cobra.Command, args []string) error {
			return d.call(func(ctx context.Context, c *client.Client) (scenario.State, error) {
				return c.ReleaseStep(ctx, args[0])
			})
		},
	}
}

func (d *director) stop() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "stop",
		Short: "ends the scenario and puts back what was there before",
		Args:  none,
		RunE: func(*cobra.Command, []string) error {
			if all {
				return d.halt(func(ctx context.Context, c *client.Client) (control.Halt, error) { return c.Stop(ctx) })
			}
			return d.call(func(ctx context.Context, c *client.Client) (scenario.State, error) {
				return c.StopScenario(ctx, "vaurien scenario stop")
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "stop all chaos: every proxy's plan and toxics too, until they are resumed")
	return cmd
}

func (d *director) resume() *cobra.Command {
	return &cobra.Command{
		Use:   "resume",
		Short: "puts back what stop --all has stopped, but not the scenario",
		Args:  none,
		RunE: func(*cobra.Command, []string) error {
			return d.halt(func(ctx context.Context, c *client.Client) (control.Halt, error) { return c.Resume(ctx) })
		},
	}
}

// halt stops all chaos, or puts it back, and says so.
func (d *director) halt(ask func(context.Context, *client.Client) (control.Halt, error)) error {
	c, err := d.client()
	if err != nil {
		return err
	}
	defer c.Close()
	h, err := ask(context.Background(), c)
	if err != nil {
		return remoteFailure(err)
	}
	return d.printHalt(h)
}
