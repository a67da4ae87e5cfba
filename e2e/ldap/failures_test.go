package ldap

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

const (
	goLDAP  = "go-ldap v3.4.15"
	libldap = "OpenLDAP 2.5.13 tools"
)

// erring is a plan by which what matches fails so.
func erring(kind, match string) []string {
	return []string{"--seed", "1", "--behavior", "100:error", "--behavior-error-kind", kind, "--behavior-error-match", match}
}

// The failures as OpenLDAP's tools and go-ldap read them.
func TestClientsSeeTheFailures(t *testing.T) {
	backend := slapd(t, 20)
	as := []string{"-D", admin, "-w", password}
	searching := append([]string{"ldapsearch", "-LLL", "-b", people, "(uid=user*)", "uid"}, as...)
	deleting := append([]string{"ldapdelete", person(1)}, as...)
	var seen []lab.Parsed
	for _, tt := range []struct {
		kind  string
		match string
		do    func(*ldap.Conn) error
		tool  []string
		code  uint16 // that go-ldap must see; 0: an error without one
		ends  bool   // the connection is closed
	}{
		{"busy", `command == "search"`, searches, searching, ldap.LDAPResultBusy, false},
		{"busy", `command == "bind"`, binds, []string{"ldapwhoami", "-D", person(1), "-w", "pw1"}, ldap.LDAPResultBusy, false},
		{"unavailable", `command == "search"`, searches, searching, ldap.LDAPResultUnavailable, false},
		{"invalid-credentials", `command == "bind"`, binds, []string{"ldapwhoami", "-D", person(1), "-w", "pw1"}, ldap.LDAPResultInvalidCredentials, false},
		{"confidentiality-required", `command == "bind"`, binds, []string{"ldapwhoami", "-D", person(1), "-w", "pw1"}, ldap.LDAPResultConfidentialityRequired, false},
		{"strong-auth-required", `command == "delete"`, deletes, deleting, ldap.LDAPResultStrongAuthRequired, false},
		{"insufficient-access", `command == "delete"`, deletes, deleting, ldap.LDAPResultInsufficientAccessRights, false},
		{"no-such-object", `command == "delete"`, deletes, deleting, ldap.LDAPResultNoSuchObject, false},
		{"constraint-violation", `oid == "1.3.6.1.4.1.4203.1.11.1"`, setsPassword, append([]string{"ldappasswd", "-s", "new", person(1)}, as...), ldap.LDAPResultConstraintViolation, false},
		{"unwilling-to-perform", `command == "delete"`, deletes, deleting, ldap.LDAPResultUnwillingToPerform, false},
		{"size-limit-exceeded", `command == "search"`, searches, searching, ldap.LDAPResultSizeLimitExceeded, false},
		{"time-limit-exceeded", `command == "search"`, searches, searching, ldap.LDAPResultTimeLimitExceeded, false},
		{"admin-limit-exceeded", `command == "search"`, searches, searching, ldap.LDAPResultAdminLimitExceeded, false},
		{"protocol-error", `command == "extended"`, asksWho, []string{"ldapwhoami", "-ZZ"}, ldap.LDAPResultProtocolError, false},
		{"operations-error", `command == "search"`, searches, searching, ldap.LDAPResultOperationsError, false},
		{"referral", `command == "search"`, searches, searching, ldap.LDAPResultReferral, false},
		{"server-down", `command == "search"`, searches, searching, 0, true},
		{"notice-of-strong-auth-required", `command == "search"`, searches, searching, 0, true},
		{"notice-of-protocol-error", `command == "search"`, searches, searching, 0, true},
		{"closed", `command == "search"`, searches, searching, 0, true},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			addr := proxy(t, backend, "", erring(tt.kind, tt.match)...)
			c := dial(t, addr)
			err := tt.do(c)
			saw := fmt.Sprintf("%T: %v", err, err)
			if typed, ok := errors.AsType[*ldap.Error](err); ok && typed.ResultCode == tt.code {
				saw = fmt.Sprintf("ldap.Error{ResultCode: %d, MatchedDN: %q} %v", typed.ResultCode, typed.MatchedDN, typed)
			} else if ok || err == nil || tt.code != 0 {
				t.Fatalf("saw %s, want %d", saw, tt.code)
			}
			if tt.ends {
				lab.Poll(t, func() error {
					if !c.IsClosing() {
						return errors.New("the connection is open")
					}
					return nil
				})
				saw += "; the connection is closed"
			} else {
				// The connection is as good as it was.
				if err := c.UnauthenticatedBind(""); err != nil && !strings.Contains(tt.match, "bind") {
					t.Errorf("the next bind: %v", err)
				}
				if _, err := c.Compare(person(1), "cn", "User 1"); err != nil || c.IsClosing() {
					t.Errorf("the next compare: %v", err)
				}
				saw += "; the connection goes on"
			}
			seen = append(seen, lab.Parsed{Kind: tt.kind, Client: goLDAP, Saw: strings.ReplaceAll(saw, addr, "ADDRESS")})

			out, code := tool(t, addr, "", tt.tool[0], tt.tool[1:]...)
			if code == 0 {
				t.Errorf("%s saw no failure: %s", tt.tool[0], out)
			}
			seen = append(seen, lab.Parsed{Kind: tt.kind, Client: libldap, Saw: fmt.Sprintf("%s: %s; exit %d", tt.tool[0], short(out), code)})
		})
	}
	lab.KeepParsed(t, "../../protocol/ldap/testdata/clients.tsv", seen)
}

