package toxiproxy

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// The Go client goes through the life of proxies.
func TestGoClient(t *testing.T) {
	upstream := echo(t)
	_, api := server(t)
	c := toxiproxy.NewClient(api)
	if text, err := c.Version(); err != nil || !json.Valid(text) {
		t.Errorf("the version is %q, %v", text, err)
	}
	none, err := c.Proxies()
	if err != nil || len(none) != 0 {
		t.Errorf("at the start there are %v, %v", none, err)
	}

	a, err := c.CreateProxy("a", "localhost:0", upstream)
	lab.Must(t, err)
	if !a.Enabled || a.Upstream != upstream || strings.HasSuffix(a.Listen, ":0") {
		t.Errorf("created: %+v", a)
	}
	roundTrip(t, dial(t, a.Listen), noise(1000))
	_, err = c.CreateProxy("a", "localhost:0", upstream)
	if status, text := apiError(t, err); status != 409 || text != "proxy already exists" {
		t.Errorf("created twice: %d %s", status, text)
	}
	_, err = c.CreateProxy("b", a.Listen, upstream)
	if status, text := apiError(t, err); status != 500 || !strings.Contains(text, "address already in use") {
		t.Errorf("created at the same address: %d %s", status, text)
	}
	_, err = c.Proxy("nosuch")
	if status, text := apiError(t, err); status != 404 || text != "proxy not found" {
		t.Errorf("looked for: %d %s", status, text)
	}

	// Toxics.
	toxic, err := a.AddToxic("", "latency", "upstream", -1, toxiproxy.Attributes{"latency": 1})
	lab.Must(t, err)
	if toxic.Name != "latency_upstream" || toxic.Stream != "upstream" || toxic.Toxicity != 1 ||
		fmt.Sprint(toxic.Attributes["latency"], toxic.Attributes["jitter"]) != "1 0" {
		t.Errorf("added: %+v", toxic)
	}
	_, err = a.AddToxic("latency_upstream", "noop", "downstream", 1, nil)
	if status, text := apiError(t, errorsOf(err)); status != 409 || text != "toxic already exists" {
		t.Errorf("added twice: %d %s", status, text)
	}
	_, err = a.AddToxic("", "nosuch", "", 1, nil)
	if status, text := apiError(t, errorsOf(err)); status != 400 || text != "invalid toxic type" {
		t.Errorf("of no type: %d %s", status, text)
	}
	toxic, err = a.UpdateToxic("latency_upstream", 0.25, toxiproxy.Attributes{"jitter": 2})
	lab.Must(t, err)
	if toxic.Toxicity != 0.25 || fmt.Sprint(toxic.Attributes["latency"], toxic.Attributes["jitter"]) != "1 2" {
		t.Errorf("updated: %+v", toxic)
	}
	add(t, a, "noop", "", nil)
	toxics, err := a.Toxics()
	if err != nil || len(toxics) != 2 || toxics[0].Stream != "upstream" || toxics[1].Name != "noop_downstream" {
		t.Errorf("the toxics are %+v, %v", toxics, err)
	}
	lab.Must(t, a.RemoveToxic("noop_downstream"))
	if status, text := apiError(t, a.RemoveToxic("noop_downstream")); status != 404 || text != "toxic not found" {
		t.Errorf("removed twice: %d %s", status, text)
	}

	// Disabling.
	open := dial(t, a.Listen)
	roundTrip(t, open, noise(10))
	lab.Must(t, a.Disable())
	if _, err := open.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("disabled, an open connection says %v", err)
	}
	lab.Poll(t, func() error {
		if !refused(a.Listen) {
			return fmt.Errorf("a disabled proxy accepts connections")
		}
		return nil
	})
	lab.Must(t, a.Enable())
	roundTrip(t, dial(t, a.Listen), noise(10))

	// Another upstream; a failed change changes nothing.
	other := backend(t, func(conn *net.TCPConn) { io.WriteString(conn, "other") })
	a.Upstream = other
	lab.Must(t, a.Save())
	if got, err := io.ReadAll(dial(t, a.Listen)); string(got) != "other" || err != nil {
		t.Errorf("from the other upstream came %q, %v", got, err)
	}
	listen := a.Listen
	a.Listen = upstream // somebody else's
	if err := a.Save(); err == nil {
		t.Error("it listens on an address that is taken")
	}
	if now, err := c.Proxy("a"); err != nil || now.Listen != listen || !now.Enabled {
		t.Errorf("after a change that failed: %+v, %v", now, err)
	}
	if got, err := io.ReadAll(dial(t, listen)); string(got) != "other" || err != nil {
		t.Errorf("after a change that failed came %q, %v", got, err)
	}

	// Populate, twice: what is the same is left alone, with its connections.
	config := []toxiproxy.Proxy{{Name: "x", Listen: "127.0.0.1:" + lab.FreePort(t), Upstream: upstream, Enabled: true},
		{Name: "y", Listen: "127.0.0.1:" + lab.FreePort(t), Upstream: upstream, Enabled: true}}
	made, err := c.Populate(config)
	if err != nil || len(made) != 2 || made[0].Name != "x" || !made[1].Enabled {
		t.Fatalf("populated: %v, %v", made, err)
	}
	if status, text := apiError(t, errorsOf(made[1].Disable())); status != 409 || text != "proxy already exists" {
		t.Errorf("what Populate returned is disabled: %d %s", status, text) // docs/toxiproxy.md says so
	}
	kept := dial(t, config[0].Listen)
	roundTrip(t, kept, noise(10))
	add(t, made[0], "latency", "downstream", toxiproxy.Attributes{"latency": 1})
	_, err = c.Populate(config)
	lab.Must(t, err)
	roundTrip(t, kept, noise(10))

	// Reset.
	y, err := c.Proxy("y") // those that Populate returns cannot be saved
	lab.Must(t, err)
	lab.Must(t, y.Disable())
	lab.Must(t, c.ResetState())
	all, err := c.Proxies()
	lab.Must(t, err)
	if len(all) != 3 {
		t.Errorf("there are %d proxies", len(all))
	}
	for name, p := range all {
		if !p.Enabled || len(p.ActiveToxics) != 0 {
			t.Errorf("after reset, %s is %+v", name, p)
		}
	}
	roundTrip(t, kept, noise(10))

	// The end.
	for _, p := range all {
		lab.Must(t, p.Delete())
	}
	if status, _ := apiError(t, errorsOf(all["x"].Delete())); status != 404 {
		t.Errorf("deleted twice: %d", status)
	}
	if _, err := kept.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("deleted, an open connection says %v", err)
	}
}

