package ldap

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

const captures = "../../protocol/ldap/testdata/captures"

// keep records what client and the server at addr say to each other, and keeps
// it under name.
func keep(t *testing.T, addr, name, made string, client func(t *testing.T, addr string)) {
	t.Helper()
	through, capture := lab.Record(t, addr)
	client(t, through)
	c := capture()
	c.Made = []string{"slapd 2.5.13, Debian 12", "made by: " + made}
	for i, l := range c.Lines {
		if !l.Server && len(l.Bytes) > 1<<10 {
			c.Made = append(c.Made, fmt.Sprintf("left out: a request of %d bytes", len(l.Bytes)))
			c.Lines = slices.Delete(c.Lines, i, i+1)
			break
		}
	}
	if n := len(c.Lines); n > 2 && c.Lines[n-1].End != "" && c.Lines[n-2].Server && !c.Lines[n-3].Server {
		c.Lines[n-1], c.Lines[n-2] = c.Lines[n-2], c.Lines[n-1] // after an unbind either may close first
	}
	lab.Keep(t, filepath.Join(captures, name+".txt"), c)
}

// fails is a client that connects, binds as dn unless that is empty, does
// something that fails with this code, and unbinds.
func fails(code uint16, dn string, do func(*ldap.Conn) error) func(*testing.T, string) {
	return func(t *testing.T, addr string) {
		t.Helper()
		c, err := ldap.DialURL("ldap://" + addr)
		lab.Must(t, err)
		if dn != "" {
			lab.Must(t, c.Bind(dn, passwordOf(dn)))
		}
		if err := do(c); !ldap.IsErrorWithCode(err, code) {
			t.Errorf("failed with %v, want %d", err, code)
		}
		c.Unbind()
	}
}

func passwordOf(dn string) string {
	if dn == admin {
		return password
	}
	return strings.Replace(dn[:strings.Index(dn, ",")], "uid=user", "pw", 1)
}

// The operations that fail.
func binds(c *ldap.Conn) error { return c.Bind(person(1), passwordOf(person(1))) }
func searches(c *ldap.Conn) error {
	_, err := c.Search(find("(uid=user*)", "uid"))
	return err
}
func modifies(c *ldap.Conn) error {
	m := ldap.NewModifyRequest(person(1), nil)
	m.Replace("mail", []string{"a@example.com", "b@example.com"})
	return c.Modify(m)
}
func adds(c *ldap.Conn) error {
	a := newPerson("new")
	a.Attributes = append([]ldap.Attribute{{Type: "mail", Vals: []string{"a@example.com", "b@example.com"}}}, a.Attributes...)
	return c.Add(a)
}
func deletes(c *ldap.Conn) error { return c.Del(ldap.NewDelRequest(person(1), nil)) }
func renames(c *ldap.Conn) error {
	return c.ModifyDN(ldap.NewModifyDNRequest(person(1), "uid=other", true, ""))
}
func compares(c *ldap.Conn) error {
	_, err := c.Compare(person(1), "cn", "User 1")
	return err
}
func asksWho(c *ldap.Conn) error {
	_, err := c.WhoAmI(nil)
	return err
}
func setsPassword(c *ldap.Conn) error {
	_, err := c.PasswordModify(ldap.NewPasswordModifyRequest(person(1), "", "x"))
	return err
}

var operations = []struct {
	name string
	do   func(*ldap.Conn) error
}{
	{"bind", binds}, {"search", searches}, {"modify", modifies}, {"add", adds}, {"delete", deletes},
	{"modrdn", renames}, {"compare", compares}, {"extended", asksWho}, {"password", setsPassword},
}

