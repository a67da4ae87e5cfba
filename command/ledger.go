package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/option"
)

const ledgerHelp = `Looks into ledgers: the files that --ledger writes, with a line of JSON for each
exchange, and for what must be known to do a run again with --replay.`

const diffHelp = `Compares the last runs of two ledgers: whether every exchange met the same fate, by
the same deeds. Exchanges are matched by their proxy, their session and their number
in it; times do not count. The status is 0 if they are the same, 1 if not, 2 if one of
the files cannot be read or is no ledger.`

const diffExample = `  vaurien --ledger first.jsonl --behavior 20:delay,5:error --protocol redis …
  vaurien --replay first.jsonl --ledger again.jsonl --protocol redis …
  vaurien ledger diff first.jsonl again.jsonl`

func newLedgerCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "compares what runs did",
		Long:  ledgerHelp,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("ledger: unknown command %q%s known: diff", args[0], didYouMean(args[0], "diff"))
			}
			return usagef("ledger: which command? known: diff")
		},
	}
	cmd.AddCommand(newLedgerDiffCommand(a))
	return cmd
}

// didYouMean suggests one of known, or ends a sentence.
func didYouMean(word string, known ...string) string {
	if s := option.DidYouMean(word, known); s != "" {
		return s
	}
	return ";"
}

func newLedgerDiffCommand(a *app) *cobra.Command {
	var most int
	cmd := &cobra.Command{
		Use:     "diff [FLAGS] A.jsonl B.jsonl",
		Short:   "says whether two runs did the same to every exchange",
		Long:    diffHelp,
		Example: diffExample,
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) != 2:
				return usagef("ledger diff: two ledgers are needed, as in \"vaurien ledger diff first.jsonl again.jsonl\"")
			case most < 0:
				return usagef("ledger diff: --most: %d is less than 0", most)
			}
			return a.diffLedgers(args[0], args[1], most)
		},
	}
	cmd.Flags().IntVar(&most, "most", 10, "how many differences are told")
	return cmd
}

// diffLedgers compares two ledgers' last runs.
func (a *app) diffLedgers(first, second string, most int) error {
	c, err := ledger.Compare(ledger.LastRun(first), ledger.LastRun(second), most)
	if err != nil {
		return inputError{err}
	}
	for i, path := range []string{first, second} {
		if c.Lost[i] > 0 {
			fmt.Fprintf(a.stderr, "vaurien: %s is not whole: it lost %d entries\n", path, c.Lost[i])
		}
	}
	for _, d := range c.Differences {
		fmt.Fprintln(a.stdout, d)
	}
	if c.Differ == 0 {
		fmt.Fprintf(a.stdout, "the same: %d exchanges, %d touched\n", c.Exchanges, c.Touched)
		return nil
	}
	fmt.Fprintf(a.stdout, "%d of %d exchanges differ\n", c.Differ, c.Exchanges)
	return statusError{status: exitFailed}
}
