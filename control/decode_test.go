package control_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
)

// FuzzDecode feeds the readers of bodies with anything: none may panic; what
// one refuses it must say where; and a plan that it takes must be a draw, be
// valid JSON, and be the same when it is written and read again.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"plan": "20:delay,5:error", "options": {"delay": {"sleep": 2}}, "for": "30s"}`,
		`{"plan": [{"weight": 20, "name": "delay", "options": {"sleep": "150ms"}}], "for": 1e3}`,
		`{"entries": [{"name": "hang"}], "plan": "100:hang", "for": ""}`,
		`{"name": "delay", "sleep": 2.50, "before": false}`,
		`{"proxy": "localhost:8000", "plan": [], "behaviors": {"delay": {"sleep": "1s"}}, "protocols": {"http": {}}}`,
		`{"a": {"a": 1, "A": 2}}`, `[[[[`, `{"plan": "\ud800"}`, "{}\x00", `{"for": 99999999999999999999}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		check := func(err error) {
			if err == nil {
				return
			}
			all := option.Errors(err)
			if len(all) == 0 {
				t.Fatalf("%q: an error without a place: %v", body, err)
			}
			for _, e := range all {
				if e.Place == "" || e.Problem == "" || strings.ContainsAny(e.Place, "\r\n") {
					t.Fatalf("%q: an error that does not say where or what: %#v", body, e)
				}
			}
		}
		_, err := control.DecodeNamed(body)
		check(err)
		_, err = control.DecodeProxy("web", body)
		check(err)
		change, err := control.DecodeChange(body)
		check(err)
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("%q was taken and is not JSON", body)
		}
		if err := change.Plan.Check(""); err != nil {
			t.Fatalf("%q was taken: %v", body, err)
		}
		var entries []map[string]any
		for _, e := range change.Plan.Entries {
			options := make(map[string]string)
			for name, v := range e.Options {
				options[name] = v.Text
			}
			entries = append(entries, map[string]any{"weight": e.Weight, "name": e.Name, "options": options})
		}
		if entries == nil {
			entries = []map[string]any{}
		}
		again, err := json.Marshal(map[string]any{"plan": entries, "for": change.For.String()})
		if err != nil {
			t.Fatal(err)
		}
		second, err := control.DecodeChange(again)
		if err != nil || second.For != change.For || second.Plan.Draw() != change.Plan.Draw() {
			t.Fatalf("%q was written as %q and read as %+v, %v", body, again, second, err)
		}
	})
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	change, err := control.DecodeChange([]byte(`{"plan": [{"name": "x", "options": {"a": 18446744073709551615, "b": 1.10, "c": 1e400, "d": true}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "18446744073709551615", "b": "1.10", "c": "1e400", "d": "true"} {
		if got := change.Plan.Entries[0].Options[name]; got.Text != want || got.Place != "plan[0].options."+name {
			t.Errorf("%s is %+v, want %s", name, got, want)
		}
	}
}

func TestAllThatIsWrongIsSaid(t *testing.T) {
	_, err := control.DecodeProxy("web", []byte(`{"plan": "200:x", "timeout": [], "nonsense": 1, "behaviors": {"delay": {"sleep": {}}, "hang": 3}}`))
	var places []string
	for _, e := range option.Errors(err) {
		places = append(places, e.Place)
	}
	if got, want := strings.Join(places, " "), "plan timeout nonsense behaviors.delay.sleep behaviors.hang"; got != want {
		t.Errorf("errors at %q, want %q: %v", got, want, errors.Unwrap(err))
	}
}
