package mysql

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// A loginTest is a talk from the greeting on.
type loginTest struct {
	name, requests, replies string
	asked, answered         string
	err                     string // part of why a side ended
}

func loginTests() []loginTest {
	ssl := pkt(1, le(uint64(oldClient|clientSSL), 4), strings.Repeat("\x00", 28))
	sha2 := logInWith(oldClient, "caching_sha2_password")
	return []loginTest{
		{"native", logIn(oldClient), greet(mysqlCaps) + okay(2, 2), "connect 0 barrier, login 88 barrier", "78, 11", ""},
		{"refused", logIn(oldClient) + pkt(3, "x"), greet(mysqlCaps) + failed(2, 1045), "connect 0 barrier, login 88 barrier", "78, 26", "has ended the talk"},
		{"no greeting", pkt(1, "x"), pkt(0, "\xff\x10\x04Too many connections"), "connect 0 barrier", "27", "has ended the talk"},
		{"switch", logIn(oldClient) + pkt(3, "proof"), greet(mysqlCaps) + pkt(2, "\xfeclient_ed25519\x00salt") + okay(4, 2),
			"connect 0 barrier, login 88 barrier, auth 9 barrier", "78, 24, 11", ""},
		{"sha2, known", sha2, greet(mysqlCaps) + pkt(2, "\x01\x03") + okay(3, 2), "connect 0 barrier, login 88 barrier", "78, 6 more, 11", ""},
		{"sha2, unknown", sha2 + pkt(3, "\x02") + pkt(5, "crypt"), greet(mysqlCaps) + pkt(2, "\x01\x04") + pkt(4, "\x01-----BEGIN PUBLIC KEY") + okay(6, 2),
			"connect 0 barrier, login 88 barrier, auth 5 barrier, auth 9 barrier", "78, 6, 26, 11", ""},
		{"parsec", logInWith(oldClient, "parsec") + pkt(3) + pkt(5, "signed"), greet(mysqlCaps) + pkt(2, "\xfeparsec\x00salt") + pkt(4, "P\x00salt") + okay(6, 2),
			"connect 0 barrier, login 73 barrier, auth 4 barrier, auth 10 barrier", "78, 16, 10, 11", ""},
		{"TLS", ssl + "\x16\x03\x01", greet(mysqlCaps), "connect 0 barrier", "78", "TLS begins"},
		{"compression", logIn(oldClient|clientCompress) + "\x05\x00\x00", greet(mysqlCaps) + okay(2, 2), "connect 0 barrier, login 88 barrier", "78, 11", "compression"},
		{"compression that the server cannot", logIn(oldClient|clientCompress) + query("SELECT 1"), greet(mysqlCaps&^(clientCompress|clientZstd)) + okay(2, 2) + okay(1, 2),
			"connect 0 barrier, login 88 barrier, SELECT 13", "78, 11, 11", ""},
		{"older than 4.1", pkt(1, "\x85\x04\x00\x00\x00app\x00"), greet(mysqlCaps), "connect 0 barrier", "78", "older than 4.1"},
		{"another protocol", "", pkt(0, "\x09x"), "connect 0 barrier", "", "version 9"},
		{"a greeting of nothing", "", pkt(0, "\x0a8.0"), "connect 0 barrier", "", "a greeting of 4 bytes"},
		{"a login of nothing", pkt(1, "\x00\x02\x00\x00"), greet(mysqlCaps), "connect 0 barrier", "78", "a login of 4 bytes"},
	}
}

func TestLogin(t *testing.T) {
	for _, tt := range loginTests() {
		t.Run(tt.name, func(t *testing.T) {
			got := protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{Requests: []byte(tt.requests), Replies: []byte(tt.replies)})
			if s := summary(got.Requests.Frames); s != tt.asked {
				t.Errorf("requests: %s\nwant: %s", s, tt.asked)
			}
			if s := summary(got.Replies.Frames); s != tt.answered {
				t.Errorf("replies: %s\nwant: %s", s, tt.answered)
			}
			if why := fmt.Sprint(got.Requests.Err, got.Replies.Err); tt.err != "" && !strings.Contains(why, tt.err) {
				t.Errorf("ended by %s, want %s", why, tt.err)
			}
		})
	}
}

// A greeting without TLS and compression is otherwise as it was.
func TestPlain(t *testing.T) {
	const off = clientSSL | clientCompress | clientZstd
	for _, caps := range []capabilities{mysqlCaps, mariadbCaps} {
		got, err := protocoltest.Play((&Protocol{Plain: true}).NewCodec(), protocoltest.Talk{Replies: []byte(greet(caps)), Rewrites: true}, protocoltest.Pace{})
		if err != nil || len(got.Replies.Frames) != 1 {
			t.Fatalf("%v, %v", got.Replies.Err, err)
		}
		if head := string(got.Replies.Frames[0].Head); head != greet(caps&^off) {
			t.Errorf("%q\nwant\n%q", head, greet(caps&^off))
		}
	}
}
