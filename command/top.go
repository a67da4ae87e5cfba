package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien/client"
	"github.com/vaurien-proxy/vaurien/internal/top"
)

const topHelp = `Shows what a running program does, while it does it: each proxy with its plan, its
traffic, its faults and how long its clients wait, and below them what was done to
which exchange. The program must have been started with --http.

In a terminal it fills the screen, and ? tells the keys; s stops all chaos at once.
Elsewhere, or with --plain or --json, it writes a line for each proxy every second and
one for each exchange that something was done to.

The status is 2 if nobody answers at the address, 1 if the server does not let you in.`

const topExample = `  vaurien top
  vaurien top --host build-box:8080 --token SECRET
  vaurien top --plain | tee chaos.log
  vaurien top --once
  vaurien top --json | jq 'select(.type == "exchange") | .fate'`

const (
	// leastInterval is how often a server may be asked.
	leastInterval = 100 * time.Millisecond
	mostInterval  = time.Hour

	// screenRate is how many exchanges in a second a screen is told of: more
	// than anybody reads.
	screenRate = 200

	// How far back a screen begins, and lines, which are to miss nothing while
	// they start.
	screenSince = "1m"
	linesSince  = "2s"

	// screenFPS is how often in a second a screen is drawn at most.
	screenFPS = 20
)

// A viewer is the program's "top".
type viewer struct {
	app               *app
	server            controlServer
	interval          time.Duration
	plain, json, once bool
}

func newTopCommand(a *app) *cobra.Command {
	v := &viewer{app: a, server: controlServer{app: a}}
	cmd := &cobra.Command{
		Use:     "top",
		Short:   "shows what a running program does, while it does it",
		Long:    topHelp,
		Example: topExample,
		Args:    none,
		RunE:    func(*cobra.Command, []string) error { return v.run() },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	v.server.addFlags(flags)
	flags.DurationVar(&v.interval, "interval", time.Second, "how `LONG` from one look at the server to the next")
	flags.BoolVar(&v.plain, "plain", false, "write lines, also in a terminal")
	flags.BoolVar(&v.json, "json", false, "write lines of JSON")
	flags.BoolVar(&v.once, "once", false, "write one line for each proxy, of one interval, and end")
	cmd.SetFlagErrorFunc(flagError)
	return cmd
}

func (v *viewer) run() error {
	if v.interval < leastInterval || v.interval > mostInterval {
		return usagef("--interval: %s is not from %s to %s", v.interval, leastInterval, mostInterval)
	}
	c, err := v.server.client()
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	first, err := top.LookAt(ctx, c)
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, client.ErrRefused):
		return err
	case errors.Is(err, top.ErrSilent):
		return inputError{fmt.Errorf("%w from %s", err, v.server.address())}
	case err != nil:
		return inputError{remoteFailure(err)}
	}
	if out := v.terminal(); out != nil {
		return v.screen(ctx, c, out)
	}
	return v.lines(ctx, c, first)
}

// terminal returns the terminal that can be drawn on; nil if lines are wanted.
func (v *viewer) terminal() *os.File {
	out, ok := v.app.stdout.(*os.File)
	if v.plain || v.json || v.once || !ok || !term.IsTerminal(out.Fd()) || lookup(v.app.environ, "TERM") == "dumb" {
		return nil
	}
	return out
}

// screen fills the terminal until somebody quits or ctx ends.
func (v *viewer) screen(ctx context.Context, c *client.Client, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	p := tea.NewProgram(top.NewScreen(ctx, c, v.server.address()),
		tea.WithOutput(out), tea.WithEnvironment(v.app.environ), tea.WithFPS(screenFPS), tea.WithoutSignalHandler())
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		feed := top.Feed{Server: c, Every: v.interval, Rate: screenRate, Since: screenSince}
		_ = feed.Run(ctx, func(what any) error { // it has no other end than ctx's
			p.Send(what)
			return nil
		})
		p.Quit()
	}()
	_, err := p.Run()
	cancel()
	<-fed
	return err
}

// lines writes lines until it is interrupted or nobody reads them any more.
func (v *viewer) lines(ctx context.Context, c *client.Client, first top.Look) error {
	signal.Ignore(syscall.SIGPIPE) // writing fails instead, which is no failure
	l := top.NewLines(v.app.stdout, v.app.stderr, v.json)
	var err error
	if v.once {
		err = v.second(ctx, c, l, first)
	} else {
		feed := top.Feed{Server: c, Every: v.interval, Since: linesSince}
		err = feed.Run(ctx, l.Hear)
	}
	if errors.Is(err, syscall.EPIPE) || ctx.Err() != nil {
		return nil
	}
	return err
}

// second looks again after an interval, so that there are rates.
func (v *viewer) second(ctx context.Context, c *client.Client, l *top.Lines, first top.Look) error {
	select {
	case <-time.After(v.interval):
	case <-ctx.Done():
		return nil
	}
	look, err := top.LookAt(ctx, c)
	if err != nil {
		return fmt.Errorf("the second look failed: %w", remoteFailure(err))
	}
	if err := l.Hear(top.Looked{Look: first}); err != nil {
		return err
	}
	return l.Hear(top.Looked{Look: look})
}
