package vaurien_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A proxy that answers in the backend's place, until its plan changes.
func Example() {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "hello")
	}))
	defer backend.Close()

	cfg, err := builtin.Registry().Build(spec.Proxy{
		Settings: option.Values{
			"proxy":    {Text: "localhost:0"},
			"backend":  {Text: strings.TrimPrefix(backend.URL, "http://")},
			"protocol": {Text: "http"},
		},
		Plan: spec.Single("error", option.Values{"code": {Text: "503"}}, ""),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	proxy, err := vaurien.Listen(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	proxy.Start()
	defer proxy.Close()

	get := func() {
		res, err := http.Get("http://" + proxy.Addr().String())
		if err != nil {
			fmt.Println(err)
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		fmt.Println(res.StatusCode, strings.Contains(string(body), "hello"))
	}
	get()
	proxy.SetPlan(nil)
	get()
	// Output:
	// 503 false
	// 200 true
}

// Behaviors are made of behaviors: the first three requests of a backend that
// starts are late, and one in ten after them.
func ExampleChain() {
	kind := func(name string, options option.Values) vaurien.Behavior {
		b, err := builtin.Registry().Behavior(name, options, "", vaurien.TCP{})
		if err != nil {
			panic(err)
		}
		return b
	}
	slow := kind("delay", option.Values{"sleep": {Text: "2s"}})
	plan := vaurien.NewPlan(vaurien.Chain(
		vaurien.First(3, slow),
		vaurien.After(3, vaurien.Sometimes(10, slow)),
	))
	_ = plan // for Proxy.SetPlan, or a Config
	fmt.Println(slow.Points())
	// Output: Request
}
