package mysql

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

func TestAttributes(t *testing.T) {
	c := client(t, mariadbCaps)
	attributes := func(req *vaurien.Message) string {
		var all []string
		for _, a := range new(Protocol).Attributes() {
			v := c.Attribute(req, a.Name)
			if fmt.Sprintf("%T", v) != fmt.Sprintf("%T", a.Zero) {
				t.Errorf("%s is a %T", a.Name, v)
			}
			all = append(all, fmt.Sprint(v))
		}
		return strings.Join(all, "|")
	}
	for _, tt := range []struct{ request, reply, want string }{
		{query("SELECT * FROM orders"), resultSet(autocommit), "COM_QUERY|SELECT * FROM orders|orders|shop|app|false|21|0"},
		{query("BEGIN"), okay(1, autocommit|inTransaction), "COM_QUERY|BEGIN||shop|app|false|6|0"},
		{pkt(0, "\x02cart"), okay(1, autocommit|inTransaction), "COM_INIT_DB|||shop|app|true|5|0"},
		{pkt(0, "\x16DELETE FROM items WHERE id=?"), pkt(1, "\x00", le(5, 4), le(0, 2), le(1, 2), "\x00", le(0, 2)), "COM_STMT_PREPARE|DELETE FROM items WHERE id=?|items|cart|app|true|29|0"},
		{pkt(0, "\x17", le(5, 4), "\x00", le(1, 4), "\x00\x01\x03\x00", le(1, 4)), okay(1, autocommit|inTransaction), "COM_STMT_EXECUTE|DELETE FROM items WHERE id=?|items|cart|app|true|18|5"},
		{query("USE shop"), failed(1, 1049), "COM_QUERY|USE shop||cart|app|true|9|0"},
		{query("use `shop`"), okay(1, autocommit), "COM_QUERY|use `shop`||cart|app|true|11|0"},
		{pkt(0, "\x0e"), okay(1, autocommit), "COM_PING|||shop|app|false|1|0"},
	} {
		req := ask(t, c, tt.request)
		if got := attributes(req); got != tt.want {
			t.Errorf("%q: %s\nwant %s", tt.request, got, tt.want)
		}
		m := new(vaurien.Message)
		r := vaurien.NewReader(strings.NewReader(tt.reply))
		if err := c.ReadReply(r, req, m); err != nil {
			t.Fatal(err)
		}
		drain(r, m.Body)
	}
}
