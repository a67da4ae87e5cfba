package http

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	nethttp "net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// at is a Protocol whose clock stands still.
func at(when time.Time) *Protocol {
	return &Protocol{now: func() time.Time { return when }}
}

var noon = time.Date(2013, 11, 6, 12, 0, 0, 0, time.FixedZone("", 3600))

// fail lets the request in text fail.
func fail(t *testing.T, text string, f vaurien.Failure, rng *rand.Rand) vaurien.Answer {
	t.Helper()
	c, m := at(noon).NewCodec(), new(vaurien.Message)
	if err := c.ReadRequest(vaurien.NewReader(strings.NewReader(text)), m); err != nil {
		t.Fatal(err)
	}
	a, err := c.Fail(m, f, rng)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestFailBytes(t *testing.T) {
	const want = "HTTP/1.1 503 Service Unavailable\r\n" +
		"Date: Wed, 06 Nov 2013 11:00:00 GMT\r\n" +
		"Content-Type: text/html\r\n" +
		"Content-Length: 121\r\n" +
		"Connection: keep-alive\r\n" +
		"\r\n" +
		"<html>\r\n<head><title>503 Service Unavailable</title></head>\r\n" +
		"<body>\r\n<h1>503 Service Unavailable</h1>\r\n</body>\r\n</html>\r\n"
	a := fail(t, get, vaurien.Failure{Code: "503"}, nil)
	if string(a.Bytes) != want || a.Close {
		t.Errorf("got, to be closed %v:\n%s\nwant:\n%s", a.Close, a.Bytes, want)
	}

	a = fail(t, get, vaurien.Failure{Code: "599"}, nil)
	if line, _, _ := strings.Cut(string(a.Bytes), "\r"); line != "HTTP/1.1 599 " {
		t.Errorf("a code without a reason: %q", line)
	}
}

func TestFailConnection(t *testing.T) {
	for _, tt := range []struct {
		name, request string
		unread, close bool
	}{
		{"1.1", get, false, false},
		{"1.1, unread", get, true, true},
		{"1.1, close", "GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", false, true},
		{"1.1, close in a list", "GET / HTTP/1.1\r\nConnection: foo,\tclose , bar\r\n\r\n", false, true},
		{"1.1, close and keep-alive", "GET / HTTP/1.1\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false, true},
		{"1.1, closed", "GET / HTTP/1.1\r\nConnection: closed\r\n\r\n", false, false},
		{"1.0", "GET / HTTP/1.0\r\n\r\n", false, true},
		{"1.0, keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", false, false},
		{"1.0, keep-alive, unread", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true, true},
		{"1.0, keep-alive and close", "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false, true},
		{"upgrade", upgradeReq, false, false},
		{"connect", connectReq, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := fail(t, tt.request, vaurien.Failure{Code: "500", Unread: tt.unread}, nil)
			line := "\r\nConnection: keep-alive\r\n"
			if tt.close {
				line = "\r\nConnection: close\r\n"
			}
			if a.Close != tt.close || !bytes.Contains(a.Bytes, []byte(line)) {
				t.Errorf("closed: %v, want %v:\n%s", a.Close, tt.close, a.Bytes)
			}
		})
	}

	t.Run("no request", func(t *testing.T) {
		if a, err := at(noon).NewCodec().Fail(nil, vaurien.Failure{Code: "502"}, nil); err != nil || !a.Close {
			t.Errorf("closed: %v, %v", a.Close, err)
		}
	})
}

// Each failure is read as that failure by a real client.
func TestFailIsRead(t *testing.T) {
	for _, request := range []string{get, headReq, connectReq, "GET / HTTP/1.0\r\n\r\n", "POST / HTTP/1.1\r\nConnection: close\r\n\r\n"} {
		asked, err := nethttp.ReadRequest(bufio.NewReader(strings.NewReader(request)))
		if err != nil {
			t.Fatal(err)
		}
		for code := 400; code <= 599; code++ {
			a := fail(t, request, vaurien.Failure{Code: strconv.Itoa(code)}, nil)
			src := bufio.NewReader(bytes.NewReader(a.Bytes))
			got, err := nethttp.ReadResponse(src, asked)
			if err != nil {
				t.Fatalf("%d: %v", code, err)
			}
			body, err := io.ReadAll(got.Body)
			if err != nil || src.Buffered() > 0 {
				t.Errorf("%d: %v, %d bytes too many", code, err, src.Buffered())
			}
			if got.StatusCode != code || got.Close != a.Close || got.ContentLength <= 0 {
				t.Errorf("%d: read as %d, closed %v, %d bytes", code, got.StatusCode, got.Close, got.ContentLength)
			}
			if when, err := nethttp.ParseTime(got.Header.Get("Date")); err != nil || !when.Equal(noon) {
				t.Errorf("%d: date %v, %v", code, when, err)
			}
			if head := asked.Method == "HEAD"; head && len(body) > 0 || !head && int64(len(body)) != got.ContentLength {
				t.Errorf("%d to %s: %d bytes of %d", code, asked.Method, len(body), got.ContentLength)
			}
		}
	}
}

func TestFailDraws(t *testing.T) {
	rng, seen := rand.New(rand.NewPCG(1, 2)), make(map[string]int)
	for range 400 {
		a := fail(t, get, vaurien.Failure{}, rng)
		seen[strings.Fields(string(a.Bytes))[1]]++
	}
	for _, code := range []string{"500", "501", "502", "503"} {
		if seen[code] < 60 {
			t.Errorf("%s drawn %d times of 400", code, seen[code])
		}
	}
	if len(seen) != 4 {
		t.Errorf("drawn: %v", seen)
	}
}

func TestFailRefuses(t *testing.T) {
	for _, code := range []int{-1, 1, 200, 399, 600, 5000} {
		if a, err := at(noon).NewCodec().Fail(nil, vaurien.Failure{Code: strconv.Itoa(code)}, nil); err == nil {
			t.Errorf("%d gave %q", code, a.Bytes)
		}
	}
}
