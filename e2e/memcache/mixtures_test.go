package memcache

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// A mixture of commands, many in one write or one in many, gets the very bytes
// that it gets from the server itself.
func TestMixtures(t *testing.T) {
	for name, speak := range map[string]func(*rand.Rand) string{"text": textMixture, "meta": metaMixture, "binary": binaryMixture} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(3) {
				said := speak(rand.New(rand.NewPCG(seed, 1)))
				throughPlans(t, func(t *testing.T, addr string) string {
					c := dial(t, addr)
					go func() {
						rng := rand.New(rand.NewPCG(seed, 2))
						for rest := said; rest != ""; {
							n := min(len(rest), 1+rng.IntN(3000))
							if rng.IntN(4) == 0 {
								n = min(len(rest), 1+rng.IntN(10))
							}
							c.Write([]byte(rest[:n]))
							rest = rest[n:]
						}
					}()
					var got strings.Builder
					if _, err := c.r.WriteTo(&got); err != nil {
						t.Error(err)
					}
					return got.String()
				})
			}
		})
	}
}

func value(rng *rand.Rand) string {
	b := make([]byte, []int{0, 1, 5, 100, 3000}[rng.IntN(5)])
	for i := range b {
		b[i] = "END\r\nVALUE 1"[rng.IntN(12)]
	}
	return string(b)
}

func textMixture(rng *rand.Rand) string {
	var b strings.Builder
	noreply := func() string { return []string{"", "", " noreply"}[rng.IntN(3)] }
	key := func() string { return fmt.Sprint("key", rng.IntN(8)) }
	for range 400 {
		v := value(rng)
		switch rng.IntN(14) {
		case 0, 1, 2:
			fmt.Fprintf(&b, "set %s %d 0 %d%s\r\n%s\r\n", key(), rng.IntN(9), len(v), noreply(), v)
		case 3:
			fmt.Fprintf(&b, "%s %s 0 0 %d%s\r\n%s\r\n", []string{"add", "replace", "append", "prepend"}[rng.IntN(4)], key(), len(v), noreply(), v)
		case 4:
			fmt.Fprintf(&b, "cas %s 0 0 %d %d%s\r\n%s\r\n", key(), len(v), rng.IntN(50), noreply(), v)
		case 5, 6, 7:
			fmt.Fprintf(&b, "%s %s %s %s\r\n", []string{"get", "gets", "gat 1000", "gats 1000"}[rng.IntN(4)], key(), key(), key())
		case 8:
			fmt.Fprintf(&b, "delete %s%s\n", key(), noreply())
		case 9:
			fmt.Fprintf(&b, "set n 0 0 2\r\n10\r\nincr n %d%s\r\n", rng.IntN(50), noreply())
		case 10:
			fmt.Fprintf(&b, "touch %s 1000%s\r\n", key(), noreply())
		case 11:
			fmt.Fprintf(&b, "set %s 0 0 2000000%s\r\n%s\r\n", key(), noreply(), strings.Repeat("x", 2_000_000))
		case 12:
			b.WriteString([]string{
				"foo bar\r\n", "\r\n", "set k 0 0 x\r\nhello\r\n", "set k 0 0 4\r\ninvalid\r\n", "incr k\r\n", "get\r\n", "set k 0 0 -1\r\nhello\r\n",
				"set " + strings.Repeat("k", 251) + " 0 0 5\r\nhello\r\n", "set k 0 0\r\nhello\r\n", "flush_all noreply\r\n", "shutdown\r\n",
			}[rng.IntN(11)])
		case 13:
			b.WriteString([]string{"version\r\n", "verbosity 0\r\n", "stats reset\r\n", "stats detail dump\r\n", "mn\r\n", "stats foo\r\n", "flush_all\r\n"}[rng.IntN(7)])
		}
	}
	return b.String() + "quit\r\n"
}

