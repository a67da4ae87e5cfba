package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// target is what one run loads: the backend itself, or a proxy before it.
type target struct {
	port        int
	proxy, bpid int
	slow        bool
}

type cell struct {
	name    string
	backend string // raw, redis, pg, http
	fault   string // none, delay, rate
	delayMS float64
	jitter  float64 // ms, either way
	rate    float64
	rounds  int // 0: as asked for
	run     func(t target) (map[string]float64, error)
}

func raw(args ...string) func(target) (map[string]float64, error) {
	return func(t target) (map[string]float64, error) {
		exe, _ := os.Executable()
		a := append([]string{args[0], "-addr", fmt.Sprintf("127.0.0.1:%d", t.port), "-pid", strconv.Itoa(t.proxy),
			"-backend-pid", strconv.Itoa(t.bpid)}, args[1:]...)
		out, _, err := runCmd(90*time.Second, exe, a...)
		if err != nil {
			return nil, fmt.Errorf("%v: %s", err, out)
		}
		var m map[string]any
		if err := json.Unmarshal(out, &m); err != nil {
			return nil, fmt.Errorf("%v: %s", err, out)
		}
		r := map[string]float64{}
		for k, v := range m {
			if f, ok := v.(float64); ok {
				r[k] = f
			}
		}
		return r, nil
	}
}

// tool runs an outside load generator, measures CPU around it.
func tool(name string, args func(t target) []string, parse func(out string, m map[string]float64) float64) func(target) (map[string]float64, error) {
	return func(t target) (map[string]float64, error) {
		m := startMeter(t.proxy, t.bpid)
		out, st, err := runCmd(120*time.Second, name, args(t)...)
		if err != nil {
			return nil, fmt.Errorf("%s: %v: %.300s", name, err, out)
		}
		k := m.stop()
		r := map[string]float64{"cpu_proxy_user_s": k.ProxyUser, "cpu_proxy_sys_s": k.ProxySys, "cpu_proxy_s": k.Proxy,
			"cpu_backend_s": k.Backend, "cpu_gen_s": (st.UserTime() + st.SystemTime()).Seconds()}
		ops := parse(string(out), r)
		if ops <= 0 {
			return nil, fmt.Errorf("%s: cannot read its output: %.300s", name, out)
		}
		r["proxy_cpu_ms_per_1k"] = round(k.Proxy*1e3/(ops/1e3), 4)
		return r, nil
	}
}

func redisCell(pipeline, n int) func(target) (map[string]float64, error) {
	count := func(t target) int {
		if t.slow {
			return n / 20
		}
		return n
	}
	var ops float64
	return tool("redis-benchmark", func(t target) []string {
		k := count(t)
		ops = float64(2 * k)
		return []string{"-h", "127.0.0.1", "-p", strconv.Itoa(t.port), "-c", "50", "-n", strconv.Itoa(k),
			"-P", strconv.Itoa(pipeline), "-t", "set,get", "-r", "100000", "--csv"}
	}, func(out string, m map[string]float64) float64 {
		found := 0
		for _, l := range strings.Split(out, "\n") {
			f := strings.Split(strings.ReplaceAll(strings.TrimSpace(l), `"`, ""), ",")
			if len(f) < 8 || (f[0] != "SET" && f[0] != "GET") {
				continue
			}
			found++
			p := strings.ToLower(f[0]) + "_"
			m[p+"rps"], _ = strconv.ParseFloat(f[1], 64)
			m[p+"p50_ms"], _ = strconv.ParseFloat(f[4], 64)
			m[p+"p99_ms"], _ = strconv.ParseFloat(f[6], 64)
		}
		if found != 2 {
			return 0
		}
		return ops
	})
}

var (
	reTPS = regexp.MustCompile(`tps = ([0-9.]+)`)
	reTx  = regexp.MustCompile(`actually processed: (\d+)`)
	reLat = regexp.MustCompile(`latency average = ([0-9.]+) ms`)
	reRPS = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	reReq = regexp.MustCompile(`(\d+) requests in`)
	rePct = regexp.MustCompile(`(?m)^\s+(50|99)%\s+([0-9.]+)(us|ms|s)`)
	reBad = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
)

func num(re *regexp.Regexp, s string) float64 {
	m := re.FindStringSubmatch(s)
	if m == nil {
		return 0
	}
	v, _ := strconv.ParseFloat(m[1], 64)
	return v
}

func pgCell(t target) (map[string]float64, error) {
	return tool("pgbench", func(t target) []string {
		return []string{"-h", "127.0.0.1", "-p", strconv.Itoa(t.port), "-U", "postgres", "-n", "-S", "-M", "prepared",
			"-c", "8", "-j", "1", "-T", "2", "bench"}
	}, func(out string, m map[string]float64) float64 {
		m["tps"] = round(num(reTPS, out), 0)
		m["lat_avg_ms"] = num(reLat, out)
		return num(reTx, out)
	})(t)
}