// errorsOf lets an error that may be nil be looked at as one.
func errorsOf(err error) error {
	if err == nil {
		return fmt.Errorf("no error")
	}
	return err
}

// The file that -config names is there before the API is, toxics included.
func TestConfigFile(t *testing.T) {
	listen := "127.0.0.1:" + lab.FreePort(t)
	file := filepath.Join(t.TempDir(), "toxiproxy.json")
	lab.Must(t, os.WriteFile(file, fmt.Appendf(nil, `[
		{"name": "p", "listen": %q, "upstream": %q, "toxics": [
			{"type": "limit_data", "stream": "downstream", "attributes": {"bytes": 3}}]},
		{"name": "off", "listen": "localhost:0", "upstream": "localhost:1", "enabled": false}]`, listen, echo(t)), 0o644))
	_, api := server(t, "-config", file)
	all, err := toxiproxy.NewClient(api).Proxies()
	if err != nil || len(all) != 2 || !all["p"].Enabled || all["off"].Enabled {
		t.Fatalf("there are %v, %v", all, err)
	}
	conn := dial(t, listen)
	io.WriteString(conn, "12345")
	if got, err := io.ReadAll(conn); string(got) != "123" || err != nil {
		t.Errorf("%q and %v came", got, err)
	}
}

// The counters move while a connection is open.
func TestMetricsAreLive(t *testing.T) {
	_, api := server(t, "-proxy-metrics", "-runtime-metrics")
	p, err := toxiproxy.NewClient(api).CreateProxy("counted", "localhost:0", echo(t))
	lab.Must(t, err)
	roundTrip(t, dial(t, p.Listen), noise(12345))
	lab.Poll(t, func() error {
		res, err := http.Get("http://" + api + "/metrics")
		lab.Must(t, err)
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		lab.Must(t, err)
		seen := 0
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "toxiproxy_proxy_") && strings.Contains(line, `proxy="counted"`) &&
				(strings.Contains(line, " 12345") || strings.Contains(line, " 1.2345e+04")) {
				seen++
			}
		}
		if seen < 2 {
			return fmt.Errorf("no 12345 bytes in:\n%s", text)
		}
		return nil
	})
}

