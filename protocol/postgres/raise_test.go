package postgres

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

// raising is what goes to the server in a statement's place.
func raising(code string) string {
	return msg('E', "vaurien makes this statement fail with "+code+"\x00", "\x00\x00\x00\x00")
}

// raisedThere is what the server says to it.
var raisedThere = msg('E', "SERROR\x00VERROR\x00C34000\x00Mportal does not exist\x00\x00")

func TestRaise(t *testing.T) {
	own := vaurien.Failure{Code: "P0001", Message: "no"}
	const ownError = "SERROR\x00VERROR\x00CP0001\x00Mno\x00"
	for _, tt := range []struct {
		name    string
		status  status
		request string
		forward string // to the server
		rest    bool
		reply   string // of the server
		told    string // the client; E stands for the error
	}{
		{
			"in a transaction", open, query("select 1"),
			raising("P0001") + sync, false,
			raisedThere + ready('E'), "E" + ready('E'),
		},
		{
			"a batch", idle, parse("s", "select 1") + bind("s") + execute + sync,
			raising("P0001"), true,
			raisedThere + ready('I'), "E" + ready('I'),
		},
		{
			"prepared, in a transaction", open, bind("s") + execute + sync,
			raising("P0001"), true,
			raisedThere + ready('E'), "E" + ready('E'),
		},
		{
			"what is executed after a Flush", idle, bind("s") + execute + flush,
			raising("P0001"), true,
			raisedThere, "E",
		},
		{
			"with something before it", open, closing("s") + parse("", "select 1") + sync,
			closing("s") + raising("P0001"), true,
			msg('3') + raisedThere + ready('E'), msg('3') + "E" + ready('E'),
		},
		{
			"with a BEGIN before it", idle, parse("", "begin") + bind("") + execute + bind("s") + execute + sync,
			parse("", "begin") + bind("") + execute + raising("P0001"), true,
			parsed + bound + done("BEGIN") + raisedThere + ready('E'), parsed + bound + done("BEGIN") + "E" + ready('E'),
		},
		{
			"commit", open, query("commit"),
			query("ROLLBACK") + raising("P0001") + sync, false,
			done("ROLLBACK") + ready('I') + raisedThere + ready('I'), "E" + ready('I'),
		},
		{
			"commit in a batch", open, parse("", "commit") + bind("") + execute + sync,
			query("ROLLBACK") + raising("P0001"), true,
			done("ROLLBACK") + ready('I') + raisedThere + ready('I'), "E" + ready('I'),
		},
		{
			"with notifications", open, query("commit"),
			query("ROLLBACK") + raising("P0001") + sync, false,
			notification + done("ROLLBACK") + notice + notification + ready('I') + raisedThere + notification + ready('I'),
			notification + notification + "E" + notification + ready('I'),
		},
		{
			"unasked words before it", open, query("select 1"),
			raising("P0001") + sync, false,
			notice + raisedThere + ready('E'), notice + "E" + ready('E'),
		},
		{
			"the session ends there", open, query("select 1"),
			raising("P0001") + sync, false,
			msg('E', "SFATAL\x00VFATAL\x00C57P01\x00\x00"), msg('E', "SFATAL\x00VFATAL\x00C57P01\x00\x00"),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := opened(t, tt.status)
			req := r.ask(tt.request)
			a := r.fail(req, own)
			if string(a.Forward) != tt.forward || a.Rest != tt.rest || a.Bytes != nil || a.Close || a.Pass {
				t.Errorf("%q goes to the server, the rest %v; want %q", a.Forward, a.Rest, tt.forward)
			}
			want := strings.ReplaceAll(tt.told, "E"+"Z", msg('E', ownError, "\x00")+"Z")
			want = strings.ReplaceAll(want, "E"+"A", msg('E', ownError, "\x00")+"A")
			if want == "E" {
				want = msg('E', ownError, "\x00")
			}
			if got := r.reply(req, tt.reply); got != want {
				t.Errorf("the client is told %q, want %q", got, want)
			}
			if strings.HasSuffix(tt.request, flush) {
				if got := r.reply(r.ask(sync), ready('I')); got != ready('I') {
					t.Errorf("to Sync the client is told %q", got)
				}
			}
			// The exchange after it is as any other.
			if next := r.ask(query("select 2")); r.reply(next, row+done("SELECT 1")+ready('I')) != row+done("SELECT 1")+ready('I') {
				t.Error("the next exchange is changed")
			}
		})
	}
}