// What slapd says to each operation that its configuration forbids.
func TestCapturesOfOperations(t *testing.T) {
	for _, tt := range []struct {
		failure          string
		code             uint16
		global, database string
		as               string // who binds
		but              string // operations that do not fail so
	}{
		{failure: "confidentiality-required", code: 13, global: "security ssf=64", but: "password"},
		{failure: "strong-auth-required", code: 8, global: "require strong", but: "bind password"},
		{failure: "insufficient-access", code: 50, as: person(0), but: "bind search extended",
			database: "access to * by anonymous auth by dn.exact=" + person(0) + " disclose"},
		{failure: "unwilling-to-perform", code: 53, as: person(0), but: "bind",
			global: "restrict search compare rename modify add delete extended", database: "access to * by anonymous auth by * manage"},
		{failure: "unwilling-to-perform", code: 53, global: "restrict bind",
			but: "search modify add delete modrdn compare extended password"},
		{failure: "constraint-violation", code: 19, as: admin, but: "bind search delete modrdn compare extended",
			global: "moduleload constraint\nmoduleload ppolicy",
			database: "overlay constraint\nconstraint_attribute mail count 1\n" +
				"overlay ppolicy\nppolicy_default cn=policy," + suffix},
	} {
		t.Run(tt.failure, func(t *testing.T) {
			_, addr := directory{global: tt.global, database: tt.database, people: 3}.start(t)
			if tt.failure == "constraint-violation" {
				policy := ldap.NewAddRequest("cn=policy,"+suffix, nil)
				policy.Attribute("objectClass", []string{"device", "pwdPolicy"})
				policy.Attribute("pwdAttribute", []string{"userPassword"})
				policy.Attribute("pwdMinLength", []string{"8"})
				policy.Attribute("pwdCheckQuality", []string{"2"})
				lab.Must(t, asAdmin(t, addr).Add(policy))
			}
			for _, op := range operations {
				if strings.Contains(tt.but, op.name) {
					continue
				}
				as := tt.as
				if tt.failure == "constraint-violation" && op.name == "password" {
					as = person(1) // who is under the policy
				}
				lines := strings.Join(strings.Fields(tt.global+"\n"+tt.database), " ")
				keep(t, addr, tt.failure+"-"+op.name, lines+"; then "+op.name, fails(tt.code, as, op.do))
			}
		})
	}
}

// The failures that come of the directory's content, or of limits.
func TestCapturesOfResults(t *testing.T) {
	_, addr := directory{
		global: "moduleload back_ldap\nreferral ldap://elsewhere.example.com",
		database: "limits dn.exact=" + person(0) + " size.unchecked=1\n" +
			"database ldap\nsuffix dc=gone\nuri ldap://127.0.0.1:9/",
		people: 20,
	}.start(t)
	const nobody = "uid=nobody," + people

	keep(t, addr, "invalid-credentials-simple", "a bind with a wrong password", fails(49, "", func(c *ldap.Conn) error {
		return c.Bind(person(1), "wrong")
	}))
	keep(t, addr, "unavailable", "a back-ldap whose server is gone; then search", fails(52, "", func(c *ldap.Conn) error {
		_, err := c.Search(read("dc=gone", "1.1"))
		return err
	}))
	keep(t, addr, "size-limit-exceeded", "a search with sizeLimit 3", fails(4, "", func(c *ldap.Conn) error {
		s := find("(uid=user*)", "uid")
		s.SizeLimit = 3
		_, err := c.Search(s)
		return err
	}))
	keep(t, addr, "admin-limit-exceeded", "size.unchecked=1; then search", fails(11, person(0), searches))
	keep(t, addr, "protocol-error", "StartTLS without a certificate", fails(2, "", func(c *ldap.Conn) error { return c.StartTLS(nil) }))

	for _, op := range []struct {
		name string
		do   func(c *ldap.Conn, dn string) error
	}{
		{"search", func(c *ldap.Conn, dn string) error { _, err := c.Search(read(dn, "1.1")); return err }},
		{"modify", func(c *ldap.Conn, dn string) error {
			m := ldap.NewModifyRequest(dn, nil)
			m.Replace("sn", []string{"x"})
			return c.Modify(m)
		}},
		{"add", func(c *ldap.Conn, dn string) error {
			a := newPerson("child")
			a.DN = "uid=child," + dn
			return c.Add(a)
		}},
		{"delete", func(c *ldap.Conn, dn string) error { return c.Del(ldap.NewDelRequest(dn, nil)) }},
		{"modrdn", func(c *ldap.Conn, dn string) error {
			return c.ModifyDN(ldap.NewModifyDNRequest(dn, "uid=other", true, ""))
		}},
		{"compare", func(c *ldap.Conn, dn string) error { _, err := c.Compare(dn, "cn", "x"); return err }},
	} {
		keep(t, addr, "no-such-object-"+op.name, op.name+" of an entry that does not exist",
			fails(32, admin, func(c *ldap.Conn) error { return op.do(c, nobody) }))
		keep(t, addr, "referral-"+op.name, "referral ldap://elsewhere.example.com; then "+op.name+" elsewhere",
			fails(10, admin, func(c *ldap.Conn) error { return op.do(c, "ou=a b,dc=elsewhere") }))
	}
}

