package client_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/vaurien-proxy/vaurien/client"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
)

func TestMetrics(t *testing.T) {
	d, _ := controltest.NewDaemon(t, controltest.Registry())
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "in "+r.Header.Get("Accept"))
	})
	o := control.HandlerOptions{Token: "s3cret", Metrics: page}
	got, err := serve(t, d, o, client.WithToken("s3cret")).Metrics(t.Context(), "text/plain")
	if err != nil || string(got) != "in text/plain" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := serve(t, d, o).Metrics(t.Context(), ""); !errors.Is(err, client.ErrRefused) {
		t.Errorf("without a token: %v", err)
	}
	if _, err := serve(t, d, control.HandlerOptions{}).Metrics(t.Context(), ""); err == nil || errors.Is(err, client.ErrUnreachable) {
		t.Errorf("of a server that has none: %v", err)
	}
}
