package config

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

const envPrefix = "VAURIEN_"

// FileVariable is the environment variable that names the configuration file
// when the flag --config does not.
const FileVariable = envPrefix + "CONFIG"

// othersVariable matches variables that begin like ours and are not for the
// program: those of its clients, and those that container platforms set for
// every service they know, here one named vaurien.
var othersVariable = regexp.MustCompile(
	`^VAURIEN_(CONFIG|URL|TOKEN|BINARY|VERSION|PORT|(.*_)?(ADDR|SERVICE_HOST|SERVICE_PORT|SERVICE_PORT_.*|PORT_[0-9]+_(TCP|UDP)(_PORT|_PROTO)?))$`)

// FromEnviron reads the variables of environ, which is written as os.Environ
// does. An empty variable counts as unset; an unknown one that begins with
// VAURIEN_ is an error, for it is most likely misspelt.
func FromEnviron(environ []string, words spec.Words) (Layer, error) {
	known := map[string]Field{}
	var printed []string
	for _, f := range Fields(words) {
		for _, name := range f.Envs() {
			known[name] = f
		}
		printed = append(printed, f.Envs()[0])
	}
	written := map[string]string{}
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, envPrefix) && text != "" {
			written[name] = text
		}
	}
	var layer Layer
	var errs []error
	setBy := map[*option.Option]string{}
	for _, name := range slices.Sorted(maps.Keys(written)) {
		f, ok := known[name]
		switch {
		case isAddress(name, written):
		case !ok && !othersVariable.MatchString(name):
			errs = append(errs, &option.Error{Place: name, Problem: "unknown environment variable" +
				option.DidYouMean(name, printed) + " (those that begin with " + envPrefix + " are settings)"})
		case ok && strings.HasSuffix(name, "_PORT") && strings.HasPrefix(written[name], "tcp://"):
			// a container platform's word for a service of that name
		case ok && setBy[f.Option] != "":
			errs = append(errs, &option.Error{Place: name, Problem: "says the same as " + setBy[f.Option] + ": set one of them"})
		case ok:
			setBy[f.Option] = name
			layer.Set(f, option.Value{Text: written[name], Place: name})
		}
	}
	return layer, errors.Join(errs...)
}

// isAddress reports whether name is part of the address of a proxy that the
// program has told the command which it runs: it is if all of it is there.
func isAddress(name string, written map[string]string) bool {
	for _, part := range []string{"_HOST", "_PORT"} {
		if proxy, ok := strings.CutSuffix(name, part); ok {
			return written[proxy+"_ADDR"] != ""
		}
	}
	return false
}
