package command

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/script"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A library is the scripts that the program was told of, by the names of their
// behaviors. It is never changed, only replaced.
type library map[string]namedScript

type namedScript struct {
	spec.Script
	made *script.Script
}

// readScripts reads the scripts that a command line names, so that their
// options are flags and settings like any other. What else is wrong with the
// command line is said when it is run.
func (a *app) readScripts(args []string) error {
	scout := &app{registry: a.registry, environ: a.environ, stdout: io.Discard, stderr: io.Discard}
	root := newRoot(scout)
	cmd, args, err := root.Find(joinOptional(doubleDashes(args, root), root.Flags()))
	if err != nil || cmd.Flags().Lookup("behavior") == nil {
		return nil
	}
	cmd.FParseErrWhitelist.UnknownFlags = true // those of the scripts
	_ = cmd.ParseFlags(args)
	named, err := scout.source().Scripts(a.registry)
	if err != nil {
		return inputError{err}
	}
	a.scripts, _, err = library(nil).read(named)
	if err != nil {
		return inputError{err}
	}
	a.registry = a.scripts.registry(a.extra)
	return nil
}

// read reads these scripts, and those that l has besides, and returns them with
// the names of those that are not what they were.
func (l library) read(named []spec.Script) (library, []string, error) {
	next := maps.Clone(l)
	if next == nil {
		next = make(library)
	}
	for _, n := range named {
		next[n.Name] = namedScript{n, next[n.Name].made}
	}
	var changed []string
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(next)) {
		n := next[name]
		made, err := script.Read(n.Path)
		if failure, ok := errors.AsType[*fs.PathError](err); ok {
			err = &option.Error{Place: n.Place, Problem: n.Path + ": " + failure.Err.Error()}
		}
		errs = append(errs, err)
		if err == nil && (n.made == nil || n.made.Source() != made.Source()) {
			changed = append(changed, name)
			next[name] = namedScript{n.Script, made}
		}
	}
	return next, changed, errors.Join(errs...)
}

// registry returns what there is beside scripts, and the scripts.
func (l library) registry(e Extra) *vaurien.Registry {
	var kinds []vaurien.Kind
	for name, n := range l {
		kinds = append(kinds, n.made.Kind(name))
	}
	return e.registry(kinds...)
}

// paths are the scripts' files.
func (l library) paths() []string {
	var out []string
	for _, n := range l {
		out = append(out, n.Path)
	}
	return out
}

// scriptsAgain reads the scripts that the settings name now.
func (s *service) scriptsAgain() (library, []string, error) {
	named, err := s.source.Scripts(s.app.extra.registry())
	if err != nil {
		return nil, nil, err
	}
	return s.app.scripts.read(named)
}

// reloadScripts reads the scripts again and puts what they say now in force, or
// says why not.
func (s *service) reloadScripts() {
	next, changed, err := s.app.scripts.read(nil)
	if err == nil && len(changed) == 0 {
		return
	}
	before := s.daemon.Registry()
	if err == nil {
		s.daemon.SetRegistry(next.registry(s.app.extra))
		err = s.daemon.Renew(context.Background(), changed...)
	}
	if err != nil {
		s.daemon.SetRegistry(before)
		for _, line := range messages(err) {
			s.log.Error("not reloaded: " + line)
		}
		return
	}
	s.app.scripts, s.app.registry = next, s.daemon.Registry()
	s.log.Info("reloaded", "scripts", strings.Join(changed, ", "))
}
