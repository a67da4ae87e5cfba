// Vaurienctl looks at a running Vaurien and changes what it does:
//
//	vaurienctl set-behavior 20:delay -o sleep=2 --for 30s
//
// "vaurienctl --help" tells all there is.
package main

import (
	"os"

	"github.com/vaurien-proxy/vaurien/cmd/vaurienctl/ctl"
)

func main() { os.Exit(ctl.Run(os.Args[1:], os.Getenv, os.Stdout, os.Stderr)) }
