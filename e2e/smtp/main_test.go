// Package smtp tests the protocol smtp with a real Postfix, and with the
// clients that programs send mail with.
package smtp

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }

// mainCF is a Postfix that takes mail for two mailboxes from anybody, and looks
// nobody up.
const mainCF = `
compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.com
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
maillog_file = /dev/stdout
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
smtpd_relay_restrictions = reject_unauth_destination
virtual_mailbox_domains = example.com
virtual_mailbox_base = %[1]s/mail
virtual_mailbox_maps = inline:{ alice@example.com=alice/, bob@example.com=bob/ }
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
`

const masterCF = `
127.0.0.1:%s inet n - n - %s
smtpd pass - - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n - 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
`

// A postfix is a running Postfix with a mailbox for alice@example.com and one
// for bob@example.com.
type postfix struct {
	t    testing.TB
	addr string
	dir  string
	log  *lab.Process
}

// startPostfix starts a Postfix with these lines in its main.cf, below its own.
// $DIR in them is its directory.
func startPostfix(t testing.TB, lines ...string) *postfix {
	t.Helper()
	return startService(t, "- smtpd", lines...)
}

// startService is startPostfix with another program at its port.
func startService(t testing.TB, service string, lines ...string) *postfix {
	t.Helper()
	// Its sockets' names must be short, and other users must get there.
	dir, err := os.MkdirTemp("", "pf")
	lab.Must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	lab.Must(t, os.Chmod(dir, 0o755))
	for name, owner := range map[string]string{"conf": "root", "conf/sasl": "root", "queue": "root", "data": "postfix", "mail": "nobody"} {
		path := filepath.Join(dir, name)
		lab.Must(t, os.MkdirAll(path, 0o755))
		u, err := user.Lookup(owner)
		lab.Must(t, err)
		uid, _ := strconv.Atoi(u.Uid)
		lab.Must(t, os.Chown(path, uid, -1))
	}
	port := lab.FreePort(t)
	main := fmt.Sprintf(mainCF, dir) + strings.ReplaceAll(strings.Join(lines, "\n"), "$DIR", dir) + "\n"
	lab.Must(t, os.WriteFile(filepath.Join(dir, "conf/main.cf"), []byte(main), 0o644))
	lab.Must(t, os.WriteFile(filepath.Join(dir, "conf/master.cf"), fmt.Appendf(nil, masterCF, port, service), 0o644))
	p := &postfix{t: t, addr: "127.0.0.1:" + port, dir: dir}
	p.addUser(strings.Contains(main, noPasswords))
	p.log = lab.Start(t, nil, "postfix", "-c", filepath.Join(dir, "conf"), "start-fg")
	p.log.Wait("daemon started")
	t.Cleanup(p.stop)
	return p
}

// stop ends the daemon, which is no child of the program that started it.
func (p *postfix) stop() {
	b, err := os.ReadFile(filepath.Join(p.dir, "queue/pid/master.pid"))
	lab.Must(p.t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	lab.Must(p.t, err)
	lab.Must(p.t, syscall.Kill(pid, syscall.SIGTERM))
	lab.Poll(p.t, func() error {
		if syscall.Kill(pid, 0) == nil {
			return fmt.Errorf("Postfix's master, process %d, does not end", pid)
		}
		return nil
	})
}

// noPasswords is a line of main.cf for a Postfix that cannot check passwords.
const noPasswords = "# /etc/postfix/sasl/smtpd.conf: pwcheck_method: saslauthd"

// addUser makes the user alice, whose password is "secret".
func (p *postfix) addUser(inVain bool) {
	db := filepath.Join(p.dir, "conf/sasl/sasldb2")
	conf := "mech_list: PLAIN LOGIN CRAM-MD5\npwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: " + db + "\n"
	if inVain {
		conf = "mech_list: PLAIN LOGIN\npwcheck_method: saslauthd\nsaslauthd_path: " + p.dir + "/none\n"
	}
	lab.Must(p.t, os.WriteFile(filepath.Join(p.dir, "conf/sasl/smtpd.conf"), []byte(conf), 0o644))
	add := exec.Command("saslpasswd2", "-p", "-c", "-f", db, "-u", "mx.example.com", "alice")
	add.Stdin = strings.NewReader("secret")
	if out, err := add.CombinedOutput(); err != nil {
		p.t.Fatalf("saslpasswd2: %v\n%s", err, out)
	}
	lab.Must(p.t, os.Chmod(db, 0o644))
}

// mails returns the mails that a mailbox has.
func (p *postfix) mails(box string) []string {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, "mail", box, "new", "*"))
	lab.Must(p.t, err)
	var all []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		lab.Must(p.t, err)
		all = append(all, string(b))
	}
	return all
}

// wait waits until a mailbox has this many mails, and returns them.
func (p *postfix) wait(box string, n int) []string {
	p.t.Helper()
	var all []string
	lab.Poll(p.t, func() error {
		if all = p.mails(box); len(all) < n {
			return fmt.Errorf("%s has %d mails, want %d:\n%s", box, len(all), n, p.log.Out)
		}
		return nil
	})
	if len(all) != n {
		p.t.Errorf("%s has %d mails, want %d", box, len(all), n)
	}
	return all
}
