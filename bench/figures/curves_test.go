package main

import (
	"path/filepath"
	"strings"
	"testing"
)

const testCurves = `{"curve":"connections","series":"vaurien","x":9000,"round":1,"m":{"proxy_cpu_ms_per_1k":30,"rss_kb_per_conn":2}}
{"curve":"connections","series":"vaurien","x":1,"round":1,"m":{"proxy_cpu_ms_per_1k":50}}
{"curve":"connections","series":"vaurien","x":1,"round":2,"m":{"proxy_cpu_ms_per_1k":60}}
{"curve":"connections","series":"toxiproxy","x":9000,"round":1,"err":"start: exited"}
{"curve":"sizes","series":"vaurien","x":1048576,"round":1,"m":{"gbit_s":8}}
`

func TestScale(t *testing.T) {
	name := filepath.Join(t.TempDir(), "scale.jsonl")
	write(t, name, testCurves)
	c, err := readCurves(name)
	if err != nil {
		t.Fatal(err)
	}
	got := scaleTables(c)
	for _, want := range []string{
		"| 1 | Vaurien |  |  |  | 55 |  |  |\n| 9,000 | Vaurien |  |  |  | 30 | 2 |  |\n|  | Toxiproxy | failed |",
		"| 1 MiB | Vaurien | 8 |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	svg, err := drawScale(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Vaurien", "9,000", "1 MiB", "fill:#FFFFFF"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("no %q in the picture", want)
		}
	}
	if strings.Contains(string(svg), "Toxiproxy") {
		t.Error("the picture names a series that it does not draw")
	}
}

func TestMicro(t *testing.T) {
	name := filepath.Join(t.TempDir(), "micro.txt")
	write(t, name, `goos: linux
goarch: amd64
pkg: github.com/vaurien-proxy/vaurien/behavior
cpu: A
BenchmarkPiece/64B-2   10   1000 ns/op   64.00 MB/s   0 B/op   0 allocs/op
BenchmarkPiece/64B-2   10   2000 ns/op   32.00 MB/s   0 B/op   0 allocs/op
BenchmarkPiece/64B-2   10   1500 ns/op   43.00 MB/s   2048 B/op   1 allocs/op
PASS
`)
	got, err := microTables(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<summary>behavior</summary>", "| Piece/64B | 1.5 µs | ", "| 43 MB | 0 B | 0 |\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		byteSize(16): "16 B", byteSize(4096): "4 KiB", byteSize(1 << 30): "1 GiB",
		count(1): "1", count(9000): "9,000", count(1234567): "1,234,567",
		duration(210): "210 µs", duration(1500): "1.5 ms",
		named("vaurien"): "Vaurien", named("toxiproxy idle"): "Toxiproxy, idle", named("direct"): "direct",
		inUnit(0, "sec/op"): "0 ns", inUnit(2.5e-3, "sec/op"): "2.5 ms", inUnit(3<<20, "B/op"): "3 MiB",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
