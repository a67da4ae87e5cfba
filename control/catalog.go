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
		c.Behaviors = append(c.Behaviors, CatalogKind{k.Name, k.Doc, catalogOptions(&set)})
	}
	for _, k := range reg.Protocols() {
		var set option.Set
		k.New(&set)
		c.Protocols = append(c.Protocols, CatalogKind{k.Name, k.Doc, catalogOptions(&set)})
	}
	return c
}

func catalogOptions(set *option.Set) []CatalogOption {
	out := make([]CatalogOption, 0, len(set.Options()))
	for _, o := range set.Options() {
		out = append(out, CatalogOption{
			Name: o.Name, Type: string(o.Type), Default: o.Default, Doc: o.Doc,
			Choices: o.Choices, Min: o.Min, Max: o.Max,
		})
	}
	return out
}
