package command

import (
	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien/internal/demo"
)

// newDemoCommand is the program's "demo".
func newDemoCommand() *cobra.Command {
	var seed uint64
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "shows what each behavior does to a client; needs nothing",
		Long: "Starts a small backend, Vaurien before it and a client, all inside this process,\n" +
			"changes the plan live, and shows what the client saw of each and how long it took.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo.Run(cmd.Context(), cmd.OutOrStdout(), seed)
		},
	}
	cmd.Flags().Uint64Var(&seed, "seed", 7, "seed of the dice")
	return cmd
}
