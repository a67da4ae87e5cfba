package mysql

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// pkt is a packet with that payload, which must fit one.
func pkt(seq byte, payload ...string) string {
	return string(appendPacket(nil, seq, []byte(strings.Join(payload, ""))))
}

// le is a number in n bytes, the lowest first.
func le(v uint64, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
	return string(b)
}

const (
	// What MySQL 8.0's server and what MariaDB 10.11's server can do.
	mysqlCaps   capabilities = 0xdfffffff
	mariadbCaps capabilities = 0x1d_81fff7fe

	// What a client of about 2010 can do.
	oldClient = clientMySQL | clientProtocol41 | clientSecureConnection | clientPluginAuth | clientConnectWithDB | 0x2000
)

func greet(caps capabilities) string {
	version, extended := "8.0.36", ""
	if caps&clientMySQL == 0 {
		version, extended = "5.5.5-10.11.6-MariaDB", le(uint64(caps>>32), 4)
	}
	return pkt(0, "\n", version, "\x00", le(7, 4), "12345678\x00", le(uint64(caps), 2), "\x2d", le(2, 2),
		le(uint64(caps>>16), 2), "\x15\x00\x00\x00\x00\x00\x00", fmt.Sprintf("%-4s", extended)[:4], "123456789012\x00", "mysql_native_password\x00")
}

func logIn(caps capabilities) string { return logInWith(caps, "mysql_native_password") }

func logInWith(caps capabilities, plugin string) string {
	extended := le(0, 4)
	if caps&clientMySQL == 0 {
		extended = le(uint64(caps>>32), 4)
	}
	database := ""
	if caps&clientConnectWithDB != 0 {
		database = "shop\x00"
	}
	return pkt(1, le(uint64(caps), 4), le(1<<24, 4), "\x2d", strings.Repeat("\x00", 19), extended,
		"app\x00\x14", strings.Repeat("p", 20), database, plugin, "\x00")
}

func okay(seq byte, flags serverStatus) string {
	return pkt(seq, "\x00\x01\x00", le(uint64(flags), 2), "\x00\x00")
}
func eof(seq byte, flags serverStatus) string { return pkt(seq, "\xfe\x00\x00", le(uint64(flags), 2)) }

// lastOK is the OK that ends rows where there is no EOF.
func lastOK(seq byte, flags serverStatus) string {
	return pkt(seq, "\xfe\x00\x00", le(uint64(flags), 2), "\x00\x00", "some information")
}

func failed(seq byte, number uint16) string {
	return pkt(seq, "\xff", le(uint64(number), 2), "#HY000it went wrong")
}

// columns are definitions, numbered from seq.
func columns(seq byte, n int) (s string) {
	for i := range n {
		s += pkt(seq+byte(i), "\x03def\x00\x00\x00\x01a\x00\x0c\x3f\x00\x0b\x00\x00\x00\x03\x00\x00\x00\x00\x00")
	}
	return s
}

func query(text string) string { return pkt(0, "\x03", text) }

// resultSet is a result of one column and the rows, for an old client.
func resultSet(flags serverStatus, rows ...string) string {
	s := pkt(1, "\x01") + columns(2, 1) + eof(3, 2)
	for i, r := range rows {
		s += pkt(4+byte(i), r)
	}
	return s + eof(4+byte(len(rows)), flags)
}

// A talkTest is a talk and how it is to be framed: a message is written as its
// verb, the length of head and body together, and its flags.
type talkTest struct {
	name     string
	caps     capabilities // of the client; oldClient if 0
	server   capabilities // mysqlCaps if 0
	requests string       // after the login
	replies  string       // after the login's OK
	asked    string
	answered string
	err      string // why one side ended: part of an Opaque error, or empty
	rest     string // what is not taken of it
}

func (tt talkTest) talk() protocoltest.Talk {
	caps, server := tt.caps, tt.server
	if caps == 0 {
		caps = oldClient
	}
	if server == 0 {
		server = mysqlCaps
	}
	return protocoltest.Talk{
		Requests: []byte(logIn(caps) + tt.requests),
		Replies:  []byte(greet(server) + okay(2, autocommit) + tt.replies),
	}
}

func (tt talkTest) run(t *testing.T) {
	t.Helper()
	got := protocoltest.Laws(t, new(Protocol).NewCodec, tt.talk())
	if s := summary(got.Requests.Frames[min(2, len(got.Requests.Frames)):]); s != tt.asked {
		t.Errorf("requests: %s\nwant: %s", s, tt.asked)
	}
	if s := summary(got.Replies.Frames[min(2, len(got.Replies.Frames)):]); s != tt.answered {
		t.Errorf("replies: %s\nwant: %s", s, tt.answered)
	}
	found := tt.err == ""
	for _, s := range []protocoltest.Stream{got.Requests, got.Replies} {
		switch {
		case s.Err == nil || s.Err == io.EOF || s.Err == protocoltest.ErrUnanswered || s.Err == protocoltest.ErrSwitched:
		case tt.err != "" && strings.Contains(s.Err.Error(), tt.err):
			found = true
			if string(s.Rest) != tt.rest {
				t.Errorf("not taken: %q, want %q", s.Rest, tt.rest)
			}
		default:
			t.Errorf("ended by %v", s.Err)
		}
	}
	if !found {
		t.Errorf("ended by %v and %v, want %s", got.Requests.Err, got.Replies.Err, tt.err)
	}
}

// summary writes frames in one line.
func summary(frames []protocoltest.Frame) string {
	var out []string
	for _, f := range frames {
		line := fmt.Sprintf("%s %d", f.Verb, len(f.Head)+len(f.Body))
		for _, flag := range []struct {
			set  bool
			name string
		}{
			{!f.Whole, "cut"}, {f.More, "more"}, {f.NoReply, "noreply"}, {f.Barrier, "barrier"},
			{f.Switch, "switch"}, {f.Continues, "continues"}, {f.Invites, "invites"}, {f.Unasked, "unasked"},
		} {
			if flag.set {
				line += " " + flag.name
			}
		}
		out = append(out, strings.TrimSpace(line))
	}
	return strings.Join(out, ", ")
}

// size is the length of parts of a talk, in digits.
func size(parts ...string) string { return fmt.Sprint(len(strings.Join(parts, ""))) }
