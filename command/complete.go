package command

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/option"
)

func newCompletionCommand(a *app) *cobra.Command {
	shells := []string{"bash", "zsh", "fish"}
	return &cobra.Command{
		Use:       "completion SHELL",
		Short:     "completes command lines in bash, zsh or fish",
		Long:      "Writes the script that completes command lines in a shell. For bash, for one:\n\n  source <(vaurien completion bash)",
		ValidArgs: shells,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return usagef("completion: name one shell: %s", strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch args[0] {
			case "zsh":
				return cmd.Root().GenZshCompletion(a.stdout)
			case "fish":
				return cmd.Root().GenFishCompletion(a.stdout, true)
			}
			return cmd.Root().GenBashCompletionV2(a.stdout, true)
		},
	}
}

// completer returns what completes the values of a field in a shell; nil if
// nothing can be told of them.
func completer(r *vaurien.Registry, f config.Field) cobra.CompletionFunc {
	switch {
	case f.Group == config.OfProxy && f.Option.Name == "behavior":
		return func(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return completeDraw(r, word), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		}
	case f.Group == config.OfProxy && f.Option.Name == "protocol":
		return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var out []cobra.Completion
			for _, k := range r.Protocols() {
				out = append(out, cobra.CompletionWithDesc(k.Name, k.Doc))
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		}
	case f.Option.Type == option.Bool:
		return fixed("true", "false")
	case len(f.Option.Choices) > 0:
		return fixed(f.Option.Choices...)
	case f.Option.Name == "log-output":
		return nil
	}
	return cobra.NoFileCompletions
}

func fixed(words ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// completeDraw completes the last behavior of a draw: 20:delay,5:e.
func completeDraw(r *vaurien.Registry, word string) []cobra.Completion {
	done := word[:strings.LastIndexAny(word, ",:")+1]
	var out []cobra.Completion
	for _, k := range r.Behaviors() {
		if full := done + k.Name; strings.HasPrefix(full, word) {
			out = append(out, cobra.CompletionWithDesc(full, k.Doc))
		}
	}
	return out
}
