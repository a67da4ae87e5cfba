package postgres

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// A speaker speaks the extended protocol as asyncpg and Postgrex do: it waits,
// after a Flush, for what it has asked so far.
type speaker struct {
	*pgproto3.Frontend
	net.Conn
	t testing.TB
}

func speak(t testing.TB, addr string) *speaker {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	lab.Must(t, err)
	t.Cleanup(func() { conn.Close() })
	lab.Must(t, conn.SetDeadline(time.Now().Add(lab.Patience)))
	s := &speaker{pgproto3.NewFrontend(conn, conn), conn, t}
	s.say(startup)
	s.until("ReadyForQuery")
	return s
}

var startup = &pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30,
	Parameters: map[string]string{"user": "postgres", "database": "postgres"}}

func (s *speaker) say(all ...pgproto3.FrontendMessage) {
	s.t.Helper()
	lab.Must(s.t, s.tell(all...))
}

// tell is say for what may fail.
func (s *speaker) tell(all ...pgproto3.FrontendMessage) error {
	for _, m := range all {
		s.Send(m)
	}
	return s.Flush()
}

// until reads up to a message of one of these types, or an end, and returns
// what it has seen.
func (s *speaker) until(types string) string {
	var seen []string
	for {
		m, err := s.Receive()
		if err != nil {
			return strings.Join(append(seen, "gone"), " ")
		}
		name := strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3.")
		switch m := m.(type) {
		case *pgproto3.ParameterStatus:
			continue
		case *pgproto3.ErrorResponse:
			seen = append(seen, m.Code)
			if m.Severity == "FATAL" {
				continue
			}
		case *pgproto3.ReadyForQuery:
			seen = append(seen, string(m.TxStatus))
		default:
			seen = append(seen, name)
		}
		if strings.Contains(types, name) {
			return strings.Join(seen, " ")
		}
	}
}

func prepare(sql string) []pgproto3.FrontendMessage {
	return []pgproto3.FrontendMessage{&pgproto3.Parse{Name: "s", Query: sql}, &pgproto3.Describe{ObjectType: 'S', Name: "s"}, &pgproto3.Flush{}}
}

func executed() []pgproto3.FrontendMessage {
	return []pgproto3.FrontendMessage{&pgproto3.Bind{PreparedStatement: "s"}, &pgproto3.Execute{}, &pgproto3.Sync{}}
}

// What is prepared before a Flush and executed after it are two exchanges, each
// with a fate of its own.
func TestFlush(t *testing.T) {
	s := newServer(t)
	const writes = "update accounts set balance = balance where id = 1"
	const prepared = "ParseComplete ParameterDescription NoData"
	through := func(plan ...string) (*lab.Process, string) {
		return lab.Vaurien(t, append([]string{"--protocol", "postgres", "--proxy", "127.0.0.1:0", "--backend", s.addr()}, plan...)...)
	}
	is := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}

	p, addr := through("--behavior", "30:delay", "--behavior-delay-sleep", "2ms")
	c := speak(t, addr)
	for range 20 {
		c.say(prepare(writes)...)
		is("prepared", c.until("NoData"), prepared)
		c.say(executed()...)
		is("executed", c.until("ReadyForQuery"), "BindComplete CommandComplete I")
		c.say(&pgproto3.Close{ObjectType: 'S', Name: "s"}, &pgproto3.Sync{})
		is("closed", c.until("ReadyForQuery"), "CloseComplete I")
		c.say(append(prepare("nonsense"), &pgproto3.Sync{})...)
		is("an error", c.until("ReadyForQuery"), "42601 I")
		c.say(prepare("nonsense")...)
		is("an error alone", c.until("ErrorResponse"), "42601")
		c.say(&pgproto3.Sync{})
		is("and Sync", c.until("ReadyForQuery"), "I")
		c.say(append(prepare("nonsense"), executed()...)...)
		is("all at once", c.until("ReadyForQuery"), "42601 I")
	}
	if out := p.Out.String(); strings.Contains(out, "goes on as tcp") {
		t.Error(out)
	}

	for _, begin := range []bool{false, true} {
		p, addr = through("--behavior", "100:error", "--behavior-error-kind", "serialization", "--behavior-error-match", `verb == "UPDATE"`)
		c, after := speak(t, addr), "I"
		if begin {
			after = "E"
			c.say(&pgproto3.Query{String: "begin"})
			is("begin", c.until("ReadyForQuery"), "CommandComplete T")
		}
		c.say(prepare(writes)...)
		is("prepared", c.until("NoData"), prepared)
		c.say(executed()...)
		is("made to fail", c.until("ReadyForQuery"), "40001 "+after)
		c.say(&pgproto3.Query{String: "rollback"})
		c.until("ReadyForQuery")
		c.say(&pgproto3.Close{ObjectType: 'S', Name: "s"}, &pgproto3.Sync{})
		is("closed", c.until("ReadyForQuery"), "CloseComplete I")
		c.say(append(prepare(writes), executed()...)...)
		is("all at once", c.until("ReadyForQuery"), prepared+" 40001 I")
		c.say(append(append(prepare("nonsense"), executed()...), &pgproto3.Query{String: "select 1"})...)
		is("an earlier error", c.until("ReadyForQuery"), "42601 I")
		is("the next", c.until("ReadyForQuery"), "RowDescription DataRow CommandComplete I")
		if out := p.Out.String(); strings.Contains(out, "goes on as tcp") {
			t.Error(out)
		}
	}

	// The reply to the execution is lost, and not that to the preparation.
	_, addr = through("--behavior", "100:commit-unknown", "--behavior-commit-unknown-match", `verb == "UPDATE" && command == "Bind"`)
	c = speak(t, addr)
	c.say(prepare("update accounts set balance = 1000 where id = 1")...)
	is("prepared", c.until("NoData"), prepared)
	c.say(executed()...)
	is("executed", c.until("ReadyForQuery"), "gone")
	is("it took effect", s.exec(t, "select balance from accounts where id = 1"), "1000")
}
