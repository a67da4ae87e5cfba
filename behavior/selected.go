package behavior

import (
	"slices"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/condition"
	"github.com/vaurien-proxy/vaurien/option"
)

// Selected returns k with options that say on which exchanges it acts: on those
// that match a condition, and of these on some by their number. They are
// counted over all connections for as long as the plan is in force, and only
// where the behavior would act.
//
// An option that k has itself remains k's.
func Selected(k vaurien.Kind) vaurien.Kind {
	own := k.New
	k.New = func(set *option.Set) vaurien.Make {
		make := own(set)
		var s selection
		s.declare(set)
		return func(p vaurien.Protocol) (vaurien.Behavior, error) {
			b, err := make(p)
			if err != nil {
				return nil, err
			}
			return s.behavior(b, p)
		}
	}
	return k
}

// A selection says on which exchanges a behavior acts. The zero selection is
// all of them.
type selection struct {
	match                    string
	after, first, every, max int64
}

func (s *selection) declare(set *option.Set) {
	if set.Lookup("match") == nil {
		set.Text(&s.match, "match", "", "act only on requests for which this is true (docs/conditions.md)").OfAll()
	}
	for _, o := range []struct {
		n         *int64
		name, doc string
	}{
		{&s.after, "after", "let as many of those that match pass first"},
		{&s.first, "first", "of those that follow, act on no more than the first of this number; 0: on all"},
		{&s.every, "every", "of those, act only on each of this number: 3 is the third, the sixth …; 0: on all"},
		{&s.max, "max", "act this many times at most; 0: no limit"},
	} {
		if set.Lookup(o.name) == nil {
			set.Int(o.n, o.name, 0, o.doc).AtLeast("0").OfAll()
		}
	}
}

// behavior returns what of b is selected, for proxies of the protocol p. Each
// step sees what the one inside it lets through.
func (s *selection) behavior(b vaurien.Behavior, p vaurien.Protocol) (vaurien.Behavior, error) {
	if s.match != "" {
		match, err := matching(s.match, p)
		if err != nil {
			return nil, &option.Error{Name: "match", Problem: err.Error()}
		}
		b = vaurien.When(match, b)
	}
	if s.after > 0 {
		b = vaurien.After(s.after, b)
	}
	if s.first > 0 {
		b = vaurien.First(s.first, b)
	}
	if s.every > 0 {
		b = vaurien.Every(s.every, b)
	}
	if s.max > 0 {
		b = vaurien.First(s.max, b)
	}
	return b, nil
}

// ofConnections are the attributes that a connection has without a request.
var ofConnections = []string{"session", "client"}

// matching compiles a condition on the requests of the protocol p. Of a
// connection as such it is only true if it names nothing that only a request
// has.
func matching(text string, p vaurien.Protocol) (func(*vaurien.Event) bool, error) {
	attributes := vaurien.EventAttributes()
	if d, ok := p.(vaurien.Describing); ok {
		attributes = append(attributes, d.Attributes()...)
	}
	c, err := condition.Compile(text, attributes)
	if err != nil {
		return nil, err
	}
	ofRequests := slices.ContainsFunc(c.Names(), func(name string) bool { return !slices.Contains(ofConnections, name) })
	return func(e *vaurien.Event) bool {
		if ofRequests && e.Message == nil {
			return false
		}
		yes, err := c.Match(e)
		if err != nil {
			e.Fault(err)
		}
		return yes
	}, nil
}
