package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vaurien-proxy/vaurien/option"
)

// toxicTypes are those that Toxiproxy has; the server may know more.
var toxicTypes = []string{"latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data", "packet_loss", "noop"}

func toxicPath(proxy, toxic string) string {
	return proxyPath(proxy) + "/toxics/" + url.PathEscape(toxic)
}

func (c *ctl) toxic() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "toxic",
		Aliases: []string{"t"},
		Short:   "adds, updates and removes toxics",
		Args:    wantCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.addToxic(), c.updateToxic(), c.removeToxic())
	return cmd
}

// toxicFlags are what can be said of a toxic.
type toxicFlags struct {
	name, kind, toxicity string
	attributes           []string
	upstream, downstream bool
}

func (f *toxicFlags) addName(c *ctl, cmd *cobra.Command, doc string) {
	cmd.Flags().SortFlags = false
	cmd.Flags().SetNormalizeFunc(normalizeToxicFlag)
	cmd.Flags().StringVarP(&f.name, "name", "n", "", doc)
	complete(cmd, "name", c.toxicNames)
}

func (f *toxicFlags) addValues(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.toxicity, "toxicity", "", "`SHARE` of the connections that it meets, from 0 to 1 (default 1); --tox for short")
	cmd.Flags().StringArrayVarP(&f.attributes, "attribute", "a", nil, "attribute of the toxic, `NAME=VALUE`; may be repeated")
	complete(cmd, "toxicity", cobra.NoFileCompletions)
	complete(cmd, "attribute", cobra.NoFileCompletions)
}

// complete tells the shell what a flag of cmd may be given.
func complete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	// It fails only for a flag that there is not.
	_ = cmd.RegisterFlagCompletionFunc(flag, f)
}

// normalizeToxicFlag makes one of the names under which toxiproxy-cli has a flag.
func normalizeToxicFlag(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	switch name {
	case "toxicName", "toxic-name", "toxicname":
		name = "name"
	case "tox":
		name = "toxicity"
	case "attributes":
		name = "attribute"
	}
	return pflag.NormalizedName(name)
}

func (c *ctl) addToxic() *cobra.Command {
	var f toxicFlags
	cmd := &cobra.Command{
		Use:     "add -t TYPE [-n NAME] [-a NAME=VALUE]... [-u|-d] PROXY",
		Aliases: []string{"a"},
		Short:   "adds a toxic to a proxy",
		Example: "  vaurien ctl toxic add -t latency -a latency=100 -a jitter=25 redis\n" +
			"  vaurien ctl toxic add -t bandwidth -n slow --tox 0.5 -a rate=64 -u redis",
		Args:              one(proxyName),
		ValidArgsFunction: c.proxyNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := f.values(cmd)
			switch {
			case err != nil:
				return err
			case f.kind == "":
				return usagef("%s: missing: -t, the toxic's type: %s", words(cmd), strings.Join(toxicTypes, ", "))
			case f.upstream && f.downstream:
				return usagef("%s: -u and -d: a toxic acts on one stream: add it twice", words(cmd))
			}
			body["type"], body["stream"] = f.kind, "downstream"
			if f.upstream {
				body["stream"] = "upstream"
			}
			if f.name != "" {
				body["name"] = f.name
			}
			err = c.putToxic(cmd, "added", proxyPath(args[0])+"/toxics", args[0], body)
			return c.explainType(f.kind, err)
		},
	}
	f.addName(c, cmd, "`NAME` of the toxic (default: TYPE_STREAM, as in latency_downstream)")
	cmd.Flags().StringVarP(&f.kind, "type", "t", "", "`TYPE` of the toxic: "+strings.Join(toxicTypes, ", "))
	complete(cmd, "type", fixed(toxicTypes...))
	f.addValues(cmd)
	cmd.Flags().BoolVarP(&f.upstream, "upstream", "u", false, "it acts on what clients send")
	cmd.Flags().BoolVarP(&f.downstream, "downstream", "d", false, "it acts on what the server sends (the default)")
	return cmd
}

