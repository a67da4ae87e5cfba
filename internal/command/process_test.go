//go:build unix

package command

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// started starts a shell script whose first line of output says that it runs.
func started(t *testing.T, script string) *Process {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command("sh", "-c", script)
	cmd.Stdout = w
	p, err := Start(cmd, false)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(r).ReadString('\n'); err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	return p
}

func wait(t *testing.T, p *Process) End {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	return p.Wait()
}

func TestEnds(t *testing.T) {
	tests := []struct {
		script string
		want   End
		text   string
	}{
		{"echo", End{0, ""}, "exit status 0"},
		{"echo; exit 3", End{3, ""}, "exit status 3"},
		{"echo; kill -KILL $$", End{137, "SIGKILL"}, "killed by SIGKILL"},
	}
	for _, test := range tests {
		if got := wait(t, started(t, test.script)); got != test.want || got.String() != test.text {
			t.Errorf("%s: %#v %s", test.script, got, got)
		}
	}
}

func TestSignalReachesAll(t *testing.T) {
	// The shell in the shell must end too, or wait would not.
	p := started(t, `trap 'wait; exit 4' TERM; sh -c 'echo; exec sleep 1000' & wait; exit 5`)
	p.Signal(syscall.SIGTERM)
	if end := wait(t, p); end.Status != 4 {
		t.Error(end)
	}
}

func TestStopInsists(t *testing.T) {
	p := started(t, `trap '' TERM; echo; while :; do sleep 1000; done`)
	p.Stop(time.Millisecond)
	if end := wait(t, p); end.Signal != "SIGKILL" {
		t.Error(end)
	}
}

func TestSweep(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command("sh", "-c", "sleep 1000 & exit 0")
	cmd.Stdout = w
	p, err := Start(cmd, false)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	wait(t, p)
	p.Sweep()
	r.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadAll(r); err != nil { // ends when nobody has the other end open
		t.Errorf("what it left behind is still there: %v", err)
	}
}

func TestCannotStart(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("#!/nosuch\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		command string
		status  int
		want    string
	}{
		{"no-such-command", StatusNotFound, "no-such-command: there is no such command on the PATH"},
		{dir + "/none", StatusNotFound, "there is no such file, or what its first line names is missing"},
		{script, StatusNotFound, "there is no such file, or what its first line names is missing"},
		{dir, StatusCannotRun, "cannot be run: permission denied"},
	}
	for _, test := range tests {
		_, err := Start(exec.Command(test.command), false)
		failed, ok := errors.AsType[*StartError](err)
		if !ok || failed.Status != test.status || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.command, err)
		}
	}
}
