package vaurientest

import (
	"fmt"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/condition"
)

// attributesOf returns what can be known of requests of a protocol.
func attributesOf(p vaurien.Protocol) []vaurien.Attribute {
	attributes := vaurien.EventAttributes()
	if d, ok := p.(vaurien.Describing); ok {
		attributes = append(attributes, d.Attributes()...)
	}
	return attributes
}

// matching compiles a condition in the language of docs/conditions.md; an empty
// one is always true.
func (p *Proxy) matching(text string) (func(condition.Attributes) bool, error) {
	if text == "" {
		return func(condition.Attributes) bool { return true }, nil
	}
	c, err := condition.Compile(text, attributesOf(p.protocol))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	return func(of condition.Attributes) bool {
		yes, err := c.Match(of)
		return yes && err == nil
	}, nil
}
