package control_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
)

// BenchmarkPutPlan is a change of the plan by the API, from the request to the
// reply, without a connection. The plans are not the same, as a change that is
// none costs less.
func BenchmarkPutPlan(b *testing.B) {
	d, _ := controltest.NewDaemon(b, controltest.Registry())
	if _, err := d.Put(b.Context(), controltest.Web()); err != nil {
		b.Fatal(err)
	}
	h := control.NewHandler(d, control.HandlerOptions{})
	plans := [2]string{`{"plan": "20:delay,0.5:error"}`, `{"plan": "10:delay,1:error"}`}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r := httptest.NewRequest(http.MethodPut, "http://localhost:8080/proxies/web/plan", strings.NewReader(plans[i%2]))
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}