func wrkCell(t target) (map[string]float64, error) {
	return tool("wrk", func(t target) []string {
		return []string{"-t1", "-c32", "-d2s", "--latency", fmt.Sprintf("http://127.0.0.1:%d/small.html", t.port)}
	}, func(out string, m map[string]float64) float64 {
		m["rps"] = round(num(reRPS, out), 0)
		for _, p := range rePct.FindAllStringSubmatch(out, -1) {
			v, _ := strconv.ParseFloat(p[2], 64)
			switch p[3] {
			case "us":
				v /= 1e3
			case "s":
				v *= 1e3
			}
			m["p"+p[1]+"_ms"] = v
		}
		if b := reBad.FindStringSubmatch(out); b != nil {
			for _, x := range b[1:] {
				v, _ := strconv.ParseFloat(x, 64)
				m["errors"] += v
			}
		}
		return num(reReq, out)
	})(t)
}

func cells() []cell {
	return []cell{
		{name: "bulk-1-down", backend: "raw", run: raw("bulk", "-conns", "1", "-dir", "down", "-bytes", "2147483648", "-max-time", "2500ms")},
		{name: "bulk-8-up", backend: "raw", run: raw("bulk", "-conns", "8", "-dir", "up", "-bytes", "2147483648", "-max-time", "2500ms")},
		{name: "rtt-1x64", backend: "raw", run: raw("rtt", "-conns", "1", "-size", "64")},
		{name: "rtt-1x1k", backend: "raw", run: raw("rtt", "-conns", "1", "-size", "1024")},
		{name: "rtt-64x64", backend: "raw", run: raw("rtt", "-conns", "64", "-size", "64")},
		{name: "rtt-64x1k", backend: "raw", run: raw("rtt", "-conns", "64", "-size", "1024")},
		{name: "churn-32", backend: "raw", run: raw("churn", "-conc", "32", "-n", "6000", "-max-time", "2s")},
		{name: "idle-2000", backend: "raw", rounds: 2, run: raw("idle", "-conns", "2000")},
		{name: "idle-5000", backend: "raw", rounds: 2, run: raw("idle", "-conns", "5000")},
		{name: "redis-p1", backend: "redis", run: redisCell(1, 40000)},
		{name: "redis-p16", backend: "redis", run: redisCell(16, 320000)},
		{name: "pgbench", backend: "pg", run: pgCell},
		{name: "wrk", backend: "http", run: wrkCell},
		{name: "delay-10ms-1c", backend: "raw", fault: "delay", delayMS: 10, rounds: 3, run: raw("delay", "-delay", "10", "-conns", "1")},
		{name: "delay-10ms-200c", backend: "raw", fault: "delay", delayMS: 10, rounds: 3, run: raw("delay", "-delay", "10", "-conns", "200")},
		{name: "delay-100ms-1c", backend: "raw", fault: "delay", delayMS: 100, rounds: 3, run: raw("delay", "-delay", "100", "-conns", "1")},
		{name: "delay-100ms-200c", backend: "raw", fault: "delay", delayMS: 100, rounds: 3, run: raw("delay", "-delay", "100", "-conns", "200")},
		{name: "delay-bulk-1c", backend: "raw", fault: "delay", delayMS: 100, rounds: 3, run: raw("bulk", "-conns", "1", "-dir", "down", "-bytes", "2147483648", "-max-time", "3s")},
		{name: "delay-bulk-4c", backend: "raw", fault: "delay", delayMS: 100, rounds: 3, run: raw("bulk", "-conns", "4", "-dir", "down", "-bytes", "2147483648", "-max-time", "3s")},
		{name: "delay-bulk-1s-1c", backend: "raw", fault: "delay", delayMS: 1000, rounds: 3, run: raw("bulk", "-conns", "1", "-dir", "down", "-bytes", "8589934592", "-max-time", "5s", "-from-first")},
		{name: "jitter-50ms-1c", backend: "raw", fault: "delay", delayMS: 50, jitter: 50, rounds: 3, run: raw("delay", "-delay", "50", "-conns", "1", "-time", "10s")},
		{name: "rate-100k", backend: "raw", fault: "rate", rate: 1e5, rounds: 3, run: raw("bw", "-rate", "100000", "-time", "4s")},
		{name: "rate-10m", backend: "raw", fault: "rate", rate: 1e7, rounds: 3, run: raw("bw", "-rate", "10000000", "-time", "4s")},
		{name: "rate-10m-20c", backend: "raw", fault: "rate", rate: 1e7, rounds: 3, run: raw("bw", "-rate", "10000000", "-time", "4s", "-conns", "20")},
	}
}

func (c cell) idle() bool { return strings.HasPrefix(c.name, "idle") }
