// Package metrics reads what vaurien tells of itself as its users do: with a
// real Prometheus, and with the dashboard for Grafana.
package metrics

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }

// A world is a vaurien with traffic, and the address of its control API.
type world struct {
	t        testing.TB
	api      string
	web, raw string // its proxies
}

const program = `
http: 127.0.0.1:%[1]s
ledger: %[2]s
proxies:
  web:
    proxy: 127.0.0.1:%[3]s
    backend: %[4]s
    protocol: http
    behavior: 30:delay,30:error
    behaviors:
      delay: {sleep: 5ms}
  raw:
    proxy: 127.0.0.1:%[5]s
    backend: %[4]s
    toxics:
      - {name: slow, behavior: latency, latency: 2ms}
  down:
    proxy: 127.0.0.1:%[6]s
    backend: 127.0.0.1:%[7]s
`

func newWorld(t testing.TB) *world {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }))
	t.Cleanup(backend.Close)
	dir := t.TempDir()
	w := &world{t: t, api: lab.FreePort(t), web: lab.FreePort(t), raw: lab.FreePort(t)}
	down, nobody := lab.FreePort(t), lab.FreePort(t)
	file := filepath.Join(dir, "vaurien.yaml")
	lab.Must(t, os.WriteFile(file, fmt.Appendf(nil, program, w.api, filepath.Join(dir, "run.jsonl"), w.web,
		backend.Listener.Addr(), w.raw, down, nobody), 0o644))
	p, _ := lab.Vaurien(t, "--config", file)
	p.Wait("control API started")
	if conn, err := net.Dial("tcp", "127.0.0.1:"+down); err == nil {
		io.ReadAll(conn)
		conn.Close()
	}
	return w
}

// traffic sends requests through the proxies.
func (w *world) traffic() {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, port := range []string{w.web, w.raw} {
		for range 20 {
			if res, err := client.Get("http://127.0.0.1:" + port + "/"); err == nil {
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
		}
	}
}

func get(url string) (string, error) {
	res, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, text)
	}
	return string(text), err
}

// TestPrometheus: a real server, with native histograms and without, has an
// answer to everything that the dashboard asks.
func TestPrometheus(t *testing.T) {
	t.Run("classic", func(t *testing.T) { testPrometheus(t) })
	t.Run("native", func(t *testing.T) { testPrometheus(t, "--enable-feature=native-histograms") })
}

func testPrometheus(t *testing.T, flags ...string) {
	w := newWorld(t)
	w.traffic()
	p := newPrometheus(t, w.api, "", flags...)
	questions := newDashboard(t).questions()
	if len(flags) > 0 {
		questions["native"] = "histogram_count(sum(rate(vaurien_client_latency_seconds[10s]))) > 0"
	}
	for where, expr := range questions {
		lab.Poll(t, func() error {
			w.traffic() // a rate needs some that is new
			if err := p.answers(expr); err != nil {
				return fmt.Errorf("%s: %w", where, err)
			}
			return nil
		})
	}
	page := lab.Run(t, "sh", "-c", "curl -s http://127.0.0.1:"+w.api+"/metrics | promtool check metrics 2>&1")
	if page != "" {
		t.Errorf("promtool says:\n%s", page)
	}
}

// A prometheus is a server that asks a vaurien.
type prometheus struct{ url string }

// newPrometheus starts one; settings are more of the job that it asks for.
func newPrometheus(t testing.TB, api, settings string, flags ...string) prometheus {
	dir, port := t.TempDir(), lab.FreePort(t)
	file := filepath.Join(dir, "prometheus.yml")
	lab.Must(t, os.WriteFile(file, fmt.Appendf(nil, `
scrape_configs:
- job_name: vaurien
  scrape_interval: 500ms
  static_configs: [{targets: ["127.0.0.1:%s"]}]
%s`, api, settings), 0o644))
	lab.Start(t, nil, "prometheus", append(flags, "--config.file="+file, "--storage.tsdb.path="+dir,
		"--web.listen-address=127.0.0.1:"+port)...)
	p := prometheus{"http://127.0.0.1:" + port}
	lab.Poll(t, func() error { _, err := get(p.url + "/-/ready"); return err })
	return p
}

// answers returns an error if there is no answer to expr, or one that is no
// number.
func (p prometheus) answers(expr string) error {
	text, err := get(p.url + "/api/v1/query?query=" + url.QueryEscape(expr))
	if err != nil {
		return err
	}
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return err
	}
	for _, r := range answer.Data.Result {
		if v, ok := r.Value[1].(string); ok && v != "NaN" {
			return nil
		}
	}
	return fmt.Errorf("no answer to %s: %s", expr, text)
}

// TestToken: Prometheus' credentials are the token.
func TestToken(t *testing.T) {
	api := lab.FreePort(t)
	p, _ := lab.Vaurien(t, "--proxy", "127.0.0.1:0", "--backend", "127.0.0.1:1", "--http", "127.0.0.1:"+api, "--http-token", "secret")
	p.Wait("control API started")
	server := newPrometheus(t, api, "  authorization: {credentials: secret}\n")
	lab.Poll(t, func() error { return server.answers(`vaurien_proxy_enabled{proxy="default"} == 1`) })
}
