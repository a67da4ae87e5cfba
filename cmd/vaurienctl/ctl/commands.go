package ctl

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

func listCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:     "list-behaviors",
		Aliases: []string{"list-handlers"},
		Short:   "prints the names of all behaviors",
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.call(func(remote control.Controller) error {
				catalog, err := remote.Catalog(cmd.Context())
				for _, kind := range catalog.Behaviors {
					fmt.Fprintln(cmd.OutOrStdout(), kind.Name)
				}
				return err
			})
		},
	}
}

func getCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:     "get-behavior",
		Aliases: []string{"get-handler"},
		Short:   "prints the behavior in force",
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.call(func(remote control.Controller) error {
				p, err := remote.Proxy(cmd.Context(), c.proxy)
				if err == nil {
					fmt.Fprintln(cmd.OutOrStdout(), p.Plan.Name())
				}
				return err
			})
		},
	}
}

func setCommand(c *ctl) *cobra.Command {
	var options []string
	var lasts string
	cmd := &cobra.Command{
		Use:     "set-behavior NAME|DRAW",
		Aliases: []string{"set-handler"},
		Short:   "puts a behavior in force, or a draw such as 20:delay,5:error",
		Args:    oneBehavior,
		RunE: func(cmd *cobra.Command, args []string) error {
			change, err := parseChange(args[0], options, lasts)
			if err != nil {
				return err
			}
			return c.call(func(remote control.Controller) error {
				p, err := remote.SetPlan(cmd.Context(), c.proxy, change)
				if err == nil {
					printPlan(cmd.OutOrStdout(), p)
				}
				return err
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringArrayVarP(&options, "option", "o", nil,
		"an option of the behavior, `NAME=VALUE`; of one of several, BEHAVIOR.NAME=VALUE; may be repeated")
	cmd.Flags().StringVar(&lasts, "for", "", "for how long, as in 30s; then what was there before returns")
	return cmd
}

func oneBehavior(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return usageError(cmd.CalledAs() + ": which? write a name or a draw, as in delay or 20:delay,5:error")
	case 1:
		return nil
	}
	return usageError(fmt.Sprintf("unexpected %q: write a draw as one word, as in 20:delay,5:error", args[1]))
}

// parseChange makes a change of what the command line says.
func parseChange(draw string, options []string, lasts string) (control.PlanChange, error) {
	var change control.PlanChange
	plan, err := spec.ParseDraw(draw, "")
	if err != nil {
		return change, err
	}
	change.Plan = plan
	for _, o := range options {
		if err := addOption(&change.Plan, o); err != nil {
			return change, err
		}
	}
	if lasts != "" {
		if change.For, err = option.ParseDuration(lasts); err != nil {
			return change, &option.Error{Place: "--for", Problem: err.Error()}
		}
		if change.For <= 0 {
			return change, &option.Error{Place: "--for", Problem: lasts + " is no time at all: write how long, as in 30s"}
		}
	}
	return change, nil
}

// addOption gives NAME=VALUE to the one behavior of the plan, or
// BEHAVIOR.NAME=VALUE to that one.
func addOption(plan *spec.Plan, text string) error {
	const place = "-o"
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return &option.Error{Place: place, Problem: fmt.Sprintf("%q is not NAME=VALUE, as in sleep=2", text)}
	}
	behavior, own, qualified := strings.Cut(name, ".")
	var names []string
	for _, e := range plan.Entries {
		if !slices.Contains(names, e.Name) {
			names = append(names, e.Name)
		}
	}
	switch {
	case qualified && !slices.Contains(names, behavior):
		return &option.Error{Place: place, Problem: fmt.Sprintf("%s: %s is not in %s%s",
			name, behavior, plan.Draw(), option.DidYouMean(behavior, names))}
	case qualified:
		name = own
	case len(names) > 1:
		return &option.Error{Place: place, Problem: fmt.Sprintf("%s: of which behavior? write %s.%s", text, names[0], text)}
	default:
		behavior = names[0]
	}
	for i := range plan.Entries {
		if e := &plan.Entries[i]; e.Name == behavior {
			e.Options = e.Options.Merge(option.Values{name: {Text: value, Place: place}})
		}
	}
	return nil
}

// printPlan tells what is in force.
func printPlan(out io.Writer, p control.Proxy) {
	fmt.Fprintf(out, "%s: %s", p.Name, p.Plan.Name())
	if p.Plan.For != "" {
		fmt.Fprintf(out, ", for %s", p.Plan.For)
	}
	fmt.Fprintln(out)
	for _, e := range p.Plan.Entries {
		if len(e.Options) == 0 {
			continue
		}
		fmt.Fprintf(out, "  %s:", e.Name)
		for _, name := range slices.Sorted(maps.Keys(e.Options)) {
			fmt.Fprintf(out, " %s=%s", name, e.Options[name])
		}
		fmt.Fprintln(out)
	}
}
