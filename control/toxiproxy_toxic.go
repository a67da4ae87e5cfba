package control

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// toxiproxyToxic is a toxic as it is shown.
type toxiproxyToxic struct {
	Attributes map[string]any `json:"attributes"`
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Stream     string         `json:"stream"`
	Toxicity   float64        `json:"toxicity"`
}

// toxiproxyToxicBody is a toxic as it is asked for.
type toxiproxyToxicBody struct {
	Name       string
	Type       string
	Stream     string
	Toxicity   *float64
	Attributes map[string]json.RawMessage
}

// The two words for a direction.
var (
	streamOf    = map[string]string{"to_backend": "upstream", "to_client": "downstream"}
	directionOf = map[string]string{"upstream": "to_backend", "downstream": "to_client"}
)

// A translator puts toxics into Toxiproxy's words and back, for the behaviors
// that a catalog lists.
type translator map[string]CatalogKind

func newTranslator(c Catalog) translator {
	t := make(translator)
	for _, k := range c.Behaviors {
		t[k.Name] = k
	}
	if k, ok := t["dummy"]; ok {
		t["noop"] = k
	}
	return t
}

func badToxic(format string, args ...any) error {
	return &toxiproxyError{400, fmt.Sprintf(format, args...)}
}

// toxic returns what a body asks for. Its name is never empty.
func (tr translator) toxic(b toxiproxyToxicBody) (spec.Toxic, error) {
	stream := strings.ToLower(b.Stream)
	if stream == "" {
		stream = "downstream"
	}
	direction, ok := directionOf[stream]
	if !ok {
		return spec.Toxic{}, badToxic("stream was invalid, can be either upstream or downstream")
	}
	kind, ok := tr[b.Type]
	if !ok {
		return spec.Toxic{}, badToxic("invalid toxic type")
	}
	t := spec.Toxic{Name: b.Name, Behavior: kind.Name, Percent: 100, Options: make(option.Values)}
	if t.Name == "" {
		t.Name = b.Type + "_" + stream
	}
	all, directed := attributesOf(b.Type, kind)
	if directed {
		t.Options["direction"] = option.Value{Text: direction}
	}
	for _, a := range all {
		if !a.ours && a.unit != plain { // whatever the proxy has for the behavior, here the default is 0
			t.Options[a.option] = option.Value{Text: "0"}
		}
	}
	return t, tr.change(&t, b)
}

// change gives t what a body says of its toxicity and attributes. Attributes
// that there are not are passed over.
func (tr translator) change(t *spec.Toxic, b toxiproxyToxicBody) error {
	if b.Toxicity != nil {
		if !(*b.Toxicity >= 0 && *b.Toxicity <= 1) {
			return badToxic("bad request body: toxicity is %v: write a number from 0 to 1", *b.Toxicity)
		}
		t.Percent = math.Round(*b.Toxicity*1e12) / 1e10 // 0.29 is 29, not 28.999999999999996
	}
	all, _ := attributesOf(typeOf(t.Behavior), tr[t.Behavior])
	for name, raw := range b.Attributes {
		i := slices.IndexFunc(all, func(a attribute) bool { return strings.EqualFold(a.name, name) })
		if i < 0 || string(raw) == "null" {
			continue
		}
		text, err := all[i].text(raw)
		if err != nil {
			return badToxic("bad request body: %v", err)
		}
		t.Options[all[i].option] = option.Value{Text: text, Place: "attributes." + name}
	}
	return nil
}

// typeOf returns the type of toxics of a behavior.
func typeOf(behavior string) string {
	if behavior == "dummy" {
		return "noop"
	}
	return behavior
}

// show returns t as the dialect shows it. stream is that of a toxic whose
// behavior has no direction. What acts both ways has no word there; it is
// shown as the usual one, with an attribute that says so.
func (tr translator) show(t Toxic, stream string) toxiproxyToxic {
	out := toxiproxyToxic{
		Attributes: make(map[string]any), Name: t.Name, Type: typeOf(t.Behavior), Stream: stream, Toxicity: t.Percent / 100,
	}
	all, directed := attributesOf(out.Type, tr[t.Behavior])
	for _, a := range all {
		text, ok := t.Options[a.option]
		_, theirs := toxiproxyTypes[out.Type]
		if ok && !(theirs && a.ours && text == a.def) {
			out.Attributes[a.name] = a.value(text)
		}
	}
	if directed {
		out.Stream = streamOf[t.Options["direction"]]
		if out.Stream == "" {
			out.Stream = "downstream"
			out.Attributes["direction"] = t.Options["direction"]
		}
	}
	return out
}
