package postgres

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// Wherever what is said is cut, it is understood alike.
func TestCutAnywhere(t *testing.T) {
	s := newServer(t)
	s.exec(t, "create table lines (a text)")
	talk := []pgproto3.FrontendMessage{
		&pgproto3.Query{String: "select 1"}, &pgproto3.Query{String: "listen x; notify x"},
		&pgproto3.Parse{Name: "s", Query: "select 'bad'"}, &pgproto3.Describe{ObjectType: 'S', Name: "s"}, &pgproto3.Flush{},
		&pgproto3.Bind{PreparedStatement: "s"}, &pgproto3.Execute{}, &pgproto3.Sync{},
		&pgproto3.Query{String: "begin"},
		&pgproto3.Query{String: "copy lines from stdin"}, &pgproto3.CopyData{Data: []byte("1\n")}, &pgproto3.CopyDone{},
		&pgproto3.Query{String: "copy lines to stdout"},
		&pgproto3.Close{ObjectType: 'S', Name: "s"}, &pgproto3.Parse{Name: "t", Query: "select 'bad'"}, &pgproto3.Bind{PreparedStatement: "t"}, &pgproto3.Execute{}, &pgproto3.Sync{},
		&pgproto3.Query{String: "select 2"},
		&pgproto3.Query{String: "rollback"},
		&pgproto3.Query{String: "select 'last'"},
	}
	ready := 0
	for _, m := range talk {
		switch m.(type) {
		case *pgproto3.Query, *pgproto3.Sync:
			ready++
		}
	}
	for _, plan := range []string{"100:dummy", `100:error --behavior-error-kind deadlock --behavior-error-match sql.contains("bad")`} {
		var p *lab.Process
		lab.CutAnywhere(t, s.addr(), func(backend string) string {
			var through string
			p, through = lab.Vaurien(t, append([]string{"--protocol", "postgres", "--proxy", "127.0.0.1:0", "--backend", backend, "--behavior"}, strings.Fields(plan)...)...)
			return through
		}, func(addr string) string {
			c := speak(t, addr)
			c.say(talk...)
			var said []string
			for range ready {
				said = append(said, c.until("ReadyForQuery"))
			}
			c.say(&pgproto3.Terminate{})
			c.Close()
			return fmt.Sprint(said)
		})
		if out := p.Out.String(); strings.Contains(out, "goes on as tcp") {
			t.Error(out)
		}
	}
}
