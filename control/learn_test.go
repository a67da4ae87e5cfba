package control_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/behavior"
	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/control/controltest"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// withMine is what ships and a behavior "mine", whose option sleep has that
// default; one that refuses an option sleep of more than the default has a limit.
func withMine(sleep time.Duration, limit bool) *vaurien.Registry {
	return builtin.With([]vaurien.Kind{{Name: "mine", New: func(set *option.Set) vaurien.Make {
		var s time.Duration
		set.Duration(&s, "sleep", sleep, "how long")
		return func(p vaurien.Protocol) (vaurien.Behavior, error) {
			if limit && s > sleep {
				return nil, errors.New("too long")
			}
			var unused option.Set
			return behavior.Delay().New(&unused)(p)
		}
	}}}, nil)
}

// What behaviors are changes in the plans in force, also in the one that is put
// back later, and in toxics; what names none of them stays what it is.
func TestRenew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := controltest.NewDaemon(t, withMine(time.Second, false))
		defer d.Close()
		other := proxy("other", "other:1")
		put(t, d, proxy("default", "mine:1"))
		put(t, d, other)
		setPlan(t, d, "50:mine", "", 0)
		setPlan(t, d, "100:mine", "7s", time.Minute)
		if _, err := d.PutToxic(t.Context(), "", spec.Toxic{Name: "t", Behavior: "mine", Percent: 100}); err != nil {
			t.Fatal(err)
		}
		engine, unchanged := d.Engine("default"), d.Engine("other").Plan()

		// Refused: everything stays.
		before, plan := d.Registry(), engine.Plan()
		d.SetRegistry(withMine(2*time.Second, true))
		if err := d.Renew(t.Context(), "mine"); err == nil || err.Error() != "behavior mine: too long" {
			t.Errorf("%v", err)
		}
		d.SetRegistry(before)
		if engine.Plan() != plan {
			t.Error("the plan is another although it was refused")
		}

		d.SetRegistry(withMine(3*time.Second, false))
		if err := d.Renew(t.Context(), "mine"); err != nil {
			t.Fatal(err)
		}
		if engine.Plan() == plan || d.Engine("other").Plan() != unchanged {
			t.Error("not the plan that names the behavior was made anew, and that alone")
		}
		wantPlan(t, d, "100:mine", "7s", "1m")
		p, err := d.Proxy(t.Context(), "")
		if err != nil || p.Toxics[0].Options["sleep"] != "3s" {
			t.Errorf("the toxic is %v, %v", p.Toxics, err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		wantPlan(t, d, "50:mine", "3s", "")
		if d.Engine("default") != engine {
			t.Error("the proxy is another")
		}
	})
}
