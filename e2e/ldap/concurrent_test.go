package ldap

import (
	"fmt"
	"net"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// An operation that is held up holds up none of the others on its connection.
func TestOthersGoOn(t *testing.T) {
	backend := slapd(t, 50)
	const slow = `(description=slow)`
	for _, plan := range []string{
		"--behavior 100:delay --behavior-delay-sleep 24h --behavior-delay-match",
		"--behavior 100:delay --behavior-delay-before=false --behavior-delay-sleep 24h --behavior-delay-match",
		"--behavior 100:hang --behavior-hang-match",
	} {
		c := asAdmin(t, proxy(t, backend, plan, fmt.Sprintf("filter == %q", slow)))
		held := make(chan error, 3)
		for range cap(held) {
			go func() {
				_, err := c.Search(find(slow, "uid"))
				held <- err
			}()
		}
		for n := range 50 {
			r, err := c.Search(find(fmt.Sprintf("(uid=user%d)", n), "cn"))
			if err != nil || len(r.Entries) != 1 || r.Entries[0].DN != person(n) {
				t.Fatalf("%s: %v, %v", plan, r, err)
			}
			m := ldap.NewModifyRequest(person(n), nil)
			m.Replace("title", []string{"x"})
			lab.Must(t, c.Modify(m))
		}
		select {
		case err := <-held:
			t.Errorf("%s: the one that is held up has ended: %v", plan, err)
		default:
		}
		c.Close()
		for range cap(held) {
			if err := <-held; err == nil {
				t.Errorf("%s: a search that was held up has succeeded", plan)
			}
		}
	}
}

// An operation that is held up can be abandoned, and its ID used again later.
func TestAbandon(t *testing.T) {
	addr := proxy(t, slapd(t, 5), "--behavior 100:delay --behavior-delay-sleep 24h --behavior-delay-match", `filter == "(cn=slow)"`)
	c, err := net.Dial("tcp", addr)
	lab.Must(t, err)
	defer c.Close()
	const (
		slow    = "\x30\x2f\x02\x01\x07\x63\x2a\x04\x0bou=a,dc=b,a\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00\xa3\x0a\x04\x02cn\x04\x04slow\x30\x00"
		abandon = "\x30\x06\x02\x01\x08\x50\x01\x07"
		rootDSE = "\x30\x25\x02\x01\x09\x63\x20\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00\x87\x0bobjectClass\x30\x00"
	)
	for range 20 {
		ask(t, c, slow+abandon+rootDSE, "\x02\x01\x09\x65\x07\x0a\x01\x00")
	}
}

// The write took effect and its reply is lost.
func TestCommitUnknown(t *testing.T) {
	backend := slapd(t, 5)
	direct := asAdmin(t, backend)
	for i, plan := range []string{"commit-unknown", "abort"} {
		c := asAdmin(t, proxy(t, backend, "--behavior 100:"+plan, "--behavior-"+plan+"-match", `command == "add" || command == "delete"`))
		a := newPerson(fmt.Sprint("unknown", i))
		if err := c.Add(a); err == nil {
			t.Errorf("%s: the client knows", plan)
		}
		if r, err := direct.Search(read(a.DN, "cn")); err != nil || len(r.Entries) != 1 {
			t.Errorf("%s: the server does not: %v", plan, err)
		}
		if !c.IsClosing() {
			t.Errorf("%s: the connection is open", plan)
		}
	}
}

// In the middle of a reply: what came of it is what the server sent, and the
// client knows that there is more.
func TestCut(t *testing.T) {
	backend := slapd(t, 50)
	c := dial(t, proxy(t, backend, "--behavior 100:cut", "--behavior-cut-match", `command == "search"`))
	if r, err := c.Search(find("(uid=user*)", "uid")); err == nil {
		t.Errorf("%d entries", len(r.Entries))
	}
}
