package command

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/internal/command"
	"github.com/vaurien-proxy/vaurien/option"
)

// A runSummary is what "run" writes as JSON.
type runSummary struct {
	Command  []string        `json:"command"`
	Status   int             `json:"status"`
	Signal   string          `json:"signal,omitempty"` // what ended the command
	TimedOut bool            `json:"timed_out"`
	Seconds  float64         `json:"seconds"`
	Repeat   string          `json:"repeat"` // the line that repeats the run
	Proxies  []control.Proxy `json:"proxies"`
}

// tell says what was done to the command's traffic, and returns its status.
func (r *runner) tell(s *service, args []string, out outcome) error {
	proxies := s.daemon.Summary()
	repeat := r.app.repeatLine(s.seedChosen(), s.source.Seed)
	if !r.quiet {
		fmt.Fprintf(r.app.stderr, "vaurien: %s: %s after %s; %s; what was done to its traffic:\n",
			short(args), out.words(), rounded(out.took), seeds(proxies))
		printTable(r.app.stderr, proxies)
		for _, p := range proxies {
			if p.Stats.Sessions == 0 && p.Enabled {
				fmt.Fprintf(r.app.stderr, "vaurien: nothing connected to %s: does the command read %s?\n",
					p.Name, command.Readers(p.Name, r.templates))
			}
		}
		fmt.Fprintf(r.app.stderr, "vaurien: to repeat this run: %s\n", repeat)
	}
	if r.json != "" {
		err := writeJSON(r.json, runSummary{args, out.Status, out.Signal, out.timedOut, out.took.Seconds(), repeat, proxies})
		if err != nil {
			return statusError{statusOwn, err}
		}
	}
	if out.Status == 0 && r.require && !anyFault(proxies) {
		return statusError{exitFailed, fmt.Errorf("--require-faults: the command succeeded, but nothing was done to its traffic")}
	}
	if out.Status != 0 {
		return statusError{out.Status, nil}
	}
	return nil
}

// short returns a command on as much of a line as a headline has for it.
func short(args []string) string {
	const most = 60 // characters
	text := []rune(command.Quote(args))
	if len(text) > most {
		text = append(text[:most-1], '…')
	}
	return string(text)
}

// words says how the command ended.
func (o outcome) words() string {
	if o.timedOut {
		return "timed out"
	}
	return o.End.String()
}

// rounded writes a time as a reader wants it: to the millisecond, or to a
// tenth of a second from ten seconds on.
func rounded(d time.Duration) string {
	unit := time.Millisecond
	if d >= 10*time.Second {
		unit = 100 * time.Millisecond
	}
	return option.FormatDuration(d.Round(unit))
}

func anyFault(proxies []control.Proxy) bool {
	return slices.ContainsFunc(proxies, func(p control.Proxy) bool { return len(p.Stats.Faults) > 0 })
}

// seeds says which seeds the proxies have.
func seeds(proxies []control.Proxy) string {
	one := true
	parts := make([]string, len(proxies))
	for i, p := range proxies {
		one = one && p.Seed == proxies[0].Seed
		parts[i] = p.Name + " " + strconv.FormatUint(p.Seed, 10)
	}
	if one && len(proxies) > 0 {
		return "seed " + strconv.FormatUint(proxies[0].Seed, 10)
	}
	return "seeds: " + strings.Join(parts, ", ")
}

// repeatLine returns this command line, with the seed if that was chosen.
func (a *app) repeatLine(chosen bool, seed uint64) string {
	args := slices.Clone(a.args)
	if chosen {
		dash := slices.Index(args, "--")
		args = slices.Insert(args, dash, "--seed", strconv.FormatUint(seed, 10))
	}
	return command.Quote(append([]string{"vaurien"}, args...))
}

// writeJSON writes v into a file.
func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
