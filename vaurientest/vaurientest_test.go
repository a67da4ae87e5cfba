package vaurientest_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/vaurientest"
)

// Plans come over each other and go again, and what is beneath goes on where it
// was.
func TestWith(t *testing.T) {
	t.Parallel()
	p := vaurientest.New(t, server(t))
	want := func(t *testing.T, answer string) {
		t.Helper()
		if got := get(p, "/x"); got != answer {
			t.Errorf("the answer is %q, not %q", got, answer)
		}
	}
	want(t, "/x")
	t.Run("outer", func(t *testing.T) {
		p.With(t, "error", vaurientest.Options{"code": 503, "first": 2})
		want(t, "503")
		t.Run("inner", func(t *testing.T) {
			p.With(t, "blackout")
			want(t, "no answer")
			p.With(t, "100:error", vaurientest.Options{"code": "418"})
			want(t, "418")
		})
		want(t, "503")
		want(t, "/x")
	})
	want(t, "/x")
	if n := p.Fired("error"); n != 3 {
		t.Errorf("error fired %d times", n)
	}
	p.Forget()
	if n := p.Fired("error"); n != 0 {
		t.Errorf("error fired %d times since they were forgotten", n)
	}
}

// Plans of tests that run at the same time end in any order.
func TestWithInAnyOrder(t *testing.T) {
	t.Parallel()
	p := vaurientest.New(t, server(t))
	var clean []func()
	in := func(f func(t testing.TB)) {
		fk := &fake{TB: t, name: t.Name()}
		f(fk)
		clean = append(clean, fk.clean)
	}
	in(func(t testing.TB) { p.With(t, "error", vaurientest.Options{"code": 500}) })
	in(func(t testing.TB) { p.With(t, "error", vaurientest.Options{"code": 501}) })
	in(func(t testing.TB) { p.With(t, "error", vaurientest.Options{"code": 502}) })
	for i, step := range []struct {
		ends int
		want string
	}{{0, "502"}, {2, "501"}, {1, "/x"}} {
		clean[step.ends]()
		if got := get(p, "/x"); got != step.want {
			t.Errorf("after step %d the answer is %q, not %q", i, got, step.want)
		}
	}
}

// A behavior of the test's own.
func TestWithBehavior(t *testing.T) {
	t.Parallel()
	p := vaurientest.New(t, server(t))
	p.WithBehavior(t, "teapot", teapot{})
	if got := get(p, "/x"); got != "418" || p.Fired("teapot") != 1 {
		t.Errorf("the answer is %q, and it fired %d times", got, p.Fired("teapot"))
	}
}

type teapot struct{}

func (teapot) Points() vaurien.Point { return vaurien.Request }

func (teapot) Act(e *vaurien.Event, _ vaurien.Next) error {
	return e.Fail(vaurien.Failure{Code: "418"})
}

// Everything that New can be told.
func TestOptions(t *testing.T) {
	t.Parallel()
	address := strings.TrimPrefix(server(t), "http://")
	p := vaurientest.New(t, address,
		vaurientest.Name("web"), vaurientest.Seed(42), vaurientest.Setting("draw", "connection"),
		vaurientest.Protocol("http", vaurientest.Options{"overwrite_host_header": true}),
		vaurientest.Toxic("latency", vaurientest.Options{"latency": time.Millisecond}),
		vaurientest.Behavior("60:error,40:delay", vaurientest.Options{"error.code": 503, "delay.sleep": "1ms"}))
	if p.Seed() != 42 {
		t.Errorf("the seed is %d", p.Seed())
	}
	if got := p.URL(); got != "http://"+p.Addr() {
		t.Errorf("the URL is %s", got)
	}
	for range 20 {
		get(p, "/x")
	}
	if e, d, l := p.Fired("error"), p.Fired("delay"), p.Fired("latency"); e+d != 20 || e < 5 || d < 2 || l != 20 {
		t.Errorf("error fired %d times, delay %d, latency %d", e, d, l)
	}
	if got, want := vaurientest.New(t, "redis://user@localhost:1/3").URL(), "redis://user@127.0.0.1:"; !strings.HasPrefix(got, want) {
		t.Errorf("the URL is %s, not %s…", got, want)
	}
}

