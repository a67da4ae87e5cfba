package command

import (
	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/internal/reference"
	"github.com/vaurien-proxy/vaurien/option"
)

// An ownFlag is the flag of a setting that a subcommand declares. It takes
// down what was written, for the set to check.
type ownFlag struct {
	values option.Values
	option *option.Option
}

func (f *ownFlag) String() string { return "" }

func (f *ownFlag) Type() string {
	if f.option.Type == option.Bool {
		return "bool" // for which help shows no value
	}
	return reference.Placeholder(config.Field{Group: config.OfProgram, Option: f.option})
}

func (f *ownFlag) Set(text string) error {
	f.values[f.option.Name] = option.Value{Text: text, Place: "--" + f.option.Name}
	return nil
}

// addOwn gives cmd the flags of a set; what they are given goes into the values
// that it returns.
func addOwn(cmd *cobra.Command, set *option.Set) option.Values {
	values := option.Values{}
	for _, o := range set.Options() {
		doc := o.Doc
		if o.Default != "" && o.Default != "0s" && o.Type != option.Bool {
			doc += " (default " + o.Default + ")"
		}
		flag := cmd.Flags().VarPF(&ownFlag{values, o}, o.Name, "", doc)
		if o.Type == option.Bool {
			flag.NoOptDefVal = "true"
		}
	}
	return values
}

// addSettings gives cmd every setting as a flag, and --config. Help shows those
// that come first; "vaurien --help" has them all.
func (a *app) addSettings(cmd *cobra.Command, first ...string) {
	flags := cmd.Flags()
	flags.SetNormalizeFunc(normalizeFlag)
	flags.StringVar(&a.file, "config", "", "`FILE` of proxies and settings, ini or YAML")
	addFields(cmd, a.registry, &a.flags)
	for _, f := range config.Fields(config.Words(a.registry)) {
		for _, name := range f.Flags() {
			flags.Lookup(name).Hidden = true
		}
	}
	for _, name := range first {
		flags.Lookup(name).Hidden = false
	}
}

// afterDash returns the command that stands after --.
func afterDash(cmd *cobra.Command, args []string, example string) ([]string, error) {
	dash := cmd.ArgsLenAtDash()
	switch {
	case len(args) == 0:
		return nil, usagef("%s: no command: write it after --, as in: vaurien %[1]s %[2]s", cmd.Name(), example)
	case dash < 0:
		return nil, usagef("%s: unexpected %q: write -- before the command, as in: vaurien %[1]s %[3]s", cmd.Name(), args[0], example)
	case dash > 0:
		return nil, usagef("%s: unexpected %q before --: flags stand there, and the command after it", cmd.Name(), args[0])
	}
	return args, nil
}
