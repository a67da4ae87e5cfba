package command

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien/audit"
	"github.com/vaurien-proxy/vaurien/internal/command"
	"github.com/vaurien-proxy/vaurien/option"
)

const reportHelp = `Reads a ledger, the file that --ledger writes, and says how the client behind it deals
with failures: what it tries again, how long it waits before, whether it goes on until
the server drowns in retries, and which writes it may have done twice. It reads the last
run in the file.

A retry is an attempt that follows a failed one of the same operation (the same verb,
attributes and bytes) within --window, before any success of it. docs/report.md says it
exactly.

The status is 0; 1 if the client has one of the faults that --fail-on names; 2 if the
file cannot be read or is no ledger. The faults:
`

const reportExample = `  vaurien --backend localhost:6379 --protocol redis --behavior 20:error,5:commit-unknown --ledger run.jsonl
  vaurien report run.jsonl --html report.html
  vaurien report run.jsonl --fail-on storm,repeated-writes`

// A reporter is the program's "report".
type reporter struct {
	app     *app
	options audit.Options
	json    bool
	html    string
	failOn  []string
}

func newReportCommand(a *app) *cobra.Command {
	r := &reporter{app: a}
	cmd := &cobra.Command{
		Use:     "report [FLAGS] RUN.jsonl",
		Short:   "says how a client deals with failures, from what it did",
		Long:    reportHelp + "\n" + faultList(),
		Example: reportExample,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("report: one ledger is needed, as in \"vaurien report run.jsonl\"")
			}
			return r.run(args[0])
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&r.json, "json", false, "print it as JSON")
	flags.StringVar(&r.html, "html", "", "`FILE` to write it to, as a page, beside what is printed")
	flags.StringSliceVar(&r.failOn, "fail-on", nil, "`FAULTS` of which none may be there, separated by commas; all for every one")
	flags.DurationVar(&r.options.Window, "window", audit.DefaultWindow, "how long after a failure a retry of it may come")
	flags.BoolVar(&r.options.RepeatsAreRetries, "repeats-are-retries", false, "count as retries what follows failures at the pace of a loop, too")
	return cmd
}

// faultList lists what --fail-on knows.
func faultList() string {
	var b strings.Builder
	for _, f := range audit.Findings() {
		fmt.Fprintf(&b, "  %-16s %s\n", f[0], f[1])
	}
	return b.String()
}

// faults returns what --fail-on names.
func (r *reporter) faults() ([]string, error) {
	var known []string
	for _, f := range audit.Findings() {
		known = append(known, f[0])
	}
	for _, name := range r.failOn {
		if name == "all" {
			return known, nil
		}
		if i := slices.Index(known, name); i < 0 {
			return nil, usagef("report: --fail-on: unknown fault %q%s known: all, %s", name, didYouMean(name, known...), strings.Join(known, ", "))
		}
	}
	return r.failOn, nil
}

func (r *reporter) run(path string) error {
	faults, err := r.faults()
	if err != nil {
		return err
	}
	if r.options.Window <= 0 {
		return usagef("report: --window: %v is no time to wait: 1m, 500ms", r.options.Window)
	}
	report, err := audit.Read(path, r.options)
	if err != nil {
		return inputError{err}
	}
	if report.Entries == 0 {
		return inputError{&option.Error{Place: path, Problem: "is empty: there is no ledger in it"}}
	}
	if r.html != "" {
		if err := writeFile(r.html, report.WriteHTML); err != nil {
			return err
		}
	}
	if err := r.print(report); err != nil {
		return err
	}
	wrong := report.Failing(faults)
	if len(wrong) == 0 {
		return nil
	}
	var names []string
	for _, f := range wrong {
		if slices.Index(names, f.ID) < 0 {
			names = append(names, f.ID)
		}
	}
	return statusError{exitFailed, fmt.Errorf("found, of what --fail-on names: %s", strings.Join(names, ", "))}
}

func (r *reporter) print(report *audit.Report) error {
	if !r.json {
		return report.WriteText(r.app.stdout, columns(r.app.stdout, r.app.environ))
	}
	e := json.NewEncoder(r.app.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(report)
}

// columns is how wide out is, if it is a terminal or COLUMNS says so; else 0.
func columns(out io.Writer, environ []string) int {
	n, _ := strconv.Atoi(lookup(environ, "COLUMNS"))
	if f, ok := out.(*os.File); ok {
		n = cmp.Or(command.Columns(f), n)
	}
	return n
}
