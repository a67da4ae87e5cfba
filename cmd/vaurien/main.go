// Vaurien is a chaos TCP proxy: it stands between clients and a server, and
// some of what passes it delays, breaks, or answers in the server's place.
//
//	vaurien --proxy localhost:8000 --backend localhost:80 --protocol http --behavior 20:delay
//
// "vaurien --help" tells all there is.
package main

import "github.com/vaurien-proxy/vaurien/command"

func main() { command.Main(command.Extra{}) }