// explainType says, of a type that there is not, which there are.
func (c *ctl) explainType(kind string, err error) error {
	input, _ := errors.AsType[inputError](err)
	if refused, ok := input.error.(*refusal); !ok || refused.Message != "invalid toxic type" {
		return err
	}
	known := slices.Clone(toxicTypes)
	for _, k := range c.app.registry.Behaviors() {
		if k.Name != "dummy" && !slices.Contains(known, k.Name) { // it is noop here
			known = append(known, k.Name)
		}
	}
	near := option.DidYouMean(kind, known)
	if near == "" {
		near = "; types: " + strings.Join(known, ", ")
	}
	return inputError{fmt.Errorf("%w: %q%s", input.error, kind, near)}
}

func (c *ctl) updateToxic() *cobra.Command {
	var f toxicFlags
	cmd := &cobra.Command{
		Use:               "update -n NAME [-a NAME=VALUE]... PROXY",
		Aliases:           []string{"u"},
		Short:             "changes attributes or toxicity of a toxic; what is not given stays",
		Example:           "  vaurien ctl toxic update -n latency_downstream -a latency=20 redis",
		Args:              one(proxyName),
		ValidArgsFunction: c.proxyNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := f.values(cmd)
			switch {
			case err != nil:
				return err
			case f.name == "":
				return usagef("%s: missing: -n, the toxic's name", words(cmd))
			case len(body) == 0:
				return usagef("%s: nothing to change: give -a NAME=VALUE or --toxicity", words(cmd))
			}
			return c.putToxic(cmd, "updated", toxicPath(args[0], f.name), args[0], body)
		},
	}
	f.addName(c, cmd, "`NAME` of the toxic")
	f.addValues(cmd)
	return cmd
}

func (c *ctl) removeToxic() *cobra.Command {
	var f toxicFlags
	cmd := &cobra.Command{
		Use:               "remove -n NAME PROXY",
		Aliases:           []string{"r", "delete", "d"},
		Short:             "removes a toxic",
		Example:           "  vaurien ctl toxic remove -n latency_downstream redis",
		Args:              one(proxyName),
		ValidArgsFunction: c.proxyNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.name == "" {
				return usagef("%s: missing: -n, the toxic's name", words(cmd))
			}
			return c.call(cmd.Context(), "DELETE", toxicPath(args[0], f.name), nil, nil, c.say("removed %s from %s", f.name, args[0]))
		},
	}
	f.addName(c, cmd, "`NAME` of the toxic")
	return cmd
}

// putToxic sends a toxic and says what it is then.
func (c *ctl) putToxic(cmd *cobra.Command, done, path, proxy string, body map[string]any) error {
	var t toxicState
	return c.call(cmd.Context(), "POST", path, body, &t, func() {
		c.say("%s %s on %s: %s", done, t.Name, proxy, describe(t))()
	})
}

// values are the toxicity and the attributes that were written.
func (f *toxicFlags) values(cmd *cobra.Command) (map[string]any, error) {
	body := map[string]any{}
	if cmd.Flags().Changed("toxicity") {
		share, err := strconv.ParseFloat(f.toxicity, 64)
		if err != nil || !(share >= 0 && share <= 1) {
			return nil, usagef("--toxicity: %q is not a share of the connections: write a number from 0 to 1", f.toxicity)
		}
		body["toxicity"] = share
	}
	attributes := map[string]any{}
	for _, list := range f.attributes {
		for text := range strings.SplitSeq(list, ",") {
			name, value, ok := strings.Cut(text, "=")
			name = strings.TrimSpace(name)
			if !ok || name == "" {
				return nil, usagef("-a: %q is not NAME=VALUE, as in latency=100", text)
			}
			if _, twice := attributes[name]; twice {
				return nil, usagef("-a: %s is there twice", name)
			}
			attributes[name] = attribute(strings.TrimSpace(value))
		}
	}
	if len(attributes) > 0 {
		body["attributes"] = attributes
	}
	return body, nil
}

// attribute returns a value as JSON has it: a number, true or false, or text.
func attribute(text string) any {
	if text == "true" || text == "false" {
		return text == "true"
	}
	if json.Valid([]byte(text)) && strings.Trim(text, "-+.eE0123456789") == "" {
		return json.Number(text)
	}
	return text
}

// toxicNames completes the name of a toxic of the proxy that was written.
func (c *ctl) toxicNames(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var out []cobra.Completion
	for _, p := range c.completing(cmd) {
		for _, t := range p.Toxics {
			if len(args) == 0 || args[0] == p.Name {
				out = append(out, cobra.CompletionWithDesc(t.Name, p.Name+": "+describe(t)))
			}
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
