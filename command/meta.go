package command

import (
	"net"
	"os"
	"os/signal"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/control"
)

func newMetaCommand(a *app) *cobra.Command {
	var host, token, output string
	var port uint16
	cmd := &cobra.Command{
		Use:     "meta-vaurien",
		Aliases: []string{"meta"},
		Short:   "one HTTP front for all control APIs here: /PORT/path",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if token == "" && !config.Loopback(host) {
				return usagef("--token: missing: %q is beyond this machine: give --token a secret; openssl rand -hex 16 makes one", host)
			}
			return serveMeta(a, host, port, token, output)
		},
	}
	cmd.Flags().StringVar(&host, "host", "localhost", "the host to listen on")
	cmd.Flags().Uint16Var(&port, "port", 9998, "the port to listen on")
	cmd.Flags().StringVar(&output, "log-output", "-", "the file that the log is appended to; -: standard error")
	cmd.Flags().StringVar(&token, "token", "", "secret that callers must show; needed when it listens beyond this machine")
	return cmd
}

// serveMeta serves the front until a signal ends it.
func serveMeta(a *app, host string, port uint16, token, output string) error {
	settings, _ := config.NewSettings()
	settings.LogOutput = output
	log, err := openLog(settings, a.stderr)
	if err != nil {
		return err
	}
	defer log.close()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, caught()...)
	defer signal.Stop(signals)
	address := net.JoinHostPort(host, strconv.Itoa(int(port)))
	l, err := net.Listen("tcp", address)
	if err != nil {
		return cannotListen("meta-vaurien", address, err)
	}
	server := control.NewServer(control.NewMeta(control.HandlerOptions{Token: token, Host: host}))
	ended := make(chan struct{})
	go serveAPI(server, l, log, ended)
	log.Info("meta-vaurien started", "url", "http://"+l.Addr().String())
	for meaning(<-signals) != toStop {
	}
	server.Close()
	<-ended
	return nil
}
