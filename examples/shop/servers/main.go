// Servers runs what the shop talks to, until Ctrl-C: PostgreSQL, Redis and a
// payment provider, where matrix.yaml looks for them.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/vaurien-proxy/vaurien/examples/shop/internal/servers"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	set, err := servers.Start(25432, 26379, 28080)
	if err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
		os.Exit(1)
	}
	fmt.Printf("%s\n%s\n%s\n", set.Database, set.Cache, set.Payment)
	<-ctx.Done()
	if err := set.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
		os.Exit(1)
	}
}