func metaMixture(rng *rand.Rand) string {
	var b strings.Builder
	opaque := 0
	command := func(quiet, mark string) {
		opaque++
		flags := strings.ReplaceAll(mark, "%", fmt.Sprint(opaque)) + quiet
		key, v := fmt.Sprint("key", rng.IntN(8)), value(rng)
		if strings.Contains(mark, "k") {
			key = fmt.Sprint("key", opaque%20) // those in flight differ
		}
		switch rng.IntN(5) {
		case 0, 1:
			fmt.Fprintf(&b, "mg %s v f c%s\r\n", key, flags)
		case 2:
			fmt.Fprintf(&b, "ms %s %d T1000%s%s\r\n%s\r\n", key, len(v), []string{"", " ME", " MA", " C5"}[rng.IntN(4)], flags, v)
		case 3:
			fmt.Fprintf(&b, "md %s%s\r\n", key, flags)
		case 4:
			fmt.Fprintf(&b, "ma number N1000 J5 v%s\r\n", strings.ReplaceAll(flags, " k", ""))
		}
	}
	for range 200 {
		switch rng.IntN(4) {
		case 0:
			command("", "")
		case 1: // told by mn, whatever is said
			for range rng.IntN(10) {
				command(" q", "")
			}
			if rng.IntN(4) == 0 {
				fmt.Fprintf(&b, "ms big 2000000 q\r\n%s\r\nmg bad bad flags q\r\n", strings.Repeat("x", 2_000_000))
			}
			b.WriteString("mn\r\n")
		case 2: // told by opaques; no errors here
			fmt.Fprintf(&b, "mn\r\nset number 0 0 1\r\n5\r\n")
			for range rng.IntN(10) {
				command(" q", " O%")
			}
			command("", " O%")
		case 3:
			fmt.Fprintf(&b, "mn\r\nset key1 0 0 1\r\n5\r\nget key1 key2\r\n")
			for i := range rng.IntN(8) {
				fmt.Fprintf(&b, "mg key%d v k q\r\n", i)
			}
			fmt.Fprintf(&b, "mg key9 v k\r\n")
		}
	}
	return b.String() + "mn\r\nquit\r\n"
}

func binaryMixture(rng *rand.Rand) string {
	var b strings.Builder
	for i := range uint32(400) {
		key, v, quiet := fmt.Sprint("key", rng.IntN(8)), value(rng), byte(0)
		opaque := rng.IntN(2) * int(i) // some clients have always the same
		if rng.IntN(40) == 0 {
			v = strings.Repeat("x", 2_000_000)
		}
		if rng.IntN(2) == 0 {
			quiet = 1
		}
		send := func(opcodes [2]byte, extras, value string, cas uint64) {
			b.WriteString(request(opcodes[quiet], uint32(opaque), extras, key, value, cas))
		}
		switch rng.IntN(9) {
		case 0, 1:
			send([][2]byte{{0x00, 0x09}, {0x0c, 0x0d}}[rng.IntN(2)], noExtras, "", 0)
		case 2:
			send([][2]byte{{0x1d, 0x1e}, {0x23, 0x24}}[rng.IntN(2)], "\x00\x00\x10\x00", "", 0)
		case 3, 4:
			send([][2]byte{{0x01, 0x11}, {0x02, 0x12}, {0x03, 0x13}}[rng.IntN(3)], zeroFlags, v, uint64(rng.IntN(3)*rng.IntN(30)))
		case 5:
			send([][2]byte{{0x0e, 0x19}, {0x0f, 0x1a}}[rng.IntN(2)], noExtras, v, 0)
		case 6:
			send([2]byte{0x04, 0x14}, noExtras, "", 0)
		case 7:
			key = "number"
			send([][2]byte{{0x05, 0x15}, {0x06, 0x16}}[rng.IntN(2)], countOnly[:16]+zeroTime, "", 0)
		case 8:
			b.WriteString(request([]byte{0x0a, 0x0b}[rng.IntN(2)], uint32(opaque), noExtras, "", "", 0))
		}
		if rng.IntN(30) == 0 {
			b.WriteString(request(0x10, uint32(opaque), noExtras, "detail dump", "", 0))
		}
	}
	return b.String() + request(0x07, 9, noExtras, "", "", 0)
}
