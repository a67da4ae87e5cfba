package mysql

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// Wherever what is said is cut, it is understood alike.
func TestCutAnywhere(t *testing.T) {
	s := mariadb(t)
	s.exec(s.admin, "CREATE USER anyone@'%'")
	s.exec(s.admin, "GRANT ALL ON app.* TO anyone@'%'")
	s.table()
	pkt := func(seq byte, payload string) string {
		n := len(payload)
		return string([]byte{byte(n), byte(n >> 8), byte(n >> 16), seq}) + payload
	}
	// Capabilities: PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH, CONNECT_WITH_DB,
	// MULTI_STATEMENTS, MULTI_RESULTS, LOCAL_FILES and TRANSACTIONS.
	login := pkt(1, "\x88\xa2\x0b\x00\x00\x00\x00\x01\x2d"+strings.Repeat("\x00", 23)+"anyone\x00\x00app\x00mysql_native_password\x00")
	query := func(text string) string { return pkt(0, "\x03"+text) }
	execute := pkt(0, "\x17\xff\xff\xff\xff\x00\x01\x00\x00\x00\x00\x01\x08\x00\x01\x00\x00\x00\x00\x00\x00\x00")
	requests := query("SELECT 1") + query("SELECT 1; SELECT 2; SET @a=1") + query("BEGIN") + query("UPDATE t SET v=v+1 WHERE id=1") +
		pkt(0, "\x0e") + query("nonsense") + query("SELECT @@in_transaction") + query("ROLLBACK") +
		pkt(0, "\x16SELECT v FROM t WHERE id=?") + execute + pkt(0, "\x1a\xff\xff\xff\xff") + pkt(0, "\x09") + pkt(0, "\x02app") +
		query("LOAD DATA LOCAL INFILE 'f' INTO TABLE t (v)") + pkt(2, "") + query("SELECT 'last' AS z")
	// The server's statistics, and the number of a prepared statement.
	varying := regexp.MustCompile(`(?s).{4}Uptime.*?Queries per second avg: [0-9.]+|\x0c\x00\x00\x01\x00.{4}`)
	for _, plan := range []string{"100:dummy", `100:error --behavior-error-kind deadlock --behavior-error-match verb=="UPDATE"`} {
		var p *lab.Process
		lab.CutAnywhere(t, s.addr, func(backend string) string {
			var through string
			p, through = lab.Vaurien(t, append([]string{"--protocol", "mysql", "--proxy", "127.0.0.1:0", "--backend", backend, "--behavior"}, strings.Fields(plan)...)...)
			return through
		}, func(addr string) string {
			c, err := net.Dial("tcp", addr)
			lab.Must(t, err)
			defer c.Close()
			lab.Must(t, c.SetDeadline(time.Now().Add(lab.Patience)))
			head := make([]byte, 4)
			_, err = io.ReadFull(c, head)
			lab.Must(t, err)
			_, err = io.ReadFull(c, make([]byte, int(head[0])|int(head[1])<<8))
			lab.Must(t, err)
			go io.WriteString(c, login+requests)
			var said strings.Builder
			b := make([]byte, 4096)
			for end := "\x04last"; ; {
				n, err := c.Read(b)
				if said.Write(b[:n]); err != nil {
					return said.String() + err.Error()
				}
				if _, after, ok := strings.Cut(said.String(), end); ok && len(after) == 9 {
					return fmt.Sprintf("%q", varying.ReplaceAllString(said.String(), "it varies"))
				}
			}
		})
		if out := p.Out.String(); strings.Contains(out, "goes on as tcp") {
			t.Error(out)
		}
	}
}
