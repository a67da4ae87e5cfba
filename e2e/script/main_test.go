// Package script tests behaviors that scripts define, with a real slapd, its
// tools and go-ldap, and the pages about them.
package script

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }

const (
	suffix = "dc=example,dc=com"
	people = "ou=people," + suffix
	groups = "ou=groups," + suffix
)

// slapd starts a server with some people and groups and returns its address.
func slapd(t *testing.T) string {
	t.Helper()
	dir, port := t.TempDir(), lab.FreePort(t)
	lab.Must(t, os.Mkdir(filepath.Join(dir, "db"), 0o700))
	conf := filepath.Join(dir, "slapd.conf")
	lab.Must(t, os.WriteFile(conf, fmt.Appendf(nil, `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile %[1]s/pid
database mdb
suffix %[2]q
rootdn "cn=admin,%[2]s"
rootpw secret
directory %[1]s/db
dbnosync
`, dir, suffix), 0o600))
	var b strings.Builder
	fmt.Fprintf(&b, "dn: %s\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n\n", suffix)
	for _, ou := range []string{"people", "groups"} {
		fmt.Fprintf(&b, "dn: ou=%s,%s\nobjectClass: organizationalUnit\nou: %[1]s\n\n", ou, suffix)
		for n := range 10 {
			fmt.Fprintf(&b, "dn: uid=%s%d,ou=%[1]s,%[3]s\nobjectClass: inetOrgPerson\nuid: %[1]s%[2]d\ncn: %[2]d\nsn: %[2]d\n\n", ou, n, suffix)
		}
	}
	ldif := filepath.Join(dir, "all.ldif")
	lab.Must(t, os.WriteFile(ldif, []byte(b.String()), 0o600))
	lab.Run(t, "slapadd", "-q", "-f", conf, "-b", suffix, "-l", ldif)
	addr := "127.0.0.1:" + port
	lab.Start(t, nil, "slapd", "-h", "ldap://"+addr, "-f", conf, "-d", "0")
	lab.Poll(t, func() error {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err
	})
	return addr
}

// vaurien starts a proxy before backend and returns it and its address.
func vaurien(t *testing.T, backend string, args ...string) (*lab.Process, string) {
	t.Helper()
	return lab.Vaurien(t, append([]string{"--proxy", "127.0.0.1:0", "--backend", backend, "--protocol", "ldap", "--seed", "1"}, args...)...)
}
