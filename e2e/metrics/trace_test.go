package metrics

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// TestTrace: the trace of a request that was made to fail is in the log, in the
// ledger, and has a span of ours.
func TestTrace(t *testing.T) {
	posted := make(chan string, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if r.URL.Path != "/v1/traces" || r.Header.Get("Api-Key") != "secret" || err != nil {
			t.Errorf("%s %s %v, %v", r.Method, r.URL, r.Header, err)
		}
		posted <- string(body)
	}))
	defer collector.Close()
	ledger := filepath.Join(t.TempDir(), "run.jsonl")
	p, addr := lab.Vaurien(t, "--proxy", "127.0.0.1:0", "--backend", "127.0.0.1:1", "--protocol", "http", "--behavior", "100:error",
		"--ledger", ledger, "--otlp-endpoint", collector.URL, "--otlp-headers", "api-key=secret")

	const trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	lab.Run(t, "curl", "-s", "-H", "traceparent: 00-"+trace+"-"+parent+"-01", "http://"+addr+"/")
	p.Wait("fault.* trace_id=" + trace)
	body := <-posted
	for _, part := range []string{`"traceId":"` + trace + `"`, `"parentSpanId":"` + parent + `"`, `"name":"vaurien error"`} {
		if !strings.Contains(body, part) {
			t.Errorf("no %s in\n%s", part, body)
		}
	}
	lab.Poll(t, func() error {
		text, err := os.ReadFile(ledger)
		if err == nil && !strings.Contains(string(text), `"trace_id":"`+trace+`"`) {
			err = fmt.Errorf("the trace is not in\n%s", text)
		}
		return err
	})
}
