package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien/option"
)

func proxyPath(name string) string { return "/proxies/" + url.PathEscape(name) }

func (c *ctl) list() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"l", "li", "ls"},
		Short:   "lists the proxies",
		Example: "  vaurien ctl list",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all map[string]proxyState
			return c.call(cmd.Context(), "GET", "/proxies", nil, &all, func() { printProxies(c.app.stdout, sorted(all)) })
		},
	}
}

func (c *ctl) inspect() *cobra.Command {
	return &cobra.Command{
		Use:               "inspect PROXY",
		Aliases:           []string{"i", "ins"},
		Short:             "shows a proxy and its toxics",
		Example:           "  vaurien ctl inspect redis",
		Args:              one(proxyName),
		ValidArgsFunction: c.proxyNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			var p proxyState
			return c.call(cmd.Context(), "GET", proxyPath(args[0]), nil, &p, func() { printProxy(c.app.stdout, p) })
		},
	}
}

func (c *ctl) create() *cobra.Command {
	var listen, upstream string
	cmd := &cobra.Command{
		Use:     "create -u HOST:PORT [-l HOST:PORT] PROXY",
		Aliases: []string{"c", "new"},
		Short:   "creates a proxy",
		Example: "  vaurien ctl create -l localhost:26379 -u localhost:6379 redis\n" +
			"  vaurien ctl create -u localhost:6379 redis    # on any free port, which is printed",
		Args: one(proxyName),
		RunE: func(cmd *cobra.Command, args []string) error {
			if upstream == "" {
				return usagef("ctl create: missing: -u, the address that the proxy connects to, as in -u localhost:6379")
			}
			var p proxyState
			body := map[string]any{"name": args[0], "listen": listen, "upstream": upstream, "enabled": true}
			return c.call(cmd.Context(), "POST", "/proxies", body, &p, func() {
				fmt.Fprintf(c.app.stdout, "created %s: %s -> %s\n", p.Name, p.Listen, p.Upstream)
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVarP(&listen, "listen", "l", "localhost:0", "`HOST:PORT` that it listens on; port 0: any free one")
	cmd.Flags().StringVarP(&upstream, "upstream", "u", "", "`HOST:PORT` that it connects to")
	return cmd
}

func (c *ctl) toggle() *cobra.Command {
	return &cobra.Command{
		Use:               "toggle PROXY",
		Aliases:           []string{"tog"},
		Short:             "disables a proxy, which then refuses connections, or enables it again",
		Example:           "  vaurien ctl toggle redis",
		Args:              one(proxyName),
		ValidArgsFunction: c.proxyNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			var p proxyState
			quiet := *c
			quiet.json = false
			if err := quiet.call(cmd.Context(), "GET", proxyPath(args[0]), nil, &p, nil); err != nil {
				return err
			}
			// POST, which servers before 2.6 know too.
			return c.call(cmd.Context(), "POST", proxyPath(args[0]), map[string]any{"enabled": !p.Enabled}, &p, func() {
				fmt.Fprintf(c.app.stdout, "%s is %s\n", p.Name, enabledText(p.Enabled))
			})
		},
	}
}

func (c *ctl) remove() *cobra.Command {
	return &cobra.Command{
		Use:               "delete PROXY",
		Aliases:           []string{"d"},
		Short:             "deletes a proxy and closes its connections",
		Example:           "  vaurien ctl delete redis",
		Args:              one(proxyName),
		ValidArgsFunction: c.proxyNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.call(cmd.Context(), "DELETE", proxyPath(args[0]), nil, nil, c.say("deleted %s", args[0]))
		},
	}
}

func (c *ctl) reset() *cobra.Command {
	return &cobra.Command{
		Use:     "reset",
		Short:   "enables all proxies and removes all toxics",
		Example: "  vaurien ctl reset",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.call(cmd.Context(), "POST", "/reset", nil, nil, c.say("all proxies are enabled and without toxics"))
		},
	}
}

func (c *ctl) populate() *cobra.Command {
	return &cobra.Command{
		Use:   "populate FILE",
		Short: "creates or replaces the proxies of a JSON file, or of - for standard input",
		Long: "Creates the proxies of a JSON file, an array, and replaces those of the same name.\n" +
			"What is the same already is left alone.",
		Example: "  vaurien ctl populate toxiproxy.json\n" +
			`  echo '[{"name": "redis", "listen": "localhost:26379", "upstream": "localhost:6379"}]' | vaurien ctl populate -`,
		Args: one("a JSON file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readInput(cmd.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			var done struct {
				Proxies []proxyState `json:"proxies"`
			}
			return c.call(cmd.Context(), "POST", "/populate", text, &done, func() { printProxies(c.app.stdout, done.Proxies) })
		},
	}
}

// readInput returns what is in a file, or in stdin if its name is -.
func readInput(stdin io.Reader, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(stdin)
	}
	text, err := os.ReadFile(file)
	if failure, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, inputError{&option.Error{Place: file, Problem: failure.Err.Error()}}
	}
	return text, err
}