// The same seed gives the same fates; proxies of one test have different ones.
func TestSeed(t *testing.T) {
	backend := server(t)
	fates := func(options ...vaurientest.Option) (all string) {
		failed, said := try(t, "TestDice", func(t testing.TB) {
			p := vaurientest.New(t, backend, append(options, vaurientest.Behavior("50:error", vaurientest.Options{"code": 503}))...)
			for range 32 {
				all += get(p, "/x") + " "
			}
		})
		if failed {
			t.Error(said)
		}
		return all
	}
	once := fates(vaurientest.Seed(7))
	if again := fates(vaurientest.Seed(7)); again != once {
		t.Error("the same seed gave other fates")
	}
	if fates(vaurientest.Seed(7), vaurientest.Name("other")) == once {
		t.Error("another name gave the same fates")
	}
	t.Setenv("VAURIEN_SEED", "7")
	if fates() != once {
		t.Error("VAURIEN_SEED is not heeded")
	}
	if fates(vaurientest.Seed(8)) == once {
		t.Error("VAURIEN_SEED went over the test's own seed")
	}
}

// A test that fails says with which seed, and what there was.
func TestReport(t *testing.T) {
	t.Parallel()
	backend := server(t)
	fail := func(options ...vaurientest.Option) string {
		_, said := try(t, "TestY/a_(b)", func(t testing.TB) {
			p := vaurientest.New(t, backend, options...)
			vaurientest.New(t, backend, options...)
			p.With(t, "error", vaurientest.Options{"code": 503})
			get(p, "/x")
			p.WaitExchanges(t, 1)
			t.Errorf("failed")
		})
		return said
	}
	said := fail(vaurientest.Setting("seed", 12))
	for _, want := range []string{
		"TestY/a_(b)/http\nconnections: 1 (", "TestY/a_(b)/http-2\nconnections: 0 (",
		`1.1  GET path="/x"`, "error: fail 503", "answered after",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in\n%s", want, said)
		}
	}
	if strings.Contains(said, "go test") {
		t.Errorf("a test with a seed of its own need not be told how to have it:\n%s", said)
	}
	if said = fail(); strings.Count(said, ` go test -run '^TestY$/^a_\(b\)$' ./vaurientest`) != 1 || !strings.Contains(said, ": VAURIEN_SEED=") {
		t.Errorf("it is not said once how to run it again:\n%s", said)
	}
	if failed, said := try(t, "TestX", func(t testing.TB) { vaurientest.New(t, backend) }); failed || said != "" {
		t.Errorf("a test that passes says\n%s", said)
	}
}

// What is wrong is said in one line.
func TestMistakes(t *testing.T) {
	t.Parallel()
	type options = []vaurientest.Option
	for _, tt := range []struct {
		backend string
		options options
		with    func(t testing.TB, p *vaurientest.Proxy)
		want    string
	}{
		{backend: "8000", want: `"8000" is not an address: write HOST:PORT, as in localhost:8000`},
		{backend: "redis://", want: `"redis://" is not a URL with a host, as in redis://localhost:6379`},
		{backend: "amqp://queue", want: `"amqp://queue" has no port: write it, as in amqp://queue:8000`},
		{options: options{vaurientest.Protocol("rdis")}, want: `unknown protocol "rdis": did you mean "redis"? known:`},
		{options: options{vaurientest.Behavior("20:dely")}, want: `unknown behavior "dely": did you mean "delay"? known:`},
		{options: options{vaurientest.Behavior("120:delay")}, want: `120:delay: a percentage is from 0 to 100`},
		{options: options{vaurientest.Behavior("")}, want: `the draw is empty`},
		{options: options{vaurientest.Toxic("latency", vaurientest.Options{"latncy": 1})}, want: `unknown option: did you mean "latency"?`},
		{options: options{vaurientest.Setting("drew", "auto")}, want: `drew: unknown option: did you mean "draw"?`},
		{options: options{vaurientest.Setting("backend", "x:1")}, want: `setting backend: New's backend`},
		{options: options{vaurientest.Setting("timeout", t)}, want: `setting timeout: a *testing.T is no value`},
		{with: func(t testing.TB, p *vaurientest.Proxy) { p.With(t, "dely") }, want: `unknown behavior "dely"`},
		{with: func(t testing.TB, p *vaurientest.Proxy) { p.With(t, "error", vaurientest.Options{"kind": "nosuch"}) },
			want: `behavior error: kind: unknown kind "nosuch"`},
		{with: func(t testing.TB, p *vaurientest.Proxy) { p.With(t, "error", vaurientest.Options{"match": "pth == 1"}) },
			want: `behavior error: match: column 1: unknown attribute "pth": did you mean "path"?`},
		{with: func(t testing.TB, p *vaurientest.Proxy) {
			p.With(t, "5:error,5:delay", vaurientest.Options{"sleep": 1})
		},
			want: `option sleep: whose is it? The plan is 5:error,5:delay: write "error.sleep"`},
		{with: func(t testing.TB, p *vaurientest.Proxy) { p.With(t, "delay", vaurientest.Options{"dely.sleep": 1}) },
			want: `option dely.sleep: there is no behavior "dely" in the plan delay`},
		{with: func(t testing.TB, p *vaurientest.Proxy) { p.With(t, "delay", vaurientest.Options{"sleep": []int{1}}) },
			want: `option sleep: a []int is no value: write a string, a bool, a number or a time.Duration`},
		{with: func(_ testing.TB, p *vaurientest.Proxy) { p.Fired("eror") }, want: `Fired: unknown behavior "eror": did you mean "error"?`},
		{with: func(_ testing.TB, p *vaurientest.Proxy) { p.Exchanges("pth == 1") }, want: `Exchanges: pth == 1: column 1: unknown attribute`},
		{with: func(t testing.TB, p *vaurientest.Proxy) { p.WaitExchanges(t, 1, "verb") }, want: `WaitExchanges: verb: column 1: a condition is true or false`},
		{with: func(t testing.TB, p *vaurientest.Proxy) { p.HoldNext(t, "verb = 1") }, want: `HoldNext: verb = 1: column 6: write == to compare`},
		{with: func(t testing.TB, p *vaurientest.Proxy) { p.HoldNext(t, "").Fail("nosuch") }, want: `HoldNext(): Fail: behavior error: kind: unknown kind "nosuch"`},
		{with: func(t testing.TB, p *vaurientest.Proxy) { p.HoldReply(t, "").Fail("") }, want: `HoldReply(): Fail: a reply cannot fail any more`},
	} {
		t.Run(tt.want, func(t *testing.T) {
			failed, said := try(t, "TestX", func(t testing.TB) {
				backend := tt.backend
				if backend == "" {
					backend = "http://localhost:1"
				}
				p := vaurientest.New(t, backend, tt.options...)
				if tt.with != nil {
					tt.with(t, p)
				}
			})
			first, _, _ := strings.Cut(said, "\n")
			if !failed || !strings.Contains(first, tt.want) {
				t.Errorf("it says\n%s\nnot\n%s", said, tt.want)
			}
		})
	}
	var none *vaurientest.Listener
	if _, said := try(t, "TestX", func(t testing.TB) { vaurientest.New(t, none) }); !strings.Contains(said, "the backend is nil") {
		t.Error(said)
	}
}

