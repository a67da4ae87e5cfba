// Package command is the program vaurien: its flags, its subcommands, what it
// prints and how it ends. It is a package so that a program of yours can be that
// and more:
//
//	func main() {
//		command.Main(command.Extra{Behaviors: []vaurien.Kind{rushHour()}})
//	}
//
// docs/extending.md says how such behaviors and protocols are made.
package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/option"
)

// The exit statuses.
const (
	exitOK     = 0
	exitFailed = 1 // could not run
	exitUsage  = 2 // something that was written is wrong

	// statusOwn is that of a program that runs another and fails itself, as
	// with env(1) and timeout(1).
	statusOwn = 125
)

// Extra is what a program has beside what ships. Names must not be those of what
// does.
type Extra struct {
	Behaviors []vaurien.Kind // each gets the options match, first, after, every and max, unless it has its own
	Protocols []vaurien.ProtocolKind
}

// registry returns what ships, what is extra and other behaviors.
func (e Extra) registry(others ...vaurien.Kind) *vaurien.Registry {
	return builtin.With(slices.Concat(e.Behaviors, others), e.Protocols)
}

// Main is the whole program, with what is extra; it does not return.
func Main(e Extra) {
	args := append(calledAs(os.Args[0]), os.Args[1:]...)
	os.Exit(run(e, args, os.Environ(), os.Stdout, os.Stderr))
}

// run is Main for any arguments and environment; it returns the exit status.
func run(e Extra, args, environ []string, stdout, stderr io.Writer) int {
	a := &app{extra: e, registry: e.registry(), args: args, environ: environ, stdout: stdout, stderr: stderr}
	if err := a.readScripts(args); err != nil {
		return report(stderr, err)
	}
	root := newRoot(a)
	root.SetArgs(joinOptional(doubleDashes(args, root), root.Flags()))
	root.SetOut(stdout)
	root.SetErr(stderr)
	return report(stderr, root.Execute())
}

// A usageError is a command line that cannot be understood.
type usageError string

func (e usageError) Error() string { return string(e) }

func usagef(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

// An inputError is about something that the user wrote, so that the exit status
// is 2.
type inputError struct{ error }

// A statusError ends the program with a status, and says err if there is one.
type statusError struct {
	status int
	err    error
}

func (e statusError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

// report tells err in lines that begin with the program's name, and returns
// the exit status.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	status := exitFailed
	if end, ok := errors.AsType[statusError](err); ok {
		if end.err == nil {
			return end.status
		}
		err, status = end.err, end.status
	}
	if input, ok := errors.AsType[inputError](err); ok {
		err, status = input.error, exitUsage
	}
	for _, line := range messages(err) {
		fmt.Fprintf(stderr, "vaurien: %s\n", line)
	}
	if _, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintln(stderr, "vaurien: see vaurien --help")
		status = exitUsage
	}
	return status
}

// messages returns what err says, one line for each thing that is wrong.
func messages(err error) []string {
	list := option.Errors(config.Tidy(err))
	if list == nil {
		return strings.Split(err.Error(), "\n")
	}
	lines := make([]string, len(list))
	for i, e := range list {
		lines[i] = e.Error()
	}
	return lines
}
