package main

import "strings"

// named is what pages call a peer, or a series of a curve: a peer and what was
// done to it, after a space.
func named(series string) string {
	peer, more, _ := strings.Cut(series, " ")
	switch peer {
	case "vaurien":
		peer = "Vaurien"
	case "vaurien-framed":
		peer = "Vaurien, framed"
	case "vaurien-acting":
		peer = "Vaurien, acting"
	case "haproxy":
		peer = "HAProxy"
	case "haproxy-splice-force":
		peer = "HAProxy, spliced"
	case "toxiproxy":
		peer = "Toxiproxy"
	case "floor-splice":
		peer = "Go's io.Copy"
	}
	if more == "" {
		return peer
	}
	return peer + ", " + more
}
