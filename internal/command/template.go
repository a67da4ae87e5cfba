package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A Template makes an environment variable of the proxies' addresses:
// DATABASE_URL=postgres://{addr}/shop. {addr}, {host} and {port} are those of the
// proxy default, or of the only one; {NAME.addr} and so on are those of the
// proxy NAME. {{ is a brace.
type Template struct {
	Name  string // the variable's
	place string
	parts []part
}

// A part of a template is text, or what of an address stands there.
type part struct {
	text        string
	proxy, what string // what is empty for text
}

// ParseTemplate reads NAME=TEMPLATE for proxies of these names. Errors are
// *option.Error and bear place.
func ParseTemplate(text, place string, proxies []string) (Template, error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return Template{}, &option.Error{Place: place, Problem: fmt.Sprintf(
			"%q is not NAME=VALUE: write DATABASE_URL=postgres://{addr}/db", text)}
	}
	return NewTemplate(name, value, place, proxies)
}

// NewTemplate is ParseTemplate for a name and a value that stand apart.
func NewTemplate(name, value, place string, proxies []string) (Template, error) {
	t := Template{Name: name, place: place}
	fail := func(format string, args ...any) (Template, error) {
		return Template{}, &option.Error{Place: place, Problem: name + ": " + fmt.Sprintf(format, args...)}
	}
	if strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
		return fail("%q cannot be an environment variable", name+"="+value)
	}
	for rest := value; rest != ""; {
		text, after, found := strings.Cut(rest, "{")
		t.parts = append(t.parts, part{text: text})
		if rest = after; !found {
			break
		}
		if strings.HasPrefix(rest, "{") {
			t.parts, rest = append(t.parts, part{text: "{"}), rest[1:]
			continue
		}
		inside, after, closed := strings.Cut(rest, "}")
		if !closed {
			return fail("a { is not closed: write {addr}, or {{ for a brace")
		}
		p, err := parsePlaceholder(inside, proxies)
		if err != nil {
			return fail("{%s}: %s", inside, err)
		}
		t.parts, rest = append(t.parts, p), after
	}
	return t, nil
}

// parsePlaceholder reads addr, host, port or NAME.addr and so on.
func parsePlaceholder(text string, proxies []string) (part, error) {
	proxy, what := "", text
	if dot := strings.LastIndexByte(text, '.'); dot >= 0 {
		proxy, what = text[:dot], text[dot+1:]
	}
	if what != "addr" && what != "host" && what != "port" {
		return part{}, fmt.Errorf("unknown: write {addr}, {host}, {port} or {NAME.addr}; {{ for a brace")
	}
	switch {
	case proxy != "" && !slices.Contains(proxies, proxy):
		return part{}, fmt.Errorf("there is no proxy %q%s", proxy, nearest(proxy, proxies))
	case proxy != "":
	case len(proxies) == 1:
		proxy = proxies[0]
	case slices.Contains(proxies, spec.DefaultProxy):
		proxy = spec.DefaultProxy
	default:
		return part{}, fmt.Errorf("of which proxy? write {%s.%s}; there are: %s", proxies[0], what, strings.Join(proxies, ", "))
	}
	return part{proxy: proxy, what: what}, nil
}

func nearest(word string, known []string) string {
	if near := option.DidYouMean(word, known); near != "" {
		return near
	}
	return "; there are: " + strings.Join(known, ", ")
}

// Uses reports whether the template has to do with a proxy.
func (t Template) Uses(proxy string) bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.what != "" && p.proxy == proxy })
}

// Expand returns the variable's value.
func (t Template) Expand(proxies []Address) string {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.text)
		for _, a := range proxies {
			switch {
			case a.Name != p.proxy:
			case p.what == "addr":
				b.WriteString(a.String())
			case p.what == "host":
				b.WriteString(a.Host)
			case p.what == "port":
				b.WriteString(a.Port)
			}
		}
	}
	return b.String()
}

// Readers names the variables that tell where a proxy is: VAURIEN_DB_ADDR or
// DATABASE_URL.
func Readers(proxy string, templates []Template) string {
	names := []string{Variable(proxy)}
	for _, t := range templates {
		if t.Uses(proxy) {
			names = append(names, t.Name)
		}
	}
	return strings.Join(names, " or ")
}
