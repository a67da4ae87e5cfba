package behavior

import (
	"bytes"
	"io"
	"math"
	"math/rand/v2"
	"testing"
	"testing/iotest"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// The jitter's mean and deviation are what the options say, whichever way it
// is distributed. A hundred thousand draws of a fixed seed: the bounds are five
// standard errors, and the result is always the same.
func TestDelayDistributions(t *testing.T) {
	const n, sleep, jitter = 100_000, 10 * time.Second, 100 * time.Millisecond
	for _, tt := range []struct {
		name      string
		deviation float64 // of the draws, in jitters
		kurtosis  float64 // of the distribution; the pareto's is infinite, so that its deviation is not compared
	}{{"uniform", 1 / math.Sqrt(3), 1.8}, {"normal", 1, 3}, {"pareto", 1, math.Inf(1)}} {
		d := delay{sleep: sleep, jitter: jitter, distribution: tt.name}
		rng := rand.New(rand.NewPCG(1, 2))
		var sum, squares float64
		for range n {
			z := float64(d.draw(rng)-sleep) / float64(jitter)
			sum, squares = sum+z, squares+z*z
		}
		mean, deviation := sum/n, math.Sqrt(squares/n-sum/n*sum/n)
		if math.Abs(mean) > 5*tt.deviation/math.Sqrt(n) {
			t.Errorf("%s: the mean is off by %v jitters", tt.name, mean)
		}
		if bound := 5 * tt.deviation * math.Sqrt((tt.kurtosis-1)/4/n); !math.IsInf(bound, 1) && math.Abs(deviation-tt.deviation) > bound {
			t.Errorf("%s: the deviation is %v jitters, want %v", tt.name, deviation, tt.deviation)
		}
	}
}

// A wait is never less than nothing, and never so long that it overflows.
func TestDelayIsBounded(t *testing.T) {
	for _, name := range []string{"uniform", "normal", "pareto"} {
		d := delay{sleep: 0, jitter: 24 * time.Hour, distribution: name}
		rng := rand.New(rand.NewPCG(3, 4))
		for range 10_000 {
			if w := d.draw(rng); w < 0 || w > 48*time.Hour {
				t.Fatalf("%s: %v", name, w)
			}
		}
	}
}

// However the reply is written, the noise stands once, behind what is skipped,
// and the rest is whole.
func TestInjectorKeepsTheRest(t *testing.T) {
	const head, body = "HEAD\r\n\r\n", "0123456789abcdefghij"
	for size := 1; size <= len(head)+len(body); size++ {
		var got bytes.Buffer
		w := &injector{e: new(vaurien.Event), w: &got, skip: len(head), noise: []byte("<noise>")}
		pieces := iotest.OneByteReader(bytes.NewReader([]byte(head + body)))
		for {
			p := make([]byte, size)
			n, err := io.ReadFull(pieces, p)
			if n > 0 {
				if m, err := w.Write(p[:n]); m != n || err != nil {
					t.Fatal(m, err)
				}
			}
			if err != nil {
				break
			}
		}
		i := bytes.Index(got.Bytes(), []byte("<noise>"))
		if i < len(head) {
			t.Fatalf("pieces of %d: noise at %d: %q", size, i, got.Bytes())
		}
		if rest := bytes.Replace(got.Bytes(), []byte("<noise>"), nil, 1); string(rest) != head+body {
			t.Errorf("pieces of %d: %q", size, got.Bytes())
		}
	}
}
