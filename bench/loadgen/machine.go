package main

import (
	"debug/buildinfo"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// facts say where, when and of what a measurement was made. They are written
// when it is made, as the first line of its results, because a page is drawn
// later and perhaps elsewhere. What cannot be found out is left empty.
type facts struct {
	Date      string  `json:"date"` // UTC
	CPU       string  `json:"cpu"`
	CPUs      int     `json:"cpus"`
	MemoryGiB float64 `json:"memory_gib"`
	Kernel    string  `json:"kernel"`
	Go        string  `json:"go"` // that built Vaurien
	Vaurien   string  `json:"vaurien"`
	HAProxy   string  `json:"haproxy,omitempty"`
	Nginx     string  `json:"nginx,omitempty"`
	Toxiproxy string  `json:"toxiproxy,omitempty"`
}

func machineMain(args []string) {
	fs := flag.NewFlagSet("machine", flag.ExitOnError)
	bin := fs.String("bin", ".", "folder of the programs vaurien and toxiproxy-server")
	source := fs.String("source", ".", "git checkout that vaurien was built from")
	fs.Parse(args)
	model, _ := os.ReadFile("/proc/cpuinfo")
	memory, _ := os.ReadFile("/proc/meminfo")
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	kb, _ := strconv.ParseFloat(first(`(?m)^MemTotal:\s+(\d+) kB`, string(memory)), 64)
	f := facts{
		Date:      time.Now().UTC().Format(time.DateOnly),
		CPU:       first(`(?m)^model name\s*:\s*(.+)$`, string(model)),
		CPUs:      runtime.NumCPU(),
		MemoryGiB: round(kb/(1<<20), 1),
		Kernel:    strings.TrimSpace(string(kernel)),
		Vaurien:   output("git", "-C", *source, "describe", "--always", "--dirty"),
		HAProxy:   first(`version (\d[\d.]*\d)`, output("/usr/sbin/haproxy", "-v")),
		Nginx:     first(`nginx/([\d.]+)`, output("nginx", "-v")),
	}
	if info, err := buildinfo.ReadFile(filepath.Join(*bin, "vaurien")); err == nil {
		f.Go = strings.TrimPrefix(info.GoVersion, "go")
	}
	if info, err := buildinfo.ReadFile(filepath.Join(*bin, "toxiproxy-server")); err == nil {
		f.Toxiproxy = strings.TrimPrefix(info.Main.Version, "v")
	}
	if f.Vaurien == "" {
		fmt.Fprintf(os.Stderr, "loadgen machine: -source: %s is no git checkout: write the folder that vaurien was built from\n", *source)
		os.Exit(2)
	}
	emit(struct {
		Machine facts `json:"machine"`
	}{f})
}

// first is the first group of an expression's first match in a text.
func first(re, text string) string {
	if m := regexp.MustCompile(re).FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// output is what a command says on either stream, empty when it fails.
func output(name string, args ...string) string {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
