// Package ctl is the command vaurienctl, so that other commands can have it as
// a part of theirs.
package ctl

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vaurien-proxy/vaurien/client"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
)

// The exit statuses.
const (
	exitOK     = 0
	exitFailed = 1 // the server does not answer, or does not let us in
	exitUsage  = 2 // something that was written is wrong
)

// Run is the whole program; it returns its exit status.
func Run(args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	root := New("vaurienctl", getenv)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return report(stderr, root.Execute())
}

// A ctl is what the commands have in common.
type ctl struct {
	host, proxy, token string
}

// New returns the command under that name. getenv is os.Getenv or the like.
func New(name string, getenv func(string) string) *cobra.Command {
	c := new(ctl)
	root := &cobra.Command{
		Use:   name,
		Short: "looks at a running Vaurien and changes what it does",
		Long: "Looks at a running Vaurien and changes what it does.\n" +
			"Vaurien must have been started with --http. The older words list-handlers,\n" +
			"set-handler and get-handler are understood too.",
		Example: "  " + name + " list-behaviors\n" +
			"  " + name + " set-behavior delay -o sleep=2\n" +
			"  " + name + " set-behavior 20:delay,5:error -o delay.sleep=150ms --for 30s\n" +
			"  " + name + " get-behavior\n" +
			"  " + name + " set-behavior dummy",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          needCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.StringVar(&c.host, "host", "http://localhost:8080", "the control server: a `URL` or HOST:PORT")
	flags.StringVar(&c.proxy, "proxy", "", "`NAME` of the proxy, if there are several (default: the one named default, or the only one)")
	flags.StringVar(&c.token, "token", "", "the server's `SECRET`, if it wants one (default: the environment's VAURIEN_TOKEN)")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(listCommand(c), getCommand(c), setCommand(c))
	root.PersistentPreRun = func(*cobra.Command, []string) {
		// Not the flag's default, which the help would show.
		c.token = cmp.Or(c.token, getenv("VAURIEN_TOKEN"), getenv("VAURIEN_HTTP_TOKEN"))
	}
	return root
}

// call lets f talk to the server.
func (c *ctl) call(f func(control.Controller) error) error {
	remote, err := client.New(c.host, client.WithToken(c.token))
	if err != nil {
		return usageError("--host: " + err.Error())
	}
	defer remote.Close()
	return f(remote)
}

// A usageError is a command line that cannot be understood.
type usageError string

func (e usageError) Error() string { return string(e) }

// report tells err in lines that begin with the program's name, and returns
// the exit status.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	say := func(line string) { fmt.Fprintf(stderr, "vaurienctl: %s\n", line) }
	_, usage := errors.AsType[usageError](err)
	switch {
	case errors.Is(err, client.ErrUnreachable):
		say(err.Error() + ": was vaurien started with --http?")
	case errors.Is(err, control.ErrNoProxy):
		say("--proxy: " + err.Error())
		return exitUsage
	case option.Errors(err) != nil:
		for _, e := range option.Errors(err) {
			say(e.Error())
		}
		return exitUsage
	case usage:
		say(err.Error())
		say("see vaurienctl --help")
		return exitUsage
	default:
		say(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return exitFailed
}

// needCommand refuses a first word that is no command.
func needCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(append(names, c.Name()), c.Aliases...)
	}
	return usageError(fmt.Sprintf("unknown command %q%s", args[0], option.DidYouMean(args[0], names)))
}

// noWords refuses arguments that are not flags.
func noWords(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError(fmt.Sprintf("unexpected %q", args[0]))
	}
	return nil
}

// flagError says what is wrong with a flag in our own words.
func flagError(cmd *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		name := "--" + unknown.GetSpecifiedName()
		if group := unknown.GetSpecifiedShortnames(); group != "" {
			name = "-" + group
		}
		return usageError(fmt.Sprintf("unknown flag %s%s", name, option.DidYouMean(name, names)))
	}
	if missing, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return usageError(fmt.Sprintf("--%s needs a value", missing.GetFlag().Name))
	}
	return usageError(err.Error())
}
