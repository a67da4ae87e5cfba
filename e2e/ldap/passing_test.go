package ldap

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// plans are those under which everything must pass.
var plans = []string{
	"--behavior 100:dummy",
	"--behavior 30:delay --behavior-delay-sleep 3ms",
	"--behavior 30:delay --behavior-delay-sleep 3ms --behavior-delay-before=false",
}

// proxy starts vaurien before the server at backend and returns its address.
// When the test ends nothing may have gone on as tcp, unless that is right.
func proxy(t *testing.T, backend, args string, more ...string) string {
	t.Helper()
	p, addr := opaqueProxy(t, backend, args, more...)
	t.Cleanup(func() {
		if log := p.Out.String(); strings.Contains(log, "goes on as tcp") || strings.Contains(log, "panic") {
			t.Errorf("%s: the log says:\n%s", args, log)
		}
	})
	return addr
}

func opaqueProxy(t *testing.T, backend, args string, more ...string) (*lab.Process, string) {
	t.Helper()
	all := append([]string{"--protocol", "ldap", "--proxy", "localhost:0", "--backend", backend}, strings.Fields(args)...)
	return lab.Vaurien(t, append(all, more...)...)
}

// tool runs one of OpenLDAP's tools and returns what it says and how it ended.
// In what it says addr is replaced.
func tool(t *testing.T, addr, input, name string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(name, append([]string{"-x", "-H", "ldap://" + addr}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(out), addr, "ADDRESS"), cmd.ProcessState.ExitCode()
}

// A day in a directory's life, by its own tools: thousands of entries found,
// pages, changes, and what goes wrong. It returns all that they say, and what
// is in the directory in the end.
func day(t *testing.T, addr string) string {
	t.Helper()
	var all strings.Builder
	run := func(input, name string, args ...string) {
		out, code := tool(t, addr, input, name, args...)
		if len(out) > 1<<14 {
			out = fmt.Sprintf("%d bytes, %x", len(out), sha256.Sum256([]byte(out)))
		}
		fmt.Fprintf(&all, "%s %s\nexit %d\n%s\n", name, strings.Join(args, " "), code, out)
	}
	as := []string{"-D", admin, "-w", password}
	run("", "ldapsearch", "-b", suffix, "-z", "0")
	run("", "ldapsearch", "-b", suffix, "-E", "pr=100/noprompt", "uid", "mail")
	run("", "ldapsearch", "-b", suffix, "-z", "5", "(&(objectClass=inetOrgPerson)(!(uid=user1*)))", "uid")
	run("", "ldapsearch", "-b", "ou=nobody,"+suffix)
	run("", "ldapsearch", "-b", suffix, "(uid=user7)", "+", "*", "-LLL", "-a", "always", "-s", "base")
	run("", "ldapwhoami")
	run("", "ldapwhoami", as...)
	run("", "ldapwhoami", "-D", person(1), "-w", "wrong")
	run("", "ldapcompare", append(as, person(3), "cn:User 3")...)
	run("", "ldapcompare", append(as, person(3), "cn:User 4")...)

	var ldif, changes, gone strings.Builder
	for n := range 100 {
		fmt.Fprintf(&ldif, "dn: uid=new%d,%s\nobjectClass: inetOrgPerson\nuid: new%d\ncn: N\nsn: N\n\n", n, people, n)
		fmt.Fprintf(&changes, "dn: uid=new%d,%s\nchangetype: modify\nreplace: sn\nsn: changed %d\n-\nadd: mail\nmail: n@example.com\n\n", n, people, n)
		fmt.Fprintf(&gone, "uid=new%d,%s\n", n, people)
	}
	run(ldif.String(), "ldapadd", as...)
	run(ldif.String(), "ldapadd", append(as, "-c")...)
	run(changes.String(), "ldapmodify", as...)
	run("", "ldapmodrdn", append(as, "uid=new0,"+people, "uid=newer0")...)
	run("", "ldappasswd", append(as, "-s", "fresh", "uid=newer0,"+people)...)
	run("", "ldapwhoami", "-D", "uid=newer0,"+people, "-w", "fresh")
	run("", "ldapdelete", append(as, "-r", "-c", "uid=newer0,"+people)...)
	run(gone.String(), "ldapdelete", append(as, "-c")...)
	run("", "ldapsearch", "-b", suffix, "-z", "0", "-o", "ldif-wrap=no")
	return all.String()
}

func TestTheToolsSeeTheSameAsDirect(t *testing.T) {
	backend := slapd(t, 2000)
	want := day(t, backend)
	if strings.Count(want, "exit 0") < 12 || strings.Contains(want, "Can't contact") {
		t.Fatalf("the day went badly:\n%s", want)
	}
	for _, plan := range plans {
		addr := proxy(t, backend, plan)
		if got := day(t, addr); got != want {
			t.Errorf("%s: %s", plan, difference(got, want))
		}
	}
}

// difference returns the first lines in which two texts differ.
func difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d is\n%s\nwant\n%s", i+1, strings.Join(g[i:min(i+5, len(g))], "\n"), w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// Many goroutines on one connection of go-ldap, which multiplexes them, each
// see their own entries.
func TestGoLDAPMultiplexes(t *testing.T) {
	backend := slapd(t, 500)
	for _, plan := range plans {
		c := asAdmin(t, proxy(t, backend, plan))
		errs := make(chan error, 20)
		for g := range cap(errs) {
			go func() {
				errs <- func() error {
					for i := range 20 {
						n := (g*37 + i*11) % 500
						r, err := c.Search(find(fmt.Sprintf("(uid=user%d)", n), "cn"))
						if err != nil {
							return err
						}
						if len(r.Entries) != 1 || r.Entries[0].GetAttributeValue("cn") != fmt.Sprintf("User %d", n) {
							return fmt.Errorf("user%d: %v", n, r.Entries)
						}
						if i%5 > 0 {
							continue
						}
						many := c.Search
						if g == 0 { // slapd has one search in pages at a time
							many = func(q *ldap.SearchRequest) (*ldap.SearchResult, error) { return c.SearchWithPaging(q, 17) }
						}
						if r, err = many(find("(uid=user1*)", "uid")); err != nil || len(r.Entries) != 111 {
							return fmt.Errorf("%d entries of user1*: %v", len(r.Entries), err)
						}
						m := ldap.NewModifyRequest(person(n), nil)
						m.Replace("title", []string{fmt.Sprint(g, i)})
						if err := c.Modify(m); err != nil {
							return err
						}
					}
					return nil
				}()
			}()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Errorf("%s: %v", plan, err)
			}
		}
	}
}

