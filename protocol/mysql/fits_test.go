package mysql

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

func TestFits(t *testing.T) {
	prepared := pkt(0, "\x16SELECT 1")
	for _, tt := range []struct {
		server  capabilities
		request string
		want    string // what the dice may choose
	}{
		{mysqlCaps, query("SELECT 1"), "query-timeout query-interrupted server-shutdown server-gone out-of-memory"},
		{mysqlCaps, query("SELECT a FROM t FOR UPDATE"), "lock-wait-timeout deadlock query-timeout query-interrupted server-shutdown server-gone out-of-memory"},
		{mysqlCaps, query("INSERT INTO t VALUES (1)"), "lock-wait-timeout deadlock read-only query-interrupted server-shutdown server-gone disk-full table-full out-of-memory"},
		{mariadbCaps, query("DELETE FROM t"), "lock-wait-timeout deadlock read-only query-timeout query-interrupted server-shutdown server-gone disk-full out-of-memory"},
		{mysqlCaps, query("DROP TABLE t"), "lock-wait-timeout read-only query-interrupted server-shutdown server-gone disk-full out-of-memory"},
		{mysqlCaps, query("COMMIT"), "server-shutdown server-gone"},
		{mysqlCaps, query("SET NAMES utf8"), "server-shutdown server-gone"},
		{mysqlCaps, query("USE shop"), "unknown-database server-shutdown server-gone"},
		{mysqlCaps, pkt(0, "\x02shop"), "unknown-database server-shutdown server-gone"},
		{mysqlCaps, pkt(0, "\x0e"), "server-shutdown server-gone"},
		{mysqlCaps, prepared, "server-shutdown server-gone max-prepared-stmts"},
		{mysqlCaps, pkt(0, "\x01"), ""},
		{mysqlCaps, pkt(0, "\x19", le(5, 4)), ""},
	} {
		c := client(t, tt.server)
		if got := drawn(ask(t, c, tt.request)); got != tt.want {
			t.Errorf("%q: %s\nwant %s", tt.request, got, tt.want)
		}
	}

	c := new(Protocol).NewCodec().(*codec)
	connect := ask(t, c, "")
	if got := drawn(connect); got != "too-many-connections host-blocked" {
		t.Errorf("the connection: %s", got)
	}
	reply(t, c, connect, greet(mysqlCaps))
	if got := drawn(ask(t, c, logIn(oldClient))); got != "too-many-connections access-denied unknown-database too-many-user-connections" {
		t.Errorf("the login: %s", got)
	}
}

func drawn(req *vaurien.Message) string {
	var names []string
	for _, k := range vaurien.Fit(new(Protocol), req, "") {
		names = append(names, k.Name)
	}
	return strings.Join(names, " ")
}
