package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// scriptName is what a behavior that a script defines may be called, so that
// flags and variables can be.
var scriptName = regexp.MustCompile(`^[a-z][a-z0-9]*([-_][a-z0-9]+)*$`)

// Scripts returns the scripts that the source names, by their behaviors' names,
// sorted: in draws (20:./super.star), and in the file also with callable. r has
// the behaviors that there are without them. What else is wrong with the source
// is for Load to say. Errors are *option.Error, one or several joined.
func (s Source) Scripts(r *vaurien.Registry) ([]spec.Script, error) {
	words := Words(r)
	var all []spec.Script
	if s.File != "" {
		file, _ := spec.ReadFile(s.File, words)
		all = file.Scripts
	}
	environ, _ := FromEnviron(s.Environ, words)
	for _, layer := range []Layer{environ, s.Flags} {
		if draw, ok := layer.Proxy.Settings["behavior"]; ok {
			plan, _ := spec.ParseDraw(draw.Text, draw.Place)
			_, scripts := plan.NameScripts("")
			all = append(all, scripts...)
		}
	}
	slices.SortStableFunc(all, func(a, b spec.Script) int { return strings.Compare(a.Name, b.Name) })
	var out []spec.Script
	var errs []error
	for _, script := range all {
		fail := func(format string, args ...any) {
			errs = append(errs, &option.Error{Place: script.Place, Problem: script.Path + ": " + fmt.Sprintf(format, args...)})
		}
		taken := slices.ContainsFunc(r.Behaviors(), func(k vaurien.Kind) bool {
			return option.Canonical(k.Name) == option.Canonical(script.Name)
		})
		switch {
		case !scriptName.MatchString(script.Name):
			fail("%q is not a name for a behavior: write small letters, digits, - and _, or name it in a file: [behavior:NAME] callable = PATH", script.Name)
		case taken:
			fail("there is a behavior %s already: give the script another name", script.Name)
		case len(out) > 0 && option.Canonical(out[len(out)-1].Name) == option.Canonical(script.Name):
			if first := out[len(out)-1]; first.Path != script.Path {
				fail("the behavior %s is another script already: %s (%s)", script.Name, first.Path, first.Place)
			}
		default:
			out = append(out, script)
		}
	}
	return out, errors.Join(errs...)
}
