package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestListeners(t *testing.T) {
	table := `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4A38 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:4650 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
`
	six := `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000
`
	ports := map[int]bool{}
	addListeners(ports, table)
	addListeners(ports, six)
	addListeners(ports, "no table")
	if want := map[int]bool{0x4A38: true, 0x1F90: true}; !maps.Equal(ports, want) {
		t.Errorf("listeners: %v, want %v", ports, want)
	}
}

func TestPickCurves(t *testing.T) {
	all := func() []scaleCurve { return scaleCurves(time.Second) }
	describe := func(cs []scaleCurve) string {
		var b strings.Builder
		for _, c := range cs {
			b.WriteString(c.name + ":")
			for _, v := range c.series {
				b.WriteString(" " + v.name)
			}
			b.WriteString("; ")
		}
		return b.String()
	}
	got, err := pickCurves(all(), "", "", "")
	if err != nil || describe(got) != describe(all()) {
		t.Errorf("all of them: %s, %v", describe(got), err)
	}
	got, err = pickCurves(all(), "proxies,sizes", "vaurien,nginx", "16,256")
	if want := "proxies: vaurien; sizes: vaurien nginx; "; err != nil || describe(got) != want {
		t.Errorf("some of them: %s, %v; want %s", describe(got), err, want)
	}
	for _, c := range got {
		if !slices.Equal(c.xs, []int{16, 256}) {
			t.Errorf("%s is measured at %v", c.name, c.xs)
		}
	}
	for _, x := range []struct{ curves, only, at, want string }{
		{"proxys", "", "", `-curves: there is no "proxys"`},
		{"proxies", "nginx", "", `-only: these curves have no "nginx"`},
		{"", "", "16,no", `-x: "no"`},
		{"", "", "0", `-x: "0"`},
	} {
		if _, err := pickCurves(all(), x.curves, x.only, x.at); err == nil || !strings.HasPrefix(err.Error(), x.want) {
			t.Errorf("-curves %q -only %q -x %q: %v, want %s …", x.curves, x.only, x.at, err, x.want)
		}
	}
}

// TestSeriesNames makes sure that a line can be told from every other.
func TestSeriesNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range scaleCurves(time.Second) {
		for _, v := range c.series {
			if n := c.name + "/" + v.name; seen[n] || strings.Contains(v.name, ",") {
				t.Errorf("%s: twice, or with a comma, which -only could not name", n)
			} else {
				seen[n] = true
			}
		}
	}
}

func TestDrawOf(t *testing.T) {
	if got, want := drawOf(2), "0.000000001:delay,0.000000001:error"; got != want {
		t.Errorf("two: %s, want %s", got, want)
	}
	if n := len(strings.Split(drawOf(50), ",")); n != 50 {
		t.Errorf("fifty: %d", n)
	}
}

func TestHarmonicMean(t *testing.T) {
	// 100 at 100 a second and 100 at 50 a second take 3 s.
	if got := harmonicMean(100, 50); round(got, 6) != round(200.0/3, 6) {
		t.Errorf("%g, want 66.7", got)
	}
}

func TestRESPMessage(t *testing.T) {
	for _, size := range []int{respLeast, 64, respMost} {
		if b := respMessage(size); len(b) != size {
			t.Errorf("%d bytes for %d: %q", len(b), size, b)
		}
	}
	if got, want := string(respMessage(respLeast)), "*2\r\n$4\r\nECHO\r\n$10\r\nxxxxxxxxxx\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestRTTLoadCheck(t *testing.T) {
	good := rttLoad{conns: 64, active: 64, ports: 1, size: 64, dur: time.Second}
	if err := good.check(); err != nil {
		t.Errorf("a good load: %v", err)
	}
	for flag, spoil := range map[string]func(*rttLoad){
		"-conns":  func(l *rttLoad) { l.conns = 0 },
		"-active": func(l *rttLoad) { l.active = 65 },
		"-ports":  func(l *rttLoad) { l.ports = 65 },
		"-size":   func(l *rttLoad) { l.size = hdrLen - 1 },
		"-size ":  func(l *rttLoad) { l.resp, l.size = true, respMost+1 },
	} {
		l := good
		spoil(&l)
		if err := l.check(); err == nil || !strings.HasPrefix(err.Error(), strings.TrimSpace(flag)) {
			t.Errorf("%s is wrong, and check says %v", flag, err)
		}
	}
}
