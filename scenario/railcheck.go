package scenario

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/vaurien-proxy/vaurien/internal/command"
	"github.com/vaurien-proxy/vaurien/internal/reason"
	"github.com/vaurien-proxy/vaurien/option"
)

// probe asks for the URL, and for all of the answer.
func (r Rail) probe(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Probe, nil)
	if err != nil {
		return "", err
	}
	began := time.Now()
	answer, err := prober.Do(request)
	if err == nil {
		defer answer.Body.Close()
		_, err = io.Copy(io.Discard, answer.Body)
	}
	took := time.Since(began).Round(time.Millisecond)
	switch {
	case ctx.Err() != nil:
		return "", r.late()
	case err != nil:
		return "", reason.Of(err)
	case !r.Expect.has(answer.StatusCode):
		return "", fmt.Errorf("answered %s, not %v", answer.Status, r.Expect)
	}
	return fmt.Sprintf("%s in %s", answer.Status, option.FormatDuration(took)), nil
}

func (r Rail) late() error {
	return fmt.Errorf("took longer than %s", option.FormatDuration(r.Timeout))
}

// run runs the command, which is to end with the status 0.
func (r Rail) run(ctx context.Context) (string, error) {
	// What it says goes into a file, so that whatever it leaves behind does not
	// have to be waited for.
	output, err := os.CreateTemp("", "vaurien-rail-")
	if err != nil {
		return "", err
	}
	defer os.Remove(output.Name())
	defer output.Close()
	cmd := exec.Command("sh", "-c", r.Command)
	if runtime.GOOS == "windows" {
		cmd = exec.Command("cmd", "/C", r.Command)
	}
	cmd.Stdout, cmd.Stderr = output, output
	p, err := command.Start(cmd, false)
	if err != nil {
		return "", err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Stop(0)
		p.Sweep()
		return "", r.late()
	}
	end, said := p.Wait(), ""
	if lines, _ := command.Tail(output.Name(), 1); len(lines) > 0 {
		said = ": " + lines[0]
	}
	if end.Status != 0 {
		return "", fmt.Errorf("%s%s", end, said)
	}
	return end.String() + said, nil
}
