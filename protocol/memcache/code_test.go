package memcache

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

func TestCodeAndMessage(t *testing.T) {
	get, bin := "get a\r\n", req(0x00, 1, "", "a", "")
	for _, tt := range []struct {
		f             vaurien.Failure
		request, told string
	}{
		{vaurien.Failure{Code: "SERVER_ERROR", Message: "on fire"}, get, "SERVER_ERROR on fire\r\n"},
		{vaurien.Failure{Code: "ERROR"}, get, "ERROR\r\n"},
		{vaurien.Failure{Code: "ERROR"}, bin, "passes"},
		{vaurien.Failure{Code: "0x85"}, get, "passes"},
		{vaurien.Failure{Code: "0x85"}, bin, res(0, 0x85, 1, "", "", "Busy")},
		{vaurien.Failure{Code: "0x0084", Message: "Internal error"}, bin, res(0, 0x84, 1, "", "", "Internal error")},
		{vaurien.Failure{Kind: "miss", Code: "SERVER_ERROR", Message: "x"}, "mg a v O1\r\n", "SERVER_ERROR x\r\n"},
		{vaurien.Failure{Kind: "out-of-memory", Message: "no room"}, "add a 0 0 1\r\nx\r\n", "SERVER_ERROR no room\r\n"},
		{vaurien.Failure{Kind: "out-of-memory", Message: "no room"}, req(0x0e, 1, "", "a", "x"), res(0x0e, 0x82, 1, "", "", "no room")},
		{vaurien.Failure{Kind: "out-of-memory", Code: "0x86"}, req(0x0e, 1, "", "a", "x"), res(0x0e, 0x86, 1, "", "", "Temporary failure")},
		{vaurien.Failure{Kind: "not-found", Message: "x"}, "delete a\r\n", "NOT_FOUND\r\n"},
		{vaurien.Failure{Kind: "not-found"}, get, "passes"},
		{vaurien.Failure{Kind: "busy"}, get, "passes"},
		{vaurien.Failure{Kind: "busy"}, bin, res(0, 0x85, 1, "", "", "Busy")},
		{vaurien.Failure{Kind: "temporary-failure"}, bin, res(0, 0x86, 1, "", "", "Temporary failure")},
		{vaurien.Failure{Kind: "unauthenticated"}, bin, res(0, 0x20, 1, "", "", "Auth failure.") + " closed"},
		{vaurien.Failure{Kind: "out-of-memory-reading"}, get, "SERVER_ERROR out of memory reading request\r\n closed"},
	} {
		c := new(Protocol).NewCodec()
		m := read(t, c, tt.request)
		if err := new(Protocol).CheckFailure(tt.f); err != nil {
			t.Errorf("%+v: %v", tt.f, err)
		}
		a, err := c.Fail(m, tt.f, nil)
		got := string(a.Bytes)
		if a.Pass {
			got = "passes"
		}
		if a.Close {
			got += " closed"
		}
		if err != nil || got != tt.told {
			t.Errorf("%+v to %q: %q, %v; want %q", tt.f, tt.request, got, err, tt.told)
		}
	}
}

func TestCheckFailure(t *testing.T) {
	for _, tt := range []struct {
		f   vaurien.Failure
		err string
	}{
		{vaurien.Failure{Code: "SERVER_ERROR"}, "needs a message"},
		{vaurien.Failure{Code: "NOT_STORED"}, "NOT_STORED is no code: use ERROR, CLIENT_ERROR or SERVER_ERROR"},
		{vaurien.Failure{Code: "0"}, "0 is no code"},
		{vaurien.Failure{Code: "65536"}, "65536 is no code"},
		{vaurien.Failure{Code: "server_error", Message: "x"}, "is no code"},
		{vaurien.Failure{Kind: "out-of-memory", Message: "a\r\nSTORED"}, "control character 0x0d"},
		{vaurien.Failure{Kind: "out-of-memory", Message: strings.Repeat("x", 1001)}, "use 1000 at most"},
	} {
		if err := new(Protocol).CheckFailure(tt.f); err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%+v: %v, want %s", tt.f, err, tt.err)
		}
	}
	if _, err := new(Protocol).NewCodec().Fail(nil, vaurien.Failure{Kind: "nonsense"}, nil); err == nil {
		t.Error("an unknown kind is no error")
	}
}