func TestBadSeedInTheEnvironment(t *testing.T) {
	t.Setenv("VAURIEN_SEED", "seven")
	_, said := try(t, "TestX", func(t testing.TB) { vaurientest.New(t, "localhost:1") })
	if want := `vaurientest: VAURIEN_SEED: seed: "seven" is not a seed`; !strings.HasPrefix(said, want) {
		t.Errorf("it says\n%s\nnot\n%s", said, want)
	}
}

// In memory, time is the bubble's: an hour's delay takes none.
func TestInMemory(t *testing.T) {
	for _, kind := range []string{"listener", "function"} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := vaurientest.Listen()
				s := &http.Server{Handler: echo}
				go s.Serve(l)
				t.Cleanup(func() { s.Close() })
				var p *vaurientest.Proxy
				if kind == "listener" {
					p = vaurientest.New(t, l, vaurientest.Protocol("http"))
				} else {
					behind := vaurientest.New(t, l)
					p = vaurientest.New(t, behind.Dial, vaurientest.Protocol("http"))
				}
				p.With(t, "delay", vaurientest.Options{"sleep": time.Hour})
				begin := time.Now()
				if got := get(p, "/x"); got != "/x" {
					t.Errorf("the answer is %q", got)
				}
				if took := time.Since(begin); took != time.Hour {
					t.Errorf("it took %v", took)
				}
				x := p.WaitExchanges(t, 1, `path == "/x"`)[0]
				if len(x.Deeds) != 1 || x.Deeds[0].For != time.Hour || !x.Answered || x.Ended.Sub(x.Arrived) != time.Hour {
					t.Errorf("the exchange: %v", x)
				}
			})
		})
	}
}

// A backend that nobody serves does not keep the test from ending.
func TestNobodyAccepts(t *testing.T) {
	t.Parallel()
	p := vaurientest.New(t, vaurientest.Listen())
	c, err := p.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p = vaurientest.New(t, func(ctx context.Context) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if c, err = p.Dial(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
}

// Many proxies in one process know nothing of each other.
func TestMany(t *testing.T) {
	backend := server(t)
	for range 20 {
		t.Run("one", func(t *testing.T) {
			t.Parallel()
			p := vaurientest.New(t, backend)
			if got := get(p, "/x"); got != "/x" {
				t.Errorf("the answer is %q", got)
			}
			p.With(t, "error", vaurientest.Options{"code": 503})
			if got := get(p, "/x"); got != "503" || p.Fired("error") != 1 || len(p.Exchanges()) != 2 {
				t.Errorf("the answer is %q; error fired %d times in\n%v", got, p.Fired("error"), p.Exchanges())
			}
		})
	}
}
