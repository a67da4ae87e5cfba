package mysql

import (
	"errors"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

// A SELECT that takes too long fails after its columns, whatever its reply is.
func TestFailsLate(t *testing.T) {
	c := client(t, mysqlCaps)
	late := vaurien.Failure{Kind: "query-timeout"}
	e := serverError{3024, "HY000", "Query execution was interrupted, maximum statement execution time exceeded"}
	signalled := failed(1, 3024)
	begin := pkt(1, "\x01") + columns(2, 1) + eof(3, 2)
	for _, tt := range []struct{ name, request, reply, want string }{
		{"rows", query("SELECT 1"), resultSet(autocommit, "\x011", "\x012") + signalled, begin + string(e.packet(4, true))},
		{"no rows", query("SELECT 1;"), resultSet(autocommit) + signalled, begin + string(e.packet(4, true))},
		{"an error of its own", query("SELECT nothing"), failed(1, 1054) + signalled, failed(1, 1054)},
		{"OK", query("SELECT 1 PROCEDURE x"), okay(1, 2) + signalled, string(e.packet(1, true))},
		{"INTO", query("SELECT 1 INTO @x"), signalled, string(e.packet(1, true))},
		{"WITH", query("WITH x AS (SELECT 1) DELETE FROM t"), signalled, string(e.packet(1, true))},
		{"a function of the user's", query("SELECT f(1)"), signalled, string(e.packet(1, true))},
		{"two", query("SELECT 1; UPDATE t SET a=1"), signalled, string(e.packet(1, true))},
	} {
		for _, reads := range []int{1, 7, 1000} {
			req := ask(t, c, tt.request)
			if _, err := c.Fail(req, late, nil); err != nil {
				t.Fatal(err)
			}
			var m vaurien.Message
			src := &hesitant{rest: tt.reply + "next", most: reads}
			r := vaurien.NewReader(src)
			err := c.ReadReply(r, req, &m)
			for err == errHesitant {
				err = c.ReadReply(r, req, &m)
			}
			if err != nil || string(m.Head) != tt.want || m.Body != nil {
				t.Errorf("%s: %q, %v\nwant %q", tt.name, m.Head, err, tt.want)
			}
			if rest := string(r.Buffered()) + src.rest; rest != "next" {
				t.Errorf("%s: left %q", tt.name, rest)
			}
		}
	}
}

func TestMayChange(t *testing.T) {
	for text, want := range map[string]bool{
		"SELECT 1": false, "SELECT (1)": false, "SELECT count(*), sum(a) FROM t WHERE a IN (1, 2) AND (b = 'f(1)')": false,
		"SELECT * FROM (SELECT a FROM t) x JOIN (t, u) ON (x.a=t.a)": false,
		"SELECT f(1)": true, "SELECT f (1)": true, "SELECT app.count(1)": true, "SELECT t.a FROM t WHERE t.a IN (1)": false, "SELECT `count`(1)": true,
		"SELECT GET_LOCK('a', 1)": true, "SELECT 'it''s', \"(\", now()": false, `SELECT 'it\'s', f('a')`: true,
	} {
		if got := mayChange([]byte(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

var errHesitant = errors.New("not yet")

// hesitant is read in small pieces, and each read fails once before.
type hesitant struct {
	rest  string
	most  int
	ready bool
}

func (h *hesitant) Read(p []byte) (int, error) {
	if h.ready = !h.ready; h.ready {
		return 0, errHesitant
	}
	n := copy(p[:min(len(p), h.most)], h.rest)
	h.rest = h.rest[n:]
	return n, nil
}
