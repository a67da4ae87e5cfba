package control_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
	"github.com/vaurien-proxy/vaurien/metrics"
)

// TestMetrics: what is told is told to those who may use the API.
func TestMetrics(t *testing.T) {
	d, _ := controltest.NewDaemon(t, builtin.Registry())
	told := metrics.Handler(metrics.Options{Proxies: d, Recorder: metrics.NewRecorder()})
	if _, err := d.Put(t.Context(), controltest.Web()); err != nil {
		t.Fatal(err)
	}
	get := func(h http.Handler, header, value string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "http://localhost/metrics?from=anywhere", nil)
		r.Header.Set(header, value)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	h := control.NewHandler(d, control.HandlerOptions{Token: "t", Metrics: told})
	if w := get(h, "Authorization", "Bearer t"); w.Code != 200 || !strings.Contains(w.Body.String(), `vaurien_proxy_enabled{proxy="web"} 1`) ||
		!strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := get(h, "Authorization", "Bearer x"); w.Code != 401 {
		t.Errorf("with a wrong token: %d", w.Code)
	}
	open := control.NewHandler(d, control.HandlerOptions{Metrics: told})
	if w := get(open, "Origin", "http://evil.example"); w.Code != 403 {
		t.Errorf("from another origin: %d", w.Code)
	}
	if w := get(open, "Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"); w.Code != 200 ||
		!strings.HasPrefix(w.Header().Get("Content-Type"), "application/vnd.google.protobuf") {
		t.Errorf("protocol buffers: %d %v", w.Code, w.Header())
	}
	none := get(control.NewHandler(d, control.HandlerOptions{}), "Accept", "*/*")
	if want := `{"error":"this server tells no metrics: its setting metrics chooses which"}`; none.Code != 404 ||
		strings.TrimSpace(none.Body.String()) != want {
		t.Errorf("without metrics: %d %s", none.Code, none.Body)
	}
	if w := do(control.NewToxiproxyHandler(d, control.HandlerOptions{}), "GET", "/metrics", ""); w.Code != 404 {
		t.Errorf("without metrics, Toxiproxy's API: %d %s", w.Code, w.Body)
	}
}
