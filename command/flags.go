package command

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/internal/reference"
	"github.com/vaurien-proxy/vaurien/option"
)

// A fieldFlag is the flag of one setting under one of its names. It only takes
// down what was written: the settings are checked together, later.
type fieldFlag struct {
	layer *config.Layer
	field config.Field
	name  string
	given *string // the name under which the draw was given already; nil for other settings
}

func (f *fieldFlag) String() string { return "" }
func (f *fieldFlag) Type() string   { return reference.Placeholder(f.field) }

func (f *fieldFlag) Set(text string) error {
	place := "--" + f.name
	if f.given != nil {
		if *f.given != "" {
			return usagef("%s: there is a draw already, by %s: write one, as in 20:delay,5:error", place, *f.given)
		}
		*f.given = place
	}
	f.layer.Set(f.field, option.Value{Text: text, Place: place})
	return nil
}

// addFields gives root the flags of every setting under all its names; what
// they are given goes into layer. The first name of each is completed by the
// shell, the others are only understood.
func addFields(root *cobra.Command, r *vaurien.Registry, layer *config.Layer) {
	var draw string
	for _, field := range config.Fields(config.Words(r)) {
		for i, name := range field.Flags() {
			value := &fieldFlag{layer: layer, field: field, name: name}
			if field.Group == config.OfProxy && field.Option.Name == "behavior" {
				value.given = &draw
			}
			flag := root.Flags().VarPF(value, name, "", field.Option.Doc)
			if field.Option.Type == option.Bool {
				flag.NoOptDefVal = "true"
			}
			flag.Hidden = i > 0
			if complete := completer(r, field); complete != nil {
				// It fails only for a flag that there is not.
				_ = root.RegisterFlagCompletionFunc(name, complete)
			}
		}
	}
}

// normalizeFlag makes - and _ the same in the names of flags.
func normalizeFlag(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
}

// joinOptional writes "--flag value" as "--flag=value" where the flag may stand
// alone, as those of yes-or-no settings may, and the next word is a value that
// it takes. The program has no arguments that could be meant instead.
func joinOptional(args []string, flags *pflag.FlagSet) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		out = append(out, arg)
		if arg == "--" {
			return append(out, args[i+1:]...)
		}
		name, ok := strings.CutPrefix(arg, "--")
		if !ok || i+1 == len(args) {
			continue
		}
		switch flag := flags.Lookup(name); {
		case flag == nil || strings.Contains(name, "="):
		case flag.NoOptDefVal == "":
			i++
			out = append(out, args[i])
		case flagTakes(flag, args[i+1]):
			i++
			out[len(out)-1] = arg + "=" + args[i]
		}
	}
	return out
}

// flagTakes says whether a flag that may stand alone takes word as its value.
func flagTakes(flag *pflag.Flag, word string) bool {
	_, err := option.ParseBool(word)
	return err == nil || config.TakesAddress(flag.Name) && strings.Contains(word, ":") && !strings.HasPrefix(word, "-")
}

// flagError says what is wrong with a flag in our own words.
func flagError(cmd *cobra.Command, err error) error {
	if own, ok := errors.AsType[usageError](err); ok {
		return own
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if group := unknown.GetSpecifiedShortnames(); group != "" {
			if cmd.Flags().Lookup(strings.SplitN(group, "=", 2)[0]) != nil {
				return usagef("unknown flag -%s: write --%[1]s", group)
			}
			return usagef("unknown flag -%s", unknown.GetSpecifiedName())
		}
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		name := "--" + unknown.GetSpecifiedName()
		return usagef("unknown flag %s%s", name, option.DidYouMean(name, names))
	}
	if missing, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return usagef("--%s: needs a value: --%[1]s %s", missing.GetSpecifiedName(), placeholder(missing.GetFlag()))
	}
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return usagef("--%s: %q is not a value for it: write one such as %s", bad.GetFlag().Name, bad.GetValue(), bad.GetFlag().DefValue)
	}
	return usagef("%s", err)
}

// placeholder returns what stands for a flag's value.
func placeholder(f *pflag.Flag) string {
	if own, ok := f.Value.(*fieldFlag); ok {
		return own.Type()
	}
	return strings.ToUpper(f.Name)
}

// noWords refuses arguments that are neither flags nor subcommands.
func (a *app) noWords(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	word := args[0]
	var names []string
	for _, c := range commands(cmd) {
		names = append(names, c.Name)
	}
	if near := option.DidYouMean(word, names); near != "" {
		return usagef("unknown command %q%s", word, near)
	}
	if strings.Contains(word, ":") && !strings.ContainsAny(word, "/ ") {
		return usagef("unexpected %q: addresses are given by flags: --proxy HOST:PORT, --backend HOST:PORT", word)
	}
	return usagef("unexpected %q: neither a flag nor a command; commands: %s", word, strings.Join(names, ", "))
}