// A search that takes longer than its timeLimit.
func TestCaptureOfTimeLimit(t *testing.T) {
	_, addr := directory{people: 5000}.start(t)
	keep(t, addr, "time-limit-exceeded", "a search with timeLimit 1 for which 5000 entries are compared 8000 times each",
		fails(3, "", func(c *ldap.Conn) error {
			s := find("(|"+strings.Repeat("(description=*x*x*x*y*)", 8000)+")", "1.1")
			s.TimeLimit = 1
			_, err := c.Search(s)
			return err
		}))
}

// What a client is told in the middle of a SASL bind, by a request that cannot
// be read, and when slapd stops.
func TestCapturesOfSessions(t *testing.T) {
	server, addr := directory{global: sasl, people: 2}.start(t)
	keep(t, addr, "invalid-credentials-plain", "a bind with PLAIN and a wrong password", says(
		"\x30\x22\x02\x01\x01\x60\x1d\x02\x01\x03\x04\x00\xa3\x16\x04\x05PLAIN\x04\x0d\x00user1\x00wrong!", "authentication failure"))
	keep(t, addr, "operations-error", "the first step of a bind with LOGIN; then Who am I?", says(
		"\x30\x13\x02\x01\x01\x60\x0e\x02\x01\x03\x04\x00\xa3\x07\x04\x05LOGIN", "\x0a\x01\x0e",
		"\x30\x1e\x02\x01\x02\x77\x19\x80\x171.3.6.1.4.1.4203.1.11.3", "SASL bind in progress"))
	keep(t, addr, "notice-of-protocol-error", "an empty search", says(
		"\x30\x05\x02\x01\x01\x63\x00", noticeOfDisconnection))
	keep(t, addr, "closed", "slapd stops", func(t *testing.T, addr string) {
		c, err := net.Dial("tcp", addr)
		lab.Must(t, err)
		defer c.Close()
		ask(t, c, "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00", "\x61\x07")
		server.Stop()
		if n, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
}

// noticeOfDisconnection is the name that one bears (RFC 4511 section 4.4.1).
const noticeOfDisconnection = "1.3.6.1.4.1.1466.20036"

// says is a client that says one thing after the other, each once the one
// before is answered with what follows it, and then closes the connection,
// unless the server does.
func says(lines ...string) func(*testing.T, string) {
	return func(t *testing.T, addr string) {
		t.Helper()
		c, err := net.Dial("tcp", addr)
		lab.Must(t, err)
		defer c.Close()
		for i := 0; i < len(lines); i += 2 {
			ask(t, c, lines[i], lines[i+1])
			if lines[i+1] == noticeOfDisconnection {
				io.Copy(io.Discard, c)
			}
		}
	}
}

// ask sends a request and reads until what comes back contains the answer.
func ask(t *testing.T, c net.Conn, request, answer string) {
	t.Helper()
	_, err := io.WriteString(c, request)
	lab.Must(t, err)
	c.SetReadDeadline(time.Now().Add(lab.Patience))
	var got bytes.Buffer
	b := make([]byte, 4096)
	for !bytes.Contains(got.Bytes(), []byte(answer)) || got.Len() == 0 {
		n, err := c.Read(b)
		got.Write(b[:n])
		if err != nil {
			t.Fatalf("%q came, and then %v", got.Bytes(), err)
		}
	}
}
