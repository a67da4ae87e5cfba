package control

import (
	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// catalogOf lists what reg has, from the declarations themselves.
func catalogOf(reg *vaurien.Registry) Catalog {
	var c Catalog
	for _, k := range reg.Behaviors() {
		var set option.Set
		k.New(&set)
		c.Behaviors = append(c.Behaviors, CatalogKind{Name: k.Name, Doc: k.Doc, Options: catalogOptions(&set)})
	}
	for _, k := range reg.Protocols() {
		var set option.Set
		protocol := k.New(&set)()
		c.Protocols = append(c.Protocols, CatalogKind{
			Name: k.Name, Doc: k.Doc, Options: catalogOptions(&set),
			Attributes: catalogAttributes(protocol), Failures: catalogFailures(protocol),
		})
	}
	return c
}

func catalogOptions(set *option.Set) []CatalogOption {
	out := make([]CatalogOption, 0, len(set.Options()))
	for _, o := range set.Options() {
		out = append(out, CatalogOption{
			Name: o.Name, Type: string(o.Type), Default: o.Default, Doc: o.Doc,
			Choices: o.Choices, Min: o.Min, Max: o.Max, Common: o.Common,
		})
	}
	return out
}

func catalogAttributes(p vaurien.Protocol) []CatalogAttribute {
	d, ok := p.(vaurien.Describing)
	if !ok {
		return nil
	}
	var out []CatalogAttribute
	for _, a := range append(vaurien.EventAttributes(), d.Attributes()...) {
		out = append(out, CatalogAttribute{Name: a.Name, Type: a.Type(), Doc: a.Doc})
	}
	return out
}

func catalogFailures(p vaurien.Protocol) []CatalogFailure {
	f, ok := p.(vaurien.Failing)
	if !ok {
		return nil
	}
	var out []CatalogFailure
	for _, k := range f.Failures() {
		out = append(out, CatalogFailure{
			Name: k.Name, Phase: string(k.Phase), Doc: k.Doc, Effect: k.Effect, Source: k.Source,
			Drawn: !k.OnRequest && !k.AtAccept,
		})
	}
	return out
}
