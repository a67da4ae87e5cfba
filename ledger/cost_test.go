package ledger_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/protocol/redis"
)

// BenchmarkExchange is a Redis exchange over a network in memory, which costs
// little beside what the proxy does: without a ledger, with one in memory and
// with a file.
func BenchmarkExchange(b *testing.B) {
	for _, name := range []string{"plain", "memory", "file"} {
		b.Run(name, func(b *testing.B) {
			backend, front := memnet.Listen("backend"), memnet.Listen("front")
			go func() {
				for {
					conn, err := backend.Accept()
					if err != nil {
						return
					}
					go func() {
						defer conn.Close()
						for lines := bufio.NewReader(conn); ; {
							if _, err := lines.ReadSlice('\n'); err != nil {
								return
							}
							io.WriteString(conn, "+OK\r\n")
						}
					}()
				}
			}()
			defer backend.Close()
			var set option.Set
			cfg := vaurien.Config{
				Protocol: redis.Kind().New(&set)(), Listener: front, Logger: slog.New(slog.DiscardHandler),
				Dial: func(context.Context, string) (net.Conn, error) { return backend.Dial() },
			}
			cfg.Settings.Protocol = "redis"
			if name != "plain" {
				l := ledger.New(ledger.Options{Protocols: func(string) []vaurien.Attribute {
					return cfg.Protocol.(vaurien.Describing).Attributes()
				}})
				cfg.Observer = l
				if name == "file" {
					f, err := ledger.Open(filepath.Join(b.TempDir(), "run.jsonl"), l, ledger.FileOptions{MaxSize: 64 << 20, Keep: 1})
					if err != nil {
						b.Fatal(err)
					}
					defer f.Close()
				}
			}
			settings, _ := vaurien.NewSettings()
			settings.Protocol = "redis"
			cfg.Settings = *settings
			p, err := vaurien.Listen(cfg)
			if err != nil {
				b.Fatal(err)
			}
			p.Start()
			defer p.Close()
			conn, err := front.Dial()
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			replies := bufio.NewReader(conn)
			b.ReportAllocs()
			for b.Loop() {
				io.WriteString(conn, "GET foo:17\r\n")
				if _, err := replies.ReadSlice('\n'); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
