package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A starter runs the proxy of a series for a run at x, on the ports of in, which
// it completes. What it has measured meanwhile it puts into m.
type starter func(s *scale, in *instance, x int, c cell, m map[string]float64) error

// script starts a peer by its script, with more environment.
func script(name string, env ...string) starter {
	return func(s *scale, in *instance, _ int, c cell, _ map[string]float64) error {
		in.peer = peer{name: name, script: filepath.Join(s.peers, name)}
		in.env = env
		return s.start(in, c)
	}
}

// manyPort is the first of the ports of many proxies in one process.
const manyPort = 18100

// manyVauriens starts x proxies in one process.
func manyVauriens(s *scale, in *instance, x int, c cell, m map[string]float64) error {
	var file strings.Builder
	file.WriteString("log-level: warning\nproxies:\n")
	for i := range x {
		fmt.Fprintf(&file, "  p%d: {proxy: '127.0.0.1:%d', backend: '127.0.0.1:%d'}\n", i, manyPort+i, s.port[c.backend])
	}
	config := filepath.Join(s.dir, "many-vauriens.yaml")
	if err := os.WriteFile(config, []byte(file.String()), 0o644); err != nil {
		return err
	}
	return s.startMany(in, x, m, "vaurien", "--config", config)
}

// manyToxiproxies does so with Toxiproxy.
func manyToxiproxies(s *scale, in *instance, x int, c cell, m map[string]float64) error {
	type proxy struct {
		Name     string `json:"name"`
		Listen   string `json:"listen"`
		Upstream string `json:"upstream"`
		Enabled  bool   `json:"enabled"`
	}
	var all []proxy
	for i := range x {
		all = append(all, proxy{fmt.Sprintf("p%d", i), fmt.Sprintf("127.0.0.1:%d", manyPort+i),
			fmt.Sprintf("127.0.0.1:%d", s.port[c.backend]), true})
	}
	b, err := json.Marshal(all)
	if err != nil {
		return err
	}
	config := filepath.Join(s.dir, "many-toxiproxies.json")
	if err := os.WriteFile(config, b, 0o644); err != nil {
		return err
	}
	return s.startMany(in, x, m, "toxiproxy-server", "-host", "127.0.0.1", "-port", fmt.Sprint(in.admin), "-config", config)
}

// startMany runs a program that is to listen on x ports, and takes the time
// until it listens on all, to a few milliseconds.
func (s *scale) startMany(in *instance, x int, m map[string]float64, program string, args ...string) error {
	in.port = manyPort
	for i := range x {
		waitFree(manyPort + i)
	}
	begin := time.Now()
	var err error
	in.cmd, in.done, err = s.procs.spawn(filepath.Join(s.dir, "many-"+program+".log"), []string{"LOG_LEVEL=error"}, filepath.Join(s.bin, program), args...)
	if err != nil {
		return err
	}
	in.pid = in.cmd.Process.Pid
	for !listenAll(manyPort, x) {
		select {
		case <-in.done:
			return errors.New("exited")
		case <-time.After(time.Millisecond):
		}
		if time.Since(begin) > 15*time.Second {
			return fmt.Errorf("not listening on %d ports in time", x)
		}
	}
	m["start_ms"] = round(float64(time.Since(begin).Microseconds())/1e3, 1)
	// What starting leaves behind is given back or reused by then, or never.
	time.Sleep(300 * time.Millisecond)
	m["rss_kb_started"] = float64(memory(in.pid, "VmRSS:"))
	return nil
}

// listenAll reports whether somebody listens on n ports from first on.
func listenAll(first, n int) bool {
	ports := listeners()
	for i := range n {
		if !ports[first+i] {
			return false
		}
	}
	return true
}

// toxiproxyToxics starts Toxiproxy with x toxics.
func toxiproxyToxics(s *scale, in *instance, x int, c cell, m map[string]float64) error {
	if err := script("toxiproxy")(s, in, x, c, m); err != nil {
		return err
	}
	return addToxics(in.admin, "p", x)
}

// vaurienToxics starts vaurien with the same toxics, by the same API.
func vaurienToxics(s *scale, in *instance, x int, c cell, m map[string]float64) error {
	api := fmt.Sprintf("E=--toxiproxy 127.0.0.1:%d", in.admin)
	if err := script("vaurien", "P=tcp", api)(s, in, x, c, m); err != nil {
		return err
	}
	return addToxics(in.admin, "default", x)
}

// addToxics adds x toxics to a proxy, by Toxiproxy's API, that let every byte to
// the client pass: limits that are never reached, the cheapest toxic that both
// programs really look at the bytes with.
func addToxics(admin int, proxy string, x int) error {
	for i := range x {
		body := fmt.Appendf(nil, `{"name":"t%d","type":"limit_data","stream":"downstream","attributes":{"bytes":%d}}`, i, int64(1)<<50)
		r, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/proxies/%s/toxics", admin, proxy), "application/json", bytes.NewReader(body))
		if err != nil {
			return err
		}
		r.Body.Close()
		if r.StatusCode != http.StatusOK {
			return fmt.Errorf("toxic %d: %s", i, r.Status)
		}
	}
	return nil
}
