package command

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vaurien-proxy/vaurien/internal/command"
	"github.com/vaurien-proxy/vaurien/matrix"
)

// A matrixProgress says what the runs are at: a line for each failure that was
// tried, and on a terminal one that tells what runs now.
type matrixProgress struct {
	out     io.Writer
	quiet   bool
	columns int // of the terminal; 0 if it is none

	mu      sync.Mutex
	running map[string]time.Time // by label
	done    int
	of      int
	shown   bool // the line of what runs is there

	stop  chan struct{}
	ended chan struct{}
}

// tick is how often the line of what runs is written anew.
const tick = 200 * time.Millisecond

func newMatrixProgress(out io.Writer, quiet bool) *matrixProgress {
	p := &matrixProgress{out: out, quiet: quiet, running: map[string]time.Time{}}
	if f, ok := out.(*os.File); ok && !quiet {
		p.columns = command.Columns(f)
	}
	if p.columns > 0 {
		p.stop, p.ended = make(chan struct{}), make(chan struct{})
		go p.live()
	}
	return p
}

// live is the goroutine that keeps the line of what runs.
func (p *matrixProgress) live() {
	defer close(p.ended)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.mu.Lock()
			p.show()
			p.mu.Unlock()
		case <-p.stop:
			return
		}
	}
}

// close ends the line of what runs. It may be called again.
func (p *matrixProgress) close() {
	if p.stop != nil {
		close(p.stop)
		<-p.ended
		p.stop = nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

// say writes a line.
func (p *matrixProgress) say(line string) {
	if p.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.out, "vaurien: %s\n", line)
}

// tell takes note of what has happened, and says it where it is of interest.
func (p *matrixProgress) tell(e matrix.Progress) {
	p.mu.Lock()
	p.done, p.of = e.Done, e.Of
	if e.Run == nil {
		p.running[e.Label] = time.Now()
	} else {
		delete(p.running, e.Label)
	}
	p.mu.Unlock()
	switch {
	case e.Cell != nil:
		p.say(fmt.Sprintf("%d/%d %s: %s", e.Done, e.Of, e.Label, e.Cell.Line()))
	case e.Run != nil && e.Unharmed:
		p.say(fmt.Sprintf("%d/%d %s: %s", e.Done, e.Of, e.Label, e.Run.Story()))
	}
}

// show writes the line of what runs.
func (p *matrixProgress) show() {
	var parts []string
	for _, label := range slices.Sorted(maps.Keys(p.running)) {
		parts = append(parts, fmt.Sprintf("%s %.0fs", label, time.Since(p.running[label]).Seconds()))
	}
	line := []rune(fmt.Sprintf("%d/%d running: %s", p.done, p.of, strings.Join(parts, ", ")))
	if len(line) >= p.columns {
		line = append(line[:max(0, p.columns-2)], '…')
	}
	fmt.Fprintf(p.out, "\r\x1b[K%s", string(line))
	p.shown = true
}

// clear takes the line of what runs away.
func (p *matrixProgress) clear() {
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.shown = false
	}
}
