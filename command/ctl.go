package command

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vaurien-proxy/vaurien/option"
)

// A ctl is what the commands of "ctl" have in common.
type ctl struct {
	app  *app
	host string
	json bool
}

// newCtlCommand is the program's "ctl": toxiproxy-cli's words, over the API of
// Toxiproxy.
func newCtlCommand(a *app) *cobra.Command {
	c := &ctl{app: a}
	cmd := &cobra.Command{
		Use:   "ctl",
		Short: "looks at proxies and their toxics and changes them, as toxiproxy-cli does",
		Long: "Looks at the proxies of a running program and changes them and their toxics.\n" +
			"It speaks the API of Toxiproxy: the program must have been started with --toxiproxy\n" +
			"or as \"vaurien toxiproxy\". Words and flags are those of toxiproxy-cli.",
		Example: "  vaurien ctl create -l localhost:26379 -u localhost:6379 redis\n" +
			"  vaurien ctl toxic add -t latency -a latency=100 -a jitter=25 redis\n" +
			"  vaurien ctl toxic update -n latency_downstream -a latency=20 redis\n" +
			"  vaurien ctl toggle redis\n" +
			"  vaurien ctl list --json\n" +
			"  vaurien ctl reset",
		Args: wantCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := cmd.PersistentFlags()
	flags.SortFlags = false
	flags.StringVarP(&c.host, "host", "h", "", "`URL` or HOST:PORT of the API (default http://localhost:8474; environment: TOXIPROXY_URL)")
	flags.BoolVar(&c.json, "json", false, "print what the API answers, as JSON")
	flags.Bool("help", false, "print this") // without -h, which is the host
	cmd.SetFlagErrorFunc(ctlFlagError)
	cmd.AddCommand(c.list(), c.inspect(), c.create(), c.toggle(), c.remove(), c.toxic(), c.reset(), c.populate())
	return cmd
}

// remote is the API to talk to.
func (c *ctl) remote() (*remote, error) {
	place, host := "--host", c.host
	if host == "" {
		place, host = "TOXIPROXY_URL", cmp.Or(lookup(c.app.environ, "TOXIPROXY_URL"), "http://localhost:8474")
	}
	r, err := newRemote(host)
	if err != nil {
		return nil, usagef("%s: %s", place, err)
	}
	return r, nil
}

// call asks the API, prints the answer as JSON or else lets print do it.
func (c *ctl) call(ctx context.Context, method, path string, body, answer any, print func()) error {
	r, err := c.remote()
	if err != nil {
		return err
	}
	text, err := r.call(ctx, method, path, body)
	if err != nil {
		return r.explain(ctx, path, err)
	}
	if answer != nil {
		if err := json.Unmarshal(text, answer); err != nil {
			return fmt.Errorf("%s answers what is not of Toxiproxy's API: %w", r.base, err)
		}
	}
	if c.json && len(text) > 0 {
		return printJSON(c.app.stdout, text)
	}
	if !c.json && print != nil {
		print()
	}
	return nil
}

// say prints a line that is for people only.
func (c *ctl) say(format string, args ...any) func() {
	return func() { fmt.Fprintf(c.app.stdout, format+"\n", args...) }
}

// wantCommand refuses a first word that is no command.
func wantCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names, all []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
			all = append(append(all, sub.Name()), sub.Aliases...)
		}
	}
	near := option.DidYouMean(args[0], all)
	if near == "" {
		near = "; commands: " + strings.Join(names, ", ")
	}
	return usagef("%s: unknown command %q%s", words(cmd), args[0], near)
}

// words is how a command is written, without the program's name.
func words(cmd *cobra.Command) string {
	_, after, _ := strings.Cut(cmd.CommandPath(), " ")
	return after
}

// one wants one argument: what names it, as in "the proxy's name".
func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0 || args[0] == "":
			return usagef("%s: missing: %s: vaurien %s", words(cmd), what, cmd.UseLine()[len("vaurien "):])
		case len(args) > 1:
			return usagef("%s: unexpected %q after %s", words(cmd), args[1], what)
		}
		return nil
	}
}

const proxyName = "the proxy's name"

// none refuses arguments.
func none(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s: unexpected %q: it takes only flags", words(cmd), args[0])
	}
	return nil
}

// ctlFlagError is flagError with what is particular to these flags.
func ctlFlagError(cmd *cobra.Command, err error) error {
	if missing, ok := errors.AsType[*pflag.ValueRequiredError](err); ok && missing.GetSpecifiedName() == "h" {
		return usagef("-h: needs a value: it is --host here, as with toxiproxy-cli; for help: vaurien %s --help", words(cmd))
	}
	if args := cmd.Flags().Args(); cmd.HasSubCommands() && len(args) > 0 {
		return wantCommand(cmd, args) // the flag is that of a command that there is not
	}
	return flagError(cmd, err)
}

// proxyNames completes the name of a proxy, with what the API has.
func (c *ctl) proxyNames(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []cobra.Completion
	for _, p := range c.completing(cmd) {
		out = append(out, cobra.CompletionWithDesc(p.Name, p.Listen+" -> "+p.Upstream))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completing returns the proxies there are; none if the API does not answer soon.
func (c *ctl) completing(cmd *cobra.Command) []proxyState {
	r, err := c.remote()
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(orBackground(cmd.Context())), time.Second)
	defer cancel()
	text, err := r.call(ctx, "GET", "/proxies", nil)
	var all map[string]proxyState
	if err != nil || json.Unmarshal(text, &all) != nil {
		return nil
	}
	return sorted(all)
}

func orBackground(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}

func sorted(all map[string]proxyState) []proxyState {
	var out []proxyState
	for _, p := range all {
		out = append(out, p)
	}
	slices.SortFunc(out, func(p, q proxyState) int { return cmp.Compare(p.Name, q.Name) })
	return out
}
