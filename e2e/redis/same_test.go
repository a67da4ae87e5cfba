package redis

import (
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// plans are those under which everything is as it is without a proxy.
var plans = [][]string{
	{"--behavior", "100:dummy"},
	{"--behavior", "30:delay", "--behavior-delay-sleep", "3ms"},
}

// proxied runs test through a proxy of the server under each of the plans, and
// checks that no session became tcp.
func proxied(t *testing.T, addr string, test func(t *testing.T, addr string)) {
	for _, plan := range plans {
		t.Run(strings.Join(plan[1:2], " "), func(t *testing.T) {
			p, through := lab.Vaurien(t, append([]string{"--protocol", "redis", "--proxy", "127.0.0.1:0", "--backend", addr}, plan...)...)
			test(t, through)
			p.Stop()
			if strings.Contains(p.Out.String(), "goes on as tcp") {
				t.Errorf("a session became tcp:\n%s", p.Out)
			}
		})
	}
}

// A talk is sent in one piece.
type talk struct{ name, said string }

// words writes lines of words as commands.
func words(lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		args := strings.Fields(line)
		fmt.Fprintf(&b, "*%d\r\n", len(args))
		for _, a := range args {
			fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
		}
	}
	return b.String()
}

var talks = []talk{
	{"strings", words("SET k v", "GET k", "GET none", "APPEND k w", "MSET a 1 b 2", "MGET a none b", "INCR a", "NOSUCH x", "GET")},
	{"lower case", words("set k v", "get k", "config get maxmemory")},
	{"inline", "PING\r\nset k \"a b\\x41\"\r\nGET k\r\n\r\n   \r\nget 'k'\nECHO \"\"\r\n"},
	{"nothing between", words("PING") + "*0\r\n\r\n*-1\r\n" + words("PING")},
	{"binary", "*3\r\n$3\r\nSET\r\n$4\r\n\r\n$1\r\n$5\r\n\x00\xff*1\r\r\n*2\r\n$3\r\nGET\r\n$4\r\n\r\n$1\r\n"},
	{"large", words("SET k "+strings.Repeat("x", 1<<20), "GET k", "STRLEN k", "MSET a "+strings.Repeat("y", 20000)+" b "+strings.Repeat("z", 20000)+" c 1", "MGET a b c")},
	{"collections", words("RPUSH l a b c", "LRANGE l 0 -1", "LRANGE none 0 -1", "HSET h f v g w", "HGETALL h", "SADD s x", "SMEMBERS s", "ZADD z 1.5 m", "ZRANGE z 0 -1 WITHSCORES", "GEOADD g 13.3 38.1 P", "GEOPOS g P none", "XADD x 1-1 f v", "XRANGE x - +", "XREAD STREAMS x 0", "XINFO STREAM x")},
	{"many", words("DEBUG POPULATE 5000", "EXISTS key:1", "EVAL return{1,{2,{3,{}}},'x',false} 0", "COMMAND COUNT", "COMMAND INFO get set")},
	{"transactions", words("MULTI", "SET k v", "INCR n", "EXEC", "MULTI", "DISCARD", "EXEC", "MULTI", "GET", "SET k w", "EXEC", "GET k", "WATCH k", "MULTI", "GET k", "EXEC", "MULTI", "MULTI", "WATCH k", "EXEC", "MULTI", "EXEC x", "GET k")},
	{"publish and subscribe", words("SUBSCRIBE a b a", "PSUBSCRIBE p*", "PING", "PING x", "SSUBSCRIBE s", "GET k", "UNSUBSCRIBE a", "UNSUBSCRIBE", "PUNSUBSCRIBE", "UNSUBSCRIBE none", "SUNSUBSCRIBE", "GET k")},
	{"RESP3", words("HELLO 3", "SET k v", "HSET h f v", "HGETALL h", "GET none", "SADD s x", "SMEMBERS s", "ZADD z 1.5 m", "ZSCORE z m", "CONFIG GET maxmemory")},
	{"types", words("HELLO 3", "DEBUG PROTOCOL string", "DEBUG PROTOCOL integer", "DEBUG PROTOCOL double", "DEBUG PROTOCOL null", "DEBUG PROTOCOL array", "DEBUG PROTOCOL set", "DEBUG PROTOCOL map", "DEBUG PROTOCOL attrib", "DEBUG PROTOCOL push", "DEBUG PROTOCOL verbatim", "DEBUG PROTOCOL true", "DEBUG PROTOCOL false", "DEBUG PROTOCOL bignum", "HELLO 2", "DEBUG PROTOCOL map", "DEBUG PROTOCOL attrib")},
	{"pushed inside", words("HELLO 3", "CLIENT TRACKING ON", "GET k", "MULTI", "SET k v", "DEBUG PROTOCOL push", "DEBUG PROTOCOL attrib", "GET k", "EXEC", "GET k")},
	{"RESP3 messages", words("HELLO 3", "SUBSCRIBE a b", "PUBLISH a x", "PUBLISH b y", "PSUBSCRIBE *", "PUBLISH a z", "GET k", "UNSUBSCRIBE", "PUNSUBSCRIBE", "GET k")},
	{"invalidation", words("HELLO 3", "CLIENT TRACKING ON", "SET k v", "GET k", "SET k w", "GET k", "FLUSHALL", "GET k")},
	{"unheard", words("CLIENT REPLY OFF", "SET k v", "CLIENT REPLY ON", "CLIENT REPLY SKIP", "GET k", "GET k", "CLIENT REPLY OFF", "RESET", "PING")},
	{"subscribed unheard", words("CLIENT REPLY OFF", "SUBSCRIBE a", "UNSUBSCRIBE a", "CLIENT REPLY ON", "PING")},
	{"reset", words("SELECT 1", "MULTI", "RESET", "GET k", "HELLO 3", "SUBSCRIBE a", "RESET", "PING")},
	{"monitor", words("MONITOR", "GET k", "SET k v", "RESET")},
	{"blocking", words("BLPOP none 0.01", "BRPOPLPUSH none other 0.01", "RPUSH l a", "BLPOP l 0", "WAIT 0 1")},
	{"scripts", words("EVAL return(KEYS[1]) 1 k", "EVALSHA ffffffffffffffffffffffffffffffffffffffff 0", "SCRIPT EXISTS ff", "FUNCTION LIST")},
	{"errors", words("GET", "GET a b", "INCRBY k x", "LPUSH s", "SET k v", "LPUSH k v", "SELECT 99", "AUTH a", "HELLO 9", "CLIENT REPLY x", "CONFIG GET")},
	{"goodbye", words("PING", "QUIT", "PING")},
	{"protocol error", words("PING") + "*1\r\n+PING\r\n"},
}

