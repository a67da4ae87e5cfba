package command

import (
	"bytes"
	"os"

	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien/internal/reference"
)

func newDocsCommand(a *app) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "docs",
		Short: "writes the reference of all settings, as Markdown",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var page bytes.Buffer
			if err := reference.Markdown(&page, a.registry, commands(cmd.Root())); err != nil {
				return err
			}
			if output == "" || output == "-" {
				_, err := a.stdout.Write(page.Bytes())
				return err
			}
			return os.WriteFile(output, page.Bytes(), 0o644)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "the file to write; standard output if not given")
	return cmd
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s: unexpected %q: it takes only flags", cmd.Name(), args[0])
	}
	return nil
}
