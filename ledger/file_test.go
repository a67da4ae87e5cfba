package ledger

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// logged is a log that a test may read.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// readFile reads a whole ledger.
func readFile(t *testing.T, path string) []Entry {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []Entry
	for e, err := range NewReader(f, path).All() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// write has a File write what do adds.
func write(t *testing.T, path string, o FileOptions, do func(*Ledger)) {
	t.Helper()
	l := New(Options{})
	f, err := Open(path, l, o)
	if err != nil {
		t.Fatal(err)
	}
	do(l)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	o := FileOptions{Run: Run{Version: "1", Seed: 42, PID: 7}}
	write(t, path, o, func(l *Ledger) {
		add(l, 1, 2)
		l.Add(Entry{Type: BegunType, Session: 9})
	})
	write(t, path, o, func(l *Ledger) { add(l, 2, 1) }) // a run that comes after
	if got := fmt.Sprint(told(readFile(t, path))); got != "[run 1.1 1.2 run 2.1]" {
		t.Error(got)
	}
	first := readFile(t, path)[0]
	if *first.Run != o.Run || first.Number != 0 {
		t.Errorf("%+v, %+v", first, first.Run)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others must not read it", info.Mode(), err)
	}
}

// What a run that was killed could not finish is taken away.
func TestFileAfterAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	write(t, path, FileOptions{}, func(l *Ledger) { add(l, 1, 2) })
	whole, _ := os.ReadFile(path)
	os.WriteFile(path, whole[:len(whole)-20], 0o600)
	write(t, path, FileOptions{}, func(l *Ledger) { add(l, 2, 1) })
	if got := fmt.Sprint(told(readFile(t, path))); got != "[run 1.1 run 2.1]" {
		t.Error(got)
	}
}

func TestFileIsWrittenSoon(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	synctest.Test(t, func(t *testing.T) {
		l := New(Options{})
		f, err := Open(path, l, FileOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		add(l, 1, 1)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := fmt.Sprint(told(readFile(t, path))); got != "[run 1.1]" {
			t.Error(got)
		}
	})
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "thesis.txt")
	for _, text := range []string{"It was a dark night", "It was a dark night\n", `{"a":1}` + "\n"} {
		os.WriteFile(path, []byte(text), 0o644)
		_, err := Open(path, New(Options{}), FileOptions{})
		if want := path + ": is there already and is no ledger: name another file"; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	if _, err := Open(filepath.Join(path, "x"), New(Options{}), FileOptions{}); err == nil {
		t.Error("a file in a file")
	}
}

func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	write(t, path, FileOptions{MaxSize: 1200, Keep: 2, Run: Run{PID: 7}}, func(l *Ledger) {
		server := &Server{Protocol: "redis"}
		l.Add(Entry{Type: ProxyType, Proxy: "old", Server: server, State: StateUp})
		l.Add(Entry{Type: ProxyType, Proxy: "old", Server: server, State: StateGone})
		l.Add(Entry{Type: ProxyType, Proxy: "db", Server: server, State: StateUp})
		l.Add(Entry{Type: PlanType, Proxy: "db", InPlan: &Plan{Number: 1}})
		l.Add(Entry{Type: PlanType, Proxy: "db", InPlan: &Plan{Number: 2}})
		for i := range 8 { // by several writes, so that there are several files
			add(l, uint64(i+1), 3)
			waitUntil(t, func() bool { return written(path, uint64(i+1)) })
		}
	})
	for _, name := range []string{path, path + ".1", path + ".2"} {
		info, err := os.Stat(name)
		if err != nil || info.Size() > 1200 {
			t.Errorf("%s: %v, %v", name, info, err)
			continue
		}
		entries := readFile(t, name)
		if got := fmt.Sprint(told(entries[:3])); got != "[run proxy plan]" {
			t.Errorf("%s begins with %s", name, got)
			continue
		}
		if e := entries; !e[0].Run.Continues || e[0].Run.PID != 7 || e[1].Proxy != "db" || e[2].InPlan.Number != 2 {
			t.Errorf("%s begins with %+v", name, e[:3])
		}
	}
	if _, err := os.Stat(path + ".3"); !os.IsNotExist(err) {
		t.Errorf("%s.3: %v", path, err)
	}
	if last := readFile(t, path); last[len(last)-1].Session != 8 {
		t.Errorf("the last entry is %+v", last[len(last)-1])
	}
}

// written reports whether the file has an exchange of that session.
func written(path string, session uint64) bool {
	b, err := os.ReadFile(path)
	return err == nil && strings.Contains(string(b), fmt.Sprintf(`"session":%d,`, session))
}

// waitUntil waits until a condition holds.
func waitUntil(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not come to be")
		}
	}
}

// A disk that is full costs entries, and nothing else; they are counted.
func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	path := filepath.Join(t.TempDir(), "run.jsonl")
	var log logged
	l := New(Options{})
	f, err := Open(path, l, FileOptions{Logger: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	disk := f.out
	good := disk.f
	swap := func(to *os.File) {
		// The writer has nothing to do while nothing is added.
		disk.f = to
	}
	swap(full)
	add(l, 1, 3)
	waitUntil(t, func() bool { return f.Lost() == 3 })
	add(l, 2, 2)
	waitUntil(t, func() bool { return f.Lost() == 5 })
	swap(good)
	add(l, 3, 1)
	waitUntil(t, func() bool { return written(path, 3) })
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	full.Close()
	if got := fmt.Sprint(told(readFile(t, path))); got != "[run lost 5 (writing) 3.1]" {
		t.Error(got)
	}
	if text := log.String(); strings.Count(text, "level=ERROR") != 1 || !strings.Contains(text, "no space left on device") ||
		!strings.Contains(text, "the ledger is written again\" lost=5") {
		t.Error(text)
	}
}

// Where the files cannot be moved nothing more is written, since the disk would
// fill.
func TestRotationThatFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.jsonl")
	var log logged
	os.Mkdir(path+".1", 0o700) // a file cannot be moved there
	os.WriteFile(filepath.Join(path+".1", "x"), nil, 0o600)
	l := New(Options{})
	f, err := Open(path, l, FileOptions{MaxSize: 500, Keep: 1, Logger: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	add(l, 1, 10)
	waitUntil(t, func() bool { return f.Lost() == 10 })
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if info, _ := fs.Stat(os.DirFS(dir), "run.jsonl"); info.Size() > 500 || !strings.Contains(log.String(), "cannot write to the ledger") {
		t.Errorf("%d bytes; %s", info.Size(), log.String())
	}
}

func BenchmarkRecordToFile(b *testing.B) {
	path := filepath.Join(b.TempDir(), "run.jsonl")
	l := New(Options{Keep: 100_000})
	f, err := Open(path, l, FileOptions{MaxSize: 64 << 20, Keep: 1})
	if err != nil {
		b.Fatal(err)
	}
	e := touched()
	b.ReportAllocs()
	for b.Loop() {
		l.Add(e)
	}
	b.StopTimer()
	f.Close()
	b.ReportMetric(float64(f.Lost())/float64(b.N), "lost/op")
}