// varies is what differs from run to run: the client's ID, the monitor's times.
var varies = regexp.MustCompile(`\$2\r\nid\r\n:\d+|\+\d+\.\d{6} \[\d 127\.0\.0\.1:\d+\]`)

// answers returns all that the server says to a talk: up to a mark behind it,
// or to its end.
func answers(t *testing.T, addr string, said string) string {
	t.Helper()
	c := dial(t, addr)
	c.must("FLUSHALL")
	c.must("SELECT 0")
	const mark = "the mark behind the talk"
	go io.WriteString(c, said+words("RESET")+"*2\r\n$4\r\nECHO\r\n$24\r\n"+mark+"\r\n")
	var b strings.Builder
	buf := make([]byte, 64<<10)
	for !strings.HasSuffix(b.String(), mark+"\r\n") {
		n, err := c.r.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			b.WriteString("[" + "end" + "]")
			break
		}
	}
	c.Close()
	return varies.ReplaceAllString(b.String(), "(varies)")
}

func TestSameAsDirect(t *testing.T) {
	addr := server(t, "--enable-debug-command", "yes")
	want := make(map[string]string)
	for _, talk := range talks {
		want[talk.name] = answers(t, addr, talk.said)
	}
	for _, plan := range plans {
		p, through := lab.Vaurien(t, append([]string{"--protocol", "redis", "--proxy", "127.0.0.1:0", "--backend", addr}, plan...)...)
		for _, talk := range talks {
			if got := answers(t, through, talk.said); got != want[talk.name] {
				t.Errorf("%s, %v:\n%.2000q\ndirect:\n%.2000q", talk.name, plan, got, want[talk.name])
			}
		}
		p.Stop()
		if n := strings.Count(p.Out.String(), "goes on as tcp"); n != 2 { // the protocol error, and what is subscribed unheard
			t.Errorf("%v: %d sessions became tcp:\n%s", plan, n, p.Out)
		}
	}
}

// redis-cli, with its own inline and RESP3 modes, and mass insertion.
func TestRedisCLI(t *testing.T) {
	addr := server(t, "--enable-debug-command", "yes")
	const many = 100_000
	var b strings.Builder
	for i := range many {
		b.WriteString(words(fmt.Sprintf("SET key:%d value:%d", i, i)))
	}
	mass := b.String()
	cli := func(t *testing.T, addr, in string, args ...string) string {
		t.Helper()
		_, port, _ := strings.Cut(addr, ":")
		cmd := exec.Command("redis-cli", append([]string{"-p", port}, args...)...)
		cmd.Stdin = strings.NewReader(in)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("redis-cli %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	script := "FLUSHALL\nMULTI\nSET a 1\nINCR a\nEXEC\nHSET h f v\nHGETALL h\nLPUSH l 1 2 3\nLRANGE l 0 -1\nNOSUCH\nEVAL 'return {1,2,{3}}' 0\n"
	talk := func(t *testing.T, addr string) string {
		return cli(t, addr, script) + cli(t, addr, script, "-3") + cli(t, addr, "", "FLUSHALL") +
			cli(t, addr, mass, "--pipe") + cli(t, addr, "", "DEBUG", "DIGEST") + cli(t, addr, "", "DBSIZE")
	}
	want := talk(t, addr)
	if !strings.Contains(want, fmt.Sprintf("errors: 0, replies: %d", many)) {
		t.Fatalf("direct: %s", want)
	}
	proxied(t, addr, func(t *testing.T, through string) {
		if got := talk(t, through); got != want {
			t.Errorf("got:\n%s\ndirect:\n%s", got, want)
		}
	})
}

func TestRedisBenchmark(t *testing.T) {
	addr := server(t)
	proxied(t, addr, func(t *testing.T, through string) {
		_, port, _ := strings.Cut(through, ":")
		requests := "200000"
		if strings.Contains(t.Name(), "delay") {
			requests = "20000"
		}
		out := lab.Run(t, "redis-benchmark", "-p", port, "-P", "16", "-q", "-n", requests, "-r", "10000", "-t", "set,get,incr,lpush,lrange_100,mset")
		if strings.Contains(strings.ToLower(out), "err") || strings.Count(out, "requests per second") < 6 {
			t.Errorf("%s", out)
		}
		for line := range strings.SplitSeq(out, "\r") {
			if strings.Contains(line, "requests per second") {
				t.Log(strings.TrimSpace(line))
			}
		}
	})
}
