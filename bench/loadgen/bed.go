package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ports, all on 127.0.0.1
const (
	listenPort = 18000
	adminPort  = 18474
	rawPort    = 19000
	redisPort  = 19379
	pgPort     = 19432
	httpPort   = 19080
)

// bed is what measurements are made on: the backends that run, each in a
// process of its own, and the folder for the logs and files of all that is
// started.
type bed struct {
	dir   string // absolute; made by newBed
	peers string // folder of the peers' scripts
	procs processes
	pid   map[string]int // of the backends that run, by kind
	port  map[string]int // of each kind of backend
}

// newBed makes the folder. Whoever interrupts the program ends what it started.
func newBed(dir, peers string) *bed {
	raiseNoFile()
	os.MkdirAll(dir, 0o755)
	abs, err := filepath.Abs(dir)
	if err != nil {
		fatal("-dir: %v", err)
	}
	b := &bed{dir: abs, peers: peers, pid: map[string]int{},
		port: map[string]int{"raw": rawPort, "redis": redisPort, "pg": pgPort, "http": httpPort}}
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-sig
		b.procs.stopAll()
		os.Exit(1)
	}()
	return b
}

// busy is the CPU time that all of the machine has used, in seconds.
func busy() float64 {
	b, _ := os.ReadFile("/proc/stat")
	f := strings.Fields(strings.SplitN(string(b), "\n", 2)[0])
	var s float64
	for i, x := range f[1:] {
		if i == 3 || i == 4 || i >= 8 { // idle, iowait, guest
			continue
		}
		v, _ := strconv.ParseFloat(x, 64)
		s += v
	}
	return s / clkTck
}

func ncpu() float64 {
	b, _ := os.ReadFile("/proc/stat")
	n := 0.0
	for _, l := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(l, "cpu") && !strings.HasPrefix(l, "cpu ") {
			n++
		}
	}
	return n
}

// joinShares puts this process, and so all that it starts, into a cgroup (v1)
// of that weight.
func joinShares(shares int) {
	g := "/sys/fs/cgroup/cpu/loadgen"
	os.MkdirAll(g, 0o755)
	if os.WriteFile(g+"/cpu.shares", []byte(strconv.Itoa(shares)), 0o644) != nil ||
		os.WriteFile(g+"/cgroup.procs", []byte(strconv.Itoa(os.Getpid())), 0o644) != nil {
		fmt.Fprintln(os.Stderr, "loadgen: no cgroup v1 cpu controller; -shares ignored")
	}
}