// The words for a transaction that has failed are the server's.
func TestInFailedTransaction(t *testing.T) {
	all := captures(t)
	for capture, kinds := range map[string]string{"in-failed-transaction": "Q", "in-failed-transaction-extended": "PB"} {
		for _, kind := range []byte(kinds) {
			said := inFailedTransaction(&note{first: kind}).append(nil)
			if !strings.Contains(string(all[capture].Replies), string(said)) {
				t.Errorf("%q is not in %s", said, capture)
			}
		}
	}
}

// Where the client asks ahead, only the server knows the transaction's state.
func TestRaiseAhead(t *testing.T) {
	r := opened(t, open)
	first, second := r.ask(query("select 1")), r.ask(query("select 2"))
	if a := r.fail(second, vaurien.Failure{Kind: "deadlock"}); a.Forward == nil {
		t.Fatalf("%+v", a)
	}
	r.reply(first, syntaxError+ready('E'))
	if got := responses(t, []byte(r.reply(second, raisedThere+ready('E')))); got[2] != "C25P02" {
		t.Errorf("told %q", got)
	}
	if third := r.ask(query("select 3")); !r.fail(third, vaurien.Failure{Kind: "deadlock"}).Pass {
		t.Error("a statement fails in a transaction that has failed")
	}
}

// Outside of a transaction the server need not know.
func TestAnswerHere(t *testing.T) {
	r := opened(t, idle)
	for range 2 {
		a := r.fail(r.ask(query("update t set a = 1")), vaurien.Failure{Kind: "read-only"})
		if got := string(a.Bytes); !strings.HasSuffix(got, "\x00"+ready('I')) || a.Close {
			t.Errorf("%+v", a)
		}
	}
	if a := r.fail(r.ask(query("select 1")), vaurien.Failure{Kind: "deadlock", Unread: true}); a.Forward == nil {
		t.Errorf("a query that is not read to its end: %+v", a)
	}
	for _, request := range []string{query("rollback"), sync, closing("s") + sync, bye} {
		if a := r.fail(r.ask(request), vaurien.Failure{Code: "XX000"}); !a.Pass {
			t.Errorf("%q: %+v", request, a)
		}
	}
}

func TestFailZero(t *testing.T) {
	r := opened(t, open)
	if a := r.fail(r.ask(query("select 1")), vaurien.Failure{}); a.Forward == nil && !a.Close {
		t.Errorf("%+v", a)
	}
	if a := r.fail(r.ask(sync), vaurien.Failure{}); !a.Pass {
		t.Errorf("Sync: %+v", a)
	}
	a := r.fail(nil, vaurien.Failure{Kind: "cannot-fork"})
	if !strings.HasPrefix(string(a.Bytes), "Ecould not fork") || !a.Close {
		t.Errorf("%+v", a)
	}
}

func TestPlain(t *testing.T) {
	c := (&Protocol{Plain: true}).NewCodec()
	r := vaurien.NewReader(strings.NewReader(askSSL + askGSS + hello))
	for _, want := range []string{"N", "N", ""} {
		m, got := new(vaurien.Message), ""
		if err := c.ReadRequest(r, m); err != nil {
			t.Fatal(err)
		}
		if m.Answer != nil {
			got = string(m.Answer.Bytes)
		}
		if got != want || !m.Barrier {
			t.Errorf("%s is answered %q, want %q", m.Verb, got, want)
		}
	}
}
