package command

import (
	"os"
	"time"
)

// watchInterval is how often files are looked at for changes. That they are
// looked at, and not subscribed to, finds files that are replaced, mounted, or
// shared over a network too.
const watchInterval = 500 * time.Millisecond

// A watcher tells that files have changed.
type watcher struct {
	changed chan struct{}
	stop    chan struct{}
	ended   chan struct{}
}

// watch watches files until the watcher is closed.
func watch(paths []string) *watcher {
	w := &watcher{make(chan struct{}, 1), make(chan struct{}), make(chan struct{})}
	go w.run(paths)
	return w
}

// close ends the watcher.
func (w *watcher) close() {
	close(w.stop)
	<-w.ended
}

// run tells of a change once a file stays as it is from one look to the next:
// its writer is done. The first look is a change: the files were read before.
func (w *watcher) run(paths []string) {
	defer close(w.ended)
	if len(paths) == 0 {
		<-w.stop
		return
	}
	told, last := make([]os.FileInfo, len(paths)), look(paths)
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-w.stop:
			return
		}
		now := look(paths)
		if same(now, last) && !same(now, told) {
			told = now
			select {
			case w.changed <- struct{}{}:
			default: // it was told and is not heard yet
			}
		}
		last = now
	}
}

// look returns what there is to see of files; nil for one that is not there.
func look(paths []string) []os.FileInfo {
	out := make([]os.FileInfo, len(paths))
	for i, path := range paths {
		if info, err := os.Stat(path); err == nil {
			out[i] = info
		}
	}
	return out
}

func same(a, b []os.FileInfo) bool {
	for i := range a {
		switch {
		case a[i] == nil && b[i] == nil:
		case a[i] == nil || b[i] == nil, !os.SameFile(a[i], b[i]), a[i].Size() != b[i].Size(), !a[i].ModTime().Equal(b[i].ModTime()):
			return false
		}
	}
	return true
}