// short is what a tool says, with its entries counted.
func short(out string) string {
	var lines []string
	entries := 0
	for line := range strings.Lines(out) {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "dn: "):
			entries++
		case line != "" && !strings.HasPrefix(line, "uid: "):
			lines = append(lines, line)
		}
	}
	if entries > 0 {
		lines = append([]string{fmt.Sprintf("%d entries,", entries)}, lines...)
	}
	return strings.Join(lines, " ")
}

// A code and a text of the user's own.
func TestOwnCodeAndMessage(t *testing.T) {
	c := dial(t, proxy(t, slapd(t, 2), "--behavior 100:error --behavior-error-code entryAlreadyExists", "--behavior-error-message", "schon da"))
	err := c.Add(newPerson("a"))
	var typed *ldap.Error
	if !errors.As(err, &typed) || typed.ResultCode != ldap.LDAPResultEntryAlreadyExists || typed.Err.Error() != "schon da" {
		t.Errorf("saw %v", err)
	}
}

// A search that exceeds a size gets entries first, and one that has fewer
// succeeds; of the others on the connection none is touched.
func TestSizeLimitIsTheServersOwn(t *testing.T) {
	backend := slapd(t, 30)
	c := dial(t, proxy(t, backend, "", erring("size-limit-exceeded", `filter.contains("user")`)...))
	for range 20 {
		r, err := c.Search(find("(uid=user*)", "uid"))
		if !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) || len(r.Entries) < 1 || len(r.Entries) > 8 {
			t.Errorf("%d entries, %v", len(r.Entries), err)
		}
	}
	if r, err := c.Search(find("(uid=user3)", "uid")); err != nil || len(r.Entries) != 1 {
		t.Errorf("%d entries, %v", len(r.Entries), err)
	}
	if r, err := c.Search(find("(cn=*)", "uid")); err != nil || len(r.Entries) != 30 {
		t.Errorf("%d entries, %v", len(r.Entries), err)
	}
}

// A search whose time is up may have had entries.
func TestTimeLimitAfterEntries(t *testing.T) {
	c := dial(t, proxy(t, slapd(t, 30), "", erring("time-limit-exceeded", `command == "search"`)...))
	with, without := 0, 0
	for range 40 {
		r, err := c.Search(find("(uid=user*)", "uid"))
		if !ldap.IsErrorWithCode(err, ldap.LDAPResultTimeLimitExceeded) || len(r.Entries) > 8 {
			t.Errorf("%d entries, %v", len(r.Entries), err)
		}
		if len(r.Entries) > 0 {
			with++
		} else {
			without++
		}
	}
	if with == 0 || without == 0 {
		t.Errorf("%d with entries, %d without", with, without)
	}
}

// After a bind that failed, client and server agree that the session is
// anonymous.
func TestFailedBindLeavesNobodyBound(t *testing.T) {
	backend := slapd(t, 3)
	for _, kind := range []string{"invalid-credentials", "busy", "unwilling-to-perform"} {
		c := dial(t, proxy(t, backend, "", erring(kind, `command == "bind" && dn.startsWith("uid=")`)...))
		lab.Must(t, c.Bind(admin, password))
		if who, err := c.WhoAmI(nil); err != nil || who.AuthzID != "dn:"+admin {
			t.Fatalf("first: %v, %v", who, err)
		}
		if err := binds(c); err == nil {
			t.Fatalf("%s: the bind succeeded", kind)
		}
		if who, err := c.WhoAmI(nil); err != nil || who.AuthzID != "" {
			t.Errorf("%s: then the server knows %q, %v", kind, who.AuthzID, err)
		}
		if err := c.Add(newPerson("x")); !ldap.IsErrorWithCode(err, ldap.LDAPResultStrongAuthRequired) {
			t.Errorf("%s: an add by nobody: %v", kind, err)
		}
		lab.Must(t, c.Bind(admin, password))
		if who, err := c.WhoAmI(nil); err != nil || who.AuthzID != "dn:"+admin {
			t.Errorf("%s: again: %v, %v", kind, who, err)
		}
	}
}

// An attribute matches what go-ldap asked.
func TestConditions(t *testing.T) {
	backend := slapd(t, 3)
	for _, tt := range []struct {
		match string
		fails bool
	}{
		{`filter == "(&(objectClass=inetOrgPerson)(|(cn=User 1)(mail=*@example.com))(!(sn>=7)))"`, true},
		{`dn == "ou=people,dc=example,dc=com" && scope == "sub" && attributes == "uid,cn"`, true},
		{`user == "cn=admin,dc=example,dc=com"`, true},
		{`user == "" || scope == "base"`, false},
		{`message_id == 2 && size > 100 && size < 300`, true},
		{`controls.contains("1.2.840.113556.1.4.319")`, false},
	} {
		c := asAdmin(t, proxy(t, backend, "", erring("busy", `command == "search" && (`+tt.match+`)`)...))
		_, err := c.Search(find("(&(objectClass=inetOrgPerson)(|(cn=User 1)(mail=*@example.com))(!(sn>=7)))", "uid", "cn"))
		if ldap.IsErrorWithCode(err, ldap.LDAPResultBusy) != tt.fails {
			t.Errorf("%s: %v", tt.match, err)
		}
	}
}
