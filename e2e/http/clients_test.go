package http_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
	vhttp "github.com/vaurien-proxy/vaurien/protocol/http"
)

// An asker makes two requests on one connection, if that lasts, and says what
// it made of each.
type asker struct {
	client string
	ask    func(t *testing.T, url, method string) string
}

// TestClients lets clients meet every failure that has a name, through the
// real program.
func TestClients(t *testing.T) {
	backend := nginx(t, `server { listen PORT; location / { if ($request_method = POST) { return 200 "taken"; } } }`)
	askers := []asker{
		{"net/http, " + goVersion(), askNetHTTP},
		{"curl " + strings.Fields(lab.Run(t, "curl", "--version"))[1], askCurl},
		{"http.client, " + pythonVersion(t), askPython},
	}
	var all []lab.Parsed
	for _, k := range new(vhttp.Protocol).Failures() {
		p, addr := lab.Vaurien(t, "--proxy", "localhost:0", "--backend", backend, "--protocol", "http",
			"--seed", "1", "--drain", "0", "--behavior", "100:error", "--behavior-error-kind", k.Name)
		method := "GET"
		if k.Name == "content-too-large" {
			method = "POST"
		}
		for _, a := range askers {
			all = append(all, lab.Parsed{Kind: k.Name, Client: a.client, Saw: a.ask(t, "http://"+addr+"/index.html", method)})
			if k.Name == "idle-closed" { // what a client may repeat by itself, and what not
				all = append(all, lab.Parsed{Kind: k.Name, Client: a.client + ", POST", Saw: a.ask(t, "http://"+addr+"/index.html", "POST")})
			}
		}
		p.Stop()
		if strings.Contains(p.Out.String(), "goes on as tcp") || strings.Contains(p.Out.String(), "panic") {
			t.Errorf("%s: the log says\n%s", k.Name, p.Out)
		}
	}
	lab.KeepParsed(t, "../../protocol/http/testdata/clients.tsv", all)
}

// askNetHTTP asks with Go's own client.
func askNetHTTP(t *testing.T, url, method string) string {
	client := &http.Client{Timeout: lab.Patience, Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	var said []string
	for range 2 {
		var body io.Reader
		if method == "POST" {
			body = strings.NewReader("{}")
		}
		req, err := http.NewRequest(method, url, body)
		lab.Must(t, err)
		req.Header.Set("Accept", "application/json")
		conns := ""
		req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
			GotConn: func(i httptrace.GotConnInfo) { conns += map[bool]string{true: "old", false: "new"}[i.Reused] + " " },
		}))
		res, err := client.Do(req)
		if err != nil {
			said = append(said, fmt.Sprintf("%sconnection: %s", conns, kindOf(err)))
			continue
		}
		content, err := io.ReadAll(res.Body)
		res.Body.Close()
		line := fmt.Sprintf("%sconnection: %d %s", conns, res.StatusCode, res.Header.Get("Content-Type"))
		if after := res.Header.Get("Retry-After"); after != "" {
			line += ", Retry-After " + after
		}
		if err != nil {
			line += fmt.Sprintf(", %s after %d bytes", kindOf(err), len(content))
		}
		said = append(said, line)
	}
	return strings.Join(said, "; ")
}

// kindOf names an error as a program tells it.
func kindOf(err error) string {
	for name, kind := range map[string]error{
		"io.ErrUnexpectedEOF": io.ErrUnexpectedEOF, "io.EOF": io.EOF, "ECONNRESET": syscall.ECONNRESET,
	} {
		if errors.Is(err, kind) {
			return name
		}
	}
	return err.Error()
}

// askCurl asks with curl.
func askCurl(t *testing.T, url, method string) string {
	args := []string{"-s", "-o", "/dev/null", "-o", "/dev/null", "-H", "Accept: application/json",
		"-w", "%{num_connects} new: exit %{exitcode}, %{http_code} %{content_type} retry-after=%header{retry-after} %{errormsg}\n", url, url}
	if method == "POST" {
		args = append([]string{"-d", "{}"}, args...)
	}
	out, _ := exec.Command("curl", args...).Output() // it fails where the transfer does
	said := strings.ReplaceAll(string(out), " retry-after= ", " ")
	return strings.Join(strings.Split(strings.TrimSpace(strings.ReplaceAll(said, " \n", "\n")), "\n"), "; ")
}

// askPython asks with the http.client of Python's library, on one connection.
func askPython(t *testing.T, url, method string) string {
	const program = `
import http.client, sys, urllib.parse
u = urllib.parse.urlsplit(sys.argv[1])
c = http.client.HTTPConnection(u.netloc, timeout=30)
said = []
for i in range(2):
    try:
        new = "new" if c.sock is None else "old"
        c.request(sys.argv[2], u.path, body="{}" if sys.argv[2] == "POST" else None, headers={"Accept": "application/json"})
        r = c.getresponse()
        line = "%s connection: %d %s" % (new, r.status, r.getheader("Content-Type"))
        if r.getheader("Retry-After"):
            line += ", Retry-After " + r.getheader("Retry-After")
        try:
            r.read()
        except Exception as e:
            line += ", " + repr(e)
            c.close()
    except Exception as e:
        line = "%s connection: %s" % (new, type(e).__name__)
        c.close()
    said.append(line)
print("; ".join(said))
`
	return strings.TrimSpace(lab.Run(t, "python3", "-c", program, url, method))
}

func goVersion() string {
	v := strings.SplitN(strings.TrimPrefix(runtime.Version(), "go"), ".", 3)
	return "Go " + strings.Join(v[:min(2, len(v))], ".")
}

func pythonVersion(t *testing.T) string {
	v := strings.SplitN(strings.Fields(lab.Run(t, "python3", "--version"))[1], ".", 3)
	return "Python " + v[0] + "." + v[1]
}