// A half-closed connection gets its reply, and a reset stays one.
func TestEnds(t *testing.T) {
	_, p := proxied(t, backend(t, func(conn *net.TCPConn) {
		if got, _ := io.ReadAll(conn); string(got) == "reset" {
			conn.SetLinger(0)
			return
		}
		conn.Write(noise(300_000))
	}))
	conn := dial(t, p.Listen)
	conn.CloseWrite()
	if got, err := io.ReadAll(conn); len(got) != 300_000 || err != nil {
		t.Errorf("after a half-close came %d bytes, %v", len(got), err)
	}
	conn = dial(t, p.Listen)
	io.WriteString(conn, "reset")
	conn.CloseWrite()
	if _, err := io.ReadAll(conn); !isReset(err) {
		t.Errorf("after the backend's reset: %v", err)
	}
}

// No web page may drive the API.
func TestBrowsersAreRefused(t *testing.T) {
	_, api := server(t)
	for header, value := range map[string]string{
		"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)", "Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site",
	} {
		req, err := http.NewRequest("GET", "http://"+api+"/proxies", nil)
		lab.Must(t, err)
		req.Header.Set(header, value)
		res, err := http.DefaultClient.Do(req)
		lab.Must(t, err)
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s: %s %s", header, value, res.Status, text)
		}
		if header == "User-Agent" && !strings.Contains(string(text), "User agent not allowed") {
			t.Errorf("a browser is told %s", text)
		}
	}
}

// The commands of "vaurien ctl" go the same way.
func TestCtl(t *testing.T) {
	_, api := server(t)
	ctl := func(args ...string) string {
		return lab.Run(t, "vaurien", append([]string{"ctl", "--host", api}, args...)...)
	}
	ctl("create", "-l", "localhost:0", "-u", echo(t), "p")
	var all map[string]toxiproxy.Proxy
	lab.Must(t, json.Unmarshal([]byte(ctl("list", "--json")), &all))
	conn := dial(t, all["p"].Listen)
	roundTrip(t, conn, noise(10))
	ctl("toxic", "add", "-t", "limit_data", "-n", "few", "-a", "bytes=3", "p")
	io.WriteString(conn, "12345")
	if got, err := io.ReadAll(conn); len(got) > 3 || err != nil {
		t.Errorf("%q and %v came", got, err)
	}
	if text := ctl("inspect", "p"); !strings.Contains(text, "few") || !strings.Contains(text, "bytes=3") {
		t.Errorf("inspect prints %s", text)
	}
	ctl("toggle", "p")
	if !refused(all["p"].Listen) {
		t.Error("a disabled proxy accepts connections")
	}
	ctl("reset")
	roundTrip(t, dial(t, all["p"].Listen), noise(10))
	ctl("delete", "p")
	if text := ctl("list"); strings.Contains(text, "limit") {
		t.Errorf("list prints %s", text)
	}
}

// Beside other proxies, with their protocols: --toxiproxy.
func TestBesideOthers(t *testing.T) {
	p, listen := lab.Vaurien(t, "--proxy", "localhost:0", "--backend", echo(t), "--toxiproxy", "localhost:0")
	api := p.Wait(`Toxiproxy API started" url=http://(\S+)`)
	c := toxiproxy.NewClient(api)
	mine, err := c.Proxy("default")
	lab.Must(t, err)
	if mine.Listen != listen {
		t.Errorf("%s is not %s", mine.Listen, listen)
	}
	conn := dial(t, listen)
	roundTrip(t, conn, noise(10))
	add(t, mine, "reset_peer", "downstream", toxiproxy.Attributes{"timeout": 0})
	if _, err := conn.Read(make([]byte, 1)); !isReset(err) {
		t.Errorf("the connection ends with %v", err)
	}
}
