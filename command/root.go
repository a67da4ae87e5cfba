package command

import (
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/internal/reference"
)

// An app is what the commands have in common.
type app struct {
	extra          Extra
	registry       *vaurien.Registry // what ships, and the scripts
	scripts        library
	args           []string // all of them, as they were given
	environ        []string
	stdout, stderr io.Writer

	// What the root command's flags say.
	flags   config.Layer
	file    string
	check   bool
	version bool
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "vaurien",
		Short:         "a chaos proxy",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          a.noWords,
		RunE:          func(*cobra.Command, []string) error { return a.run() },
	}
	root.AddCommand(newDocsCommand(a), newDemoCommand(), newRunCommand(a), newMatrixCommand(a), newScenarioCommand(a), newTopCommand(a), newMetaCommand(a), newToxiproxyCommand(a), newLedgerCommand(a), newReportCommand(a), newCtlCommand(a), newCompletionCommand(a))
	root.CompletionOptions.DisableDefaultCmd = true

	flags := root.Flags()
	flags.SortFlags = false
	flags.SetNormalizeFunc(normalizeFlag)
	addFields(root, a.registry, &a.flags)
	flags.StringVar(&a.file, "config", "", reference.InvocationDoc("config"))
	flags.BoolVar(&a.check, "check", false, reference.InvocationDoc("check"))
	flags.BoolP("help", "h", false, reference.InvocationDoc("help"))
	flags.BoolVar(&a.version, "version", false, reference.InvocationDoc("version"))

	root.SetFlagErrorFunc(flagError)
	usual := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if cmd != root {
			usual(cmd, args)
			return
		}
		reference.Help(a.stdout, a.registry, commands(root))
	})
	return root
}

// commands returns the subcommands as the reference lists them.
func commands(root *cobra.Command) []reference.Command {
	var out []reference.Command
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			out = append(out, reference.Command{Name: c.Name(), Doc: c.Short})
		}
	}
	return out
}

// run is the command without a subcommand: it runs the proxies.
func (a *app) run() error {
	if a.version {
		fmt.Fprintf(a.stdout, "vaurien %s\n", version())
		return nil
	}
	source := a.source()
	if a.check {
		program, err := source.Load(a.registry)
		if err != nil {
			return inputError{err}
		}
		if err := printCheck(a.stdout, a.registry, program); err != nil {
			return err
		}
		return a.checkScenario(program)
	}
	// A seed that a human can type again.
	source.Seed = uint64(rand.Uint32N(999_999)) + 1
	program, err := source.Load(a.registry)
	if err != nil {
		return inputError{err}
	}
	return serve(a, source, program, nil)
}

// source is where this command line's settings come from.
func (a *app) source() config.Source {
	s := config.Source{File: a.file, Environ: a.environ, Flags: a.flags}
	if s.File == "" {
		s.File = lookup(a.environ, config.FileVariable)
		s.FilePlace = config.FileVariable
	}
	return s
}

// lookup returns the variable name of environ, or nothing.
func lookup(environ []string, name string) string {
	for _, entry := range environ {
		if len(entry) > len(name) && entry[len(name)] == '=' && entry[:len(name)] == name {
			return entry[len(name)+1:]
		}
	}
	return ""
}
