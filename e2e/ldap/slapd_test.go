// Package ldap tests the protocol ldap with a real slapd, OpenLDAP's tools and
// go-ldap.
package ldap

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }

// The names and passwords of the directory.
const (
	suffix   = "dc=example,dc=com"
	people   = "ou=people," + suffix
	admin    = "cn=admin," + suffix
	password = "secret"
)

// person is the name of a person in the directory.
func person(n int) string { return fmt.Sprintf("uid=user%d,%s", n, people) }

// sasl lets people bind with SASL by their uid, with any mechanism.
const sasl = "sasl-secprops none\nauthz-regexp uid=([^,]*),cn=[^,]*,cn=auth uid=$1," + people

// A directory is how a server is set up beside what all have in common.
type directory struct {
	global   string // lines of slapd.conf before the database
	database string // and after it
	people   int
}

// start starts a slapd with that directory and returns its address.
func (d directory) start(t *testing.T) (*lab.Process, string) {
	t.Helper()
	dir, port := t.TempDir(), lab.FreePort(t)
	data := filepath.Join(dir, "db")
	lab.Must(t, os.Mkdir(data, 0o700))
	conf := filepath.Join(dir, "slapd.conf")
	lab.Must(t, os.WriteFile(conf, fmt.Appendf(nil, `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile %[1]s/pid
%[3]s
database mdb
suffix %[2]q
rootdn "cn=admin,%[2]s"
rootpw secret
directory %[4]s
maxsize 268435456
dbnosync
%[5]s
`, dir, suffix, d.global, data, d.database), 0o600))

	ldif := filepath.Join(dir, "people.ldif")
	lab.Must(t, os.WriteFile(ldif, []byte(entries(d.people)), 0o600))
	lab.Run(t, "slapadd", "-q", "-f", conf, "-b", suffix, "-l", ldif)
	addr := "127.0.0.1:" + port
	server := lab.Start(t, nil, "slapd", "-h", "ldap://"+addr, "-f", conf, "-d", "0")
	lab.Poll(t, func() error {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err
	})
	return server, addr
}

// slapd starts a server with so many people and returns its address.
func slapd(t *testing.T, people int) string {
	t.Helper()
	_, addr := directory{people: people, database: "index objectClass,uid eq\nsizelimit unlimited"}.start(t)
	return addr
}

// entries is the directory in LDIF.
func entries(people int) string {
	var b strings.Builder
	b.WriteString("dn: dc=example,dc=com\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n\n" +
		"dn: ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\nou: people\n\n")
	for n := range people {
		fmt.Fprintf(&b, "dn: %s\nobjectClass: inetOrgPerson\nuid: user%d\ncn: User %d\nsn: %d\n"+
			"mail: user%d@example.com\ndescription: %s\nuserPassword: pw%d\n\n",
			person(n), n, n, n, n, strings.Repeat("x", n%97), n)
	}
	return b.String()
}

// dial connects with go-ldap until the test ends.
func dial(t *testing.T, addr string) *ldap.Conn {
	t.Helper()
	c, err := ldap.DialURL("ldap://" + addr)
	lab.Must(t, err)
	c.SetTimeout(lab.Patience)
	t.Cleanup(func() { c.Close() })
	return c
}

// asAdmin connects and binds as the administrator.
func asAdmin(t *testing.T, addr string) *ldap.Conn {
	t.Helper()
	c := dial(t, addr)
	lab.Must(t, c.Bind(admin, password))
	return c
}

// find is a search below people for some attributes.
func find(filter string, attributes ...string) *ldap.SearchRequest {
	return ldap.NewSearchRequest(people, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, attributes, nil)
}

// read is a search of one entry.
func read(dn string, attributes ...string) *ldap.SearchRequest {
	return ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", attributes, nil)
}

// newPerson is a request to add a person.
func newPerson(name string) *ldap.AddRequest {
	a := ldap.NewAddRequest("uid="+name+","+people, nil)
	a.Attribute("objectClass", []string{"inetOrgPerson"})
	a.Attribute("cn", []string{name})
	a.Attribute("sn", []string{name})
	return a
}