// A photograph of megabytes passes in both directions, whole.
func TestLargeValues(t *testing.T) {
	_, backend := directory{global: "sockbuf_max_incoming_auth 67108864", people: 1}.start(t)
	photo := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	for i, plan := range plans {
		c := asAdmin(t, proxy(t, backend, plan))
		a := newPerson(fmt.Sprintf("photo%d", i))
		a.Attribute("jpegPhoto", []string{string(photo)})
		lab.Must(t, c.Add(a))
		r, err := c.Search(read(a.DN, "jpegPhoto"))
		lab.Must(t, err)
		if got := r.Entries[0].GetRawAttributeValue("jpegPhoto"); !bytes.Equal(got, photo) {
			t.Errorf("%s: %d bytes came back of %d", plan, len(got), len(photo))
		}
		if ok, err := c.Compare(a.DN, "jpegPhoto", string(photo)); err == nil && !ok {
			t.Errorf("%s: the photograph is another", plan)
		}
	}
}

// A search that persists (RFC 4533) sends entries as they change, while others
// use the connection.
func TestSyncRepl(t *testing.T) {
	_, backend := directory{global: "moduleload syncprov", database: "overlay syncprov", people: 5}.start(t)
	for i, plan := range plans {
		c := asAdmin(t, proxy(t, backend, plan))
		changes := c.Syncrepl(t.Context(), find("(objectClass=inetOrgPerson)", "uid"), 1024, ldap.SyncRequestModeRefreshAndPersist, nil, false)
		next := func() string {
			for changes.Next() {
				if e := changes.Entry(); e != nil {
					return e.DN
				}
			}
			t.Fatal(plan, changes.Err())
			return ""
		}
		var first []string
		for range 5 + i {
			first = append(first, next())
		}
		a := newPerson(fmt.Sprintf("sync%d", i))
		lab.Must(t, asAdmin(t, backend).Add(a))
		if dn := next(); dn != a.DN || slices.Contains(first, dn) {
			t.Errorf("%s: %s changed, want %s", plan, dn, a.DN)
		}
	}
}

// What comes after a StartTLS is tcp, and passes.
func TestStartTLS(t *testing.T) {
	dir := t.TempDir()
	key, cert := filepath.Join(dir, "key"), filepath.Join(dir, "cert")
	lab.Run(t, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
		"-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", cert)
	_, backend := directory{global: "TLSCertificateFile " + cert + "\nTLSCertificateKeyFile " + key, people: 50}.start(t)
	os.Setenv("LDAPTLS_CACERT", cert)
	defer os.Unsetenv("LDAPTLS_CACERT")
	want, code := tool(t, backend, "", "ldapsearch", "-ZZ", "-b", suffix)
	if code != 0 {
		t.Fatal(want)
	}
	for _, plan := range plans {
		p, addr := opaqueProxy(t, backend, plan)
		for range 3 {
			if got, code := tool(t, addr, "", "ldapsearch", "-ZZ", "-b", suffix); got != want || code != 0 {
				t.Errorf("%s: exit %d, %s", plan, code, difference(got, want))
			}
		}
		if strings.Contains(p.Out.String(), "not understood") {
			t.Errorf("%s: the log says:\n%s", plan, p.Out)
		}
	}
}

// SASL binds in steps pass, and so does what follows them in a security layer,
// as tcp.
func TestSASL(t *testing.T) {
	_, backend := directory{global: sasl, people: 50}.start(t)
	for _, mechanism := range []struct {
		name  string
		layer bool
	}{{"DIGEST-MD5", true}, {"CRAM-MD5", false}, {"SCRAM-SHA-256", false}} {
		find := func(addr string) string {
			cmd := exec.Command("ldapsearch", "-Q", "-H", "ldap://"+addr, "-Y", mechanism.name, "-U", "user1", "-w", "pw1", "-b", suffix)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v\n%s", mechanism.name, err, out)
			}
			return string(out)
		}
		want := find(backend)
		for _, plan := range plans {
			p, addr := opaqueProxy(t, backend, plan)
			for range 3 {
				if got := find(addr); got != want {
					t.Errorf("%s, %s: %s", mechanism.name, plan, difference(got, want))
				}
			}
			if strings.Contains(p.Out.String(), "goes on as tcp") != mechanism.layer {
				t.Errorf("%s, %s: the log says:\n%s", mechanism.name, plan, p.Out)
			}
		}
	}
}
