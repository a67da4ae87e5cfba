package client

import (
	"fmt"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// places says, for each field of a request's body, where its value was
// written, so that an error about the field can say so.
type places map[string]string

// add notes the places of options, and of a section of them as a whole.
func (p places) add(path, section string, values option.Values) {
	for key, v := range values {
		place := v.Place
		if place == "" {
			place = section
		}
		p[path+"."+key] = place
	}
}

func encodeChange(change control.PlanChange) (any, places) {
	from := places{"for": ""}
	body := map[string]any{"plan": encodePlan(change.Plan, from)}
	if change.For != 0 {
		body["for"] = change.For.String()
	}
	return body, from
}

// encodePlan writes a plan as a list, which keeps each entry's own options.
func encodePlan(plan spec.Plan, from places) any {
	entries := make([]map[string]any, 0, len(plan.Entries))
	from["plan"] = ""
	for i, e := range plan.Entries {
		path := fmt.Sprintf("plan[%d]", i)
		entries = append(entries, map[string]any{
			"weight": e.Weight, "name": e.Name, "options": texts(e.Options),
		})
		from[path+".name"] = e.Place
		from.add(path+".options", "behavior "+e.Name, e.Options)
		if from["plan"] == "" {
			from["plan"] = e.Place
		}
	}
	return entries
}

func encodeProxy(p spec.Proxy) (any, places) {
	from := places{"name": p.Place}
	body := make(map[string]any)
	for name, v := range p.Settings {
		body[name] = v.Text
		from[name] = v.Place
	}
	delete(body, "behavior") // a spec.Proxy has it as its plan
	body["plan"] = encodePlan(p.Plan, from)
	if p.Toxics != nil {
		body["toxics"] = encodeToxics(p.Toxics, from)
	}
	for _, section := range []struct {
		key, word string
		values    map[string]option.Values
	}{
		{"behaviors", "behavior ", p.Behaviors},
		{"protocols", "protocol ", p.Protocols},
	} {
		all := make(map[string]any, len(section.values))
		for name, values := range section.values {
			all[name] = texts(values)
			from.add(section.key+"."+name, section.word+name, values)
		}
		body[section.key] = all
	}
	return body, from
}

// texts are options as they were written.
func texts(values option.Values) map[string]string {
	out := make(map[string]string, len(values))
	for key, v := range values {
		out[key] = v.Text
	}
	return out
}
