package redis

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

func attribute(s *session, req *vaurien.Message, name string) string {
	return fmt.Sprint(s.codec.(vaurien.Describer).Attribute(req, name))
}

func TestAttributes(t *testing.T) {
	for _, tt := range []struct {
		before, request string
		want            string // name=value
	}{
		{"", "set k v", "command=SET subcommand= key=k keys=1 args=2 value_size=1 database=0 user= in_transaction=false subscribed=false"},
		{"", "PING", "command=PING key=<nil> keys=0 args=0 value_size=0"},
		{"", "config get save", "command=CONFIG subcommand=GET key=<nil> args=2"},
		{"", "XGROUP CREATE k g $", "subcommand=CREATE key=k keys=1"},
		{"", "MSET a 1 b 22", "key=a keys=2 value_size=2"},
		{"", "MGET a b c", "key=a keys=3"},
		{"", "EVAL return 2 a b x", "key=a keys=2"},
		{"", "EVAL return 0 x", "key=<nil> keys=0"},
		{"", "EVAL return", "key=<nil> keys=0"},
		{"", "ZUNION 2 a b WEIGHTS 1 2", "key=a keys=2"},
		{"", "BLMPOP 0 1 a LEFT", "key=a keys=1"},
		{"", "XREAD COUNT 2 streams a b 0 0", "key=a keys=2"},
		{"", "XREAD COUNT 2", "key=<nil> keys=0"},
		{"", "BLPOP a b 0", "key=a keys=2"},
		{"", "GET", "key=<nil> keys=0 args=0"},
		{"", "NO.SUCH a b", "command=NO.SUCH key=<nil> keys=0 args=2"},
		{"SELECT 3", "SELECT 4", "database=3"},
		{"AUTH bob secret", "AUTH alice secret", "user=bob"},
		{"MULTI", "EXEC", "in_transaction=true"},
		{"MULTI; EXEC", "PING", "in_transaction=false"},
		{"", "MULTI", "in_transaction=false"},
		{"MULTI; SELECT 3", "GET k", "database=3 in_transaction=true"},
		{"MULTI; SELECT 3; DISCARD", "GET k", "database=0 in_transaction=false"},
		{"AUTH bob secret; SELECT 3; RESET", "GET k", "database=0 user="},
	} {
		s := newSession(t)
		for line := range strings.SplitSeq(tt.before, ";") {
			if line != "" {
				s.do(commandsOf(line), "+OK\r\n")
			}
		}
		req := s.ask(commandsOf(tt.request))
		for pair := range strings.SplitSeq(tt.want, " ") {
			name, want, _ := strings.Cut(pair, "=")
			if got := attribute(s, req, name); got != want {
				t.Errorf("%s; %s: %s is %s, want %s", tt.before, tt.request, name, got, want)
			}
		}
	}
	s := newSession(t)
	s.do(commandsOf("SUBSCRIBE a"), "*3\r\n"+bulk("subscribe")+bulk("a")+":1\r\n")
	if got := attribute(s, s.ask(resp("PING")), "subscribed"); got != "true" {
		t.Errorf("subscribed is %s", got)
	}
	long := s.ask(resp("SET", "k", strings.Repeat("x", 100<<10))[:40])
	if got := attribute(s, long, "value_size"); got != "102400" {
		t.Errorf("value_size of a long one is %s", got)
	}
}

// Attributes have the types that are announced, also inline, and nothing tells
// a password.
func TestAttributeTypes(t *testing.T) {
	for _, text := range []string{"SET k v\r\n", resp("SET", "k", "v"), resp("AUTH", "secret-word"), "AUTH bob \"secret-word\"\r\n", resp("HELLO", "3", "AUTH", "bob", "secret-word")} {
		s := newSession(t)
		req := s.ask(text)
		for _, a := range new(Protocol).Attributes() {
			got := s.codec.(vaurien.Describer).Attribute(req, a.Name)
			if got != nil && reflect.TypeOf(got) != reflect.TypeOf(a.Zero) {
				t.Errorf("%q: %s is a %T, not a %T", text, a.Name, got, a.Zero)
			}
			if strings.Contains(fmt.Sprint(got), "secret-word") {
				t.Errorf("%q: %s is %v", text, a.Name, got)
			}
		}
	}
}

// The slots are those that the real server computes (CLUSTER KEYSLOT).
func TestSlots(t *testing.T) {
	for key, want := range map[string]int{"": 0, "123456789": 12739, "{c}": 7365, "{a}2": 15495, "foo{}bar": slotOf([]byte("foo{}bar")), "a{c}b{a}": 7365} {
		if got := slotOf([]byte(key)); got != want {
			t.Errorf("%q: %d, want %d", key, got, want)
		}
	}
}
