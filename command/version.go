package command

import (
	"runtime"
	"runtime/debug"
)

// release is set by the linker when a release is built.
var release string

// version returns the program's version and what it was built with.
func version() string {
	return ownVersion() + " " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
}

// ownVersion returns the program's version alone.
func ownVersion() string {
	v := release
	if info, ok := debug.ReadBuildInfo(); ok && v == "" {
		v = info.Main.Version
	}
	if v == "" || v == "(devel)" {
		v = "(development)"
	}
	return v
}
