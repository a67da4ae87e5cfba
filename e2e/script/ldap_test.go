package script

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// find searches below an entry.
func find(c *ldap.Conn, base string) (entries int, took time.Duration, err error) {
	start := time.Now()
	r, err := c.Search(ldap.NewSearchRequest(base, ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{"uid"}, nil))
	if err != nil {
		return 0, time.Since(start), err
	}
	return len(r.Entries), time.Since(start), nil
}

// output runs a program to its end and returns all that it says.
func output(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	return string(out), err
}

func dial(t *testing.T, addr string) *ldap.Conn {
	t.Helper()
	c, err := ldap.DialURL("ldap://" + addr)
	lab.Must(t, err)
	c.SetTimeout(lab.Patience)
	t.Cleanup(func() { c.Close() })
	return c
}

// The example: as the load grows, searches are slow, then some are refused, then
// connections end; and other branches of the tree are well all the time.
func TestLDAPUnderLoad(t *testing.T) {
	const slowAbove, busyAbove, downAbove = 5, 10, 30
	p, addr := vaurien(t, slapd(t), "--behavior", "100:../../examples/ldap-under-load.star",
		"--handlers.ldap-under-load.base", people, "--handlers.ldap-under-load.within", "60s", "--handlers.ldap-under-load.slowness", "10ms",
		"--handlers.ldap-under-load.slow_above", fmt.Sprint(slowAbove), "--handlers.ldap-under-load.busy_above", fmt.Sprint(busyAbove),
		"--handlers.ldap-under-load.down_above", fmt.Sprint(downAbove))
	c := dial(t, addr)
	busy := 0
	for n := 1; n <= downAbove; n++ {
		entries, took, err := find(c, people)
		switch {
		case n > busyAbove && ldap.IsErrorWithCode(err, ldap.LDAPResultBusy):
			busy++
		case err != nil || entries != 10:
			t.Fatalf("search %d: %d entries, %v", n, entries, err)
		case n > slowAbove && took < time.Duration(n-slowAbove)*10*time.Millisecond:
			t.Errorf("search %d took only %v", n, took)
		}
	}
	if busy == 0 || busy == downAbove-busyAbove {
		t.Errorf("%d of %d searches were refused", busy, downAbove-busyAbove)
	}
	out, err := output("ldapsearch", "-x", "-LLL", "-H", "ldap://"+addr, "-b", groups, "-s", "one", "uid")
	if err != nil || strings.Count(out, "uid: groups") != 10 {
		t.Errorf("ldapsearch of another branch: %v\n%s", err, out)
	}
	if _, _, err := find(c, people); err == nil {
		t.Error("a search is answered above the most")
	}
	lab.Poll(t, func() error {
		if c.IsClosing() {
			return nil
		}
		return fmt.Errorf("the connection is open")
	})
	p.Wait(`msg="down: 3\d requests" .*session=1`)
	out, err = output("ldapsearch", "-x", "-H", "ldap://"+addr, "-b", people)
	if err == nil || !strings.Contains(out, "Can't contact LDAP server") && !strings.Contains(out, "Server is unavailable") {
		t.Errorf("ldapsearch: %v\n%s", err, out)
	}
}

// A script that changes is in force on open connections; one that is wrong is
// not.
func TestChangedScript(t *testing.T) {
	path := filepath.Join(t.TempDir(), "moody.star")
	write := func(body string) {
		lab.Must(t, os.WriteFile(path, []byte("def on_request(ctx, msg):\n    "+body+"\n"), 0o644))
	}
	write("pass")
	p, addr := vaurien(t, slapd(t), "--behavior", "100:"+path)
	c := dial(t, addr)
	if entries, _, err := find(c, people); err != nil || entries != 10 {
		t.Fatal(entries, err)
	}
	write(`ctx.fail(kind = "busy")`)
	p.Wait(`msg=reloaded scripts=moody`)
	if _, _, err := find(c, people); !ldap.IsErrorWithCode(err, ldap.LDAPResultBusy) {
		t.Error(err)
	}
	write(`ctx.fail(kind = "bsy")`)
	p.Wait(`not reloaded: .*moody.star:2:21: unknown kind \\"bsy\\": did you mean \\"busy\\"`)
	if _, _, err := find(c, people); !ldap.IsErrorWithCode(err, ldap.LDAPResultBusy) {
		t.Error(err)
	}
	lab.Must(t, os.Remove(path))
	p.Wait(`not reloaded: .*moody.star: no such file or directory`)
	write("pass")
	p.Wait(`(?s)msg=reloaded scripts=moody.*msg=reloaded scripts=moody`)
	if entries, _, err := find(c, people); err != nil || entries != 10 {
		t.Fatal(entries, err)
	}
}
