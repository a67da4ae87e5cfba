package top

import (
	"fmt"
	"strings"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/ledger"
)

// acting is the word for what is not over yet.
const acting = "acting"

// fate is what became of an exchange, in a word.
func (r *Row) fate() string {
	switch {
	case r.Acting && r.Gone:
		return "unknown"
	case r.Acting:
		return acting
	}
	return string(r.Fate)
}

// isExchange reports whether r is about an exchange.
func (r *Row) isExchange() bool {
	return r.Type == ledger.ExchangeType || r.Type == ledger.BegunType
}

// number is where an exchange stands: session.exchange, or the session of a
// connection that was drawn as a whole.
func (r *Row) number() string {
	if r.Exchange == 0 {
		return fmt.Sprint(r.Session)
	}
	return fmt.Sprintf("%d.%d", r.Session, r.Exchange)
}

// request is what was asked: the verb, and what is known beside it.
func (r *Row) request() string {
	parts := []string{r.Verb}
	if r.Exchange == 0 {
		parts[0] = "connection from " + r.Client
	}
	for _, a := range r.Attributes {
		text := fmt.Sprint(a.Value)
		if text == "" || strings.EqualFold(text, r.Verb) {
			continue // the verb again, by its name
		}
		parts = append(parts, text)
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

// done is what was done to an exchange: by which behavior, and what it did.
func (r *Row) done() string {
	var deeds []string
	for _, d := range r.Deeds {
		text := d.What
		if d.What == r.Behavior && d.Detail == "" {
			text = ""
		}
		text = join(text, d.Detail)
		if d.Times > 1 {
			text = join(text, fmt.Sprintf("x%d", d.Times))
		}
		if d.For > 0 {
			text = join(text, took(d.For))
		}
		if text != "" {
			deeds = append(deeds, text)
		}
	}
	switch what := strings.Join(deeds, ", "); {
	case what == "" || r.Behavior == "":
		return r.Behavior + what
	case len(r.Deeds) > 0 && r.Deeds[0].What == r.Behavior && r.Deeds[0].Detail == "":
		return r.Behavior + " " + what
	default:
		return r.Behavior + ": " + what
	}
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

// news is what a row says that is about no exchange.
func (r *Row) news() string {
	switch r.Type {
	case ledger.ProxyType:
		switch r.State {
		case ledger.StateUp:
			return fmt.Sprintf("listens on %s -> %s", r.Server.Listen, r.Server.Backend)
		case ledger.StateGone:
			return "is gone"
		}
		return fmt.Sprintf("is changed: %s -> %s", r.Server.Listen, r.Server.Backend)
	case ledger.PlanType:
		var toxics []string
		for _, t := range r.InPlan.Toxics {
			toxics = append(toxics, t.Name)
		}
		text := "plan " + orNothing(r.InPlan.Text)
		if len(toxics) > 0 {
			text += ", toxics " + strings.Join(toxics, " ")
		}
		return text
	case ledger.ScenarioType:
		return r.Text
	}
	return ""
}

func orNothing(plan string) string {
	if plan == "" {
		return "dummy"
	}
	return plan
}

// planOf is what is in force in a proxy, in a few words.
func planOf(p *control.Proxy) string {
	text := p.Plan.Name()
	if p.Plan.For != "" {
		text += " (" + p.Plan.For + ")"
	}
	if n := len(p.Toxics); n > 0 {
		text += " +" + counted(n, "toxic")
	}
	switch {
	case !p.Enabled:
		text = "disabled"
	case p.Stopped:
		text = "stopped"
	}
	return text
}

// faults lists how often which behavior acts.
func (p *Proxy) faults() string {
	var parts []string
	for _, f := range p.Faults {
		parts = append(parts, f.Behavior+" "+perSecond(f.Rate))
	}
	return strings.Join(parts, ", ")
}
