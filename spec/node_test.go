package spec

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/option"
)

// What another package finds wrong in its part of a file is told as if it were
// found here.
func TestNode(t *testing.T) {
	words := Words{Program: new(option.Set), Proxy: new(option.Set)}
	f, err := Parse("m.yaml", []byte(`
matrix:
  text: one
  list: [a, {b: c}]
  empty:
  wrong: {k: v}
  text: two
`), words)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	f.Matrix.Mapping("matrix", func(key string, n *Node) {
		switch {
		case n.IsText():
			v, _ := n.Text(key)
			seen = append(seen, key+"="+v.Text+"@"+v.Place)
		case n.IsList():
			for _, item := range n.Items() {
				seen = append(seen, key+"@"+item.Place())
			}
		case n.IsEmpty():
			seen = append(seen, key+" is empty")
		default:
			n.Text(key)
			n.Failf(key, "is %s", "bad")
		}
	})
	if got, want := strings.Join(seen, " "), "text=one@m.yaml:3 list@m.yaml:4 list@m.yaml:4 empty is empty"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	const want = "m.yaml:6: wrong: takes one value, not keys and values\nm.yaml:6: wrong: is bad\nm.yaml:7: text: given already, at m.yaml:3"
	if err := f.Matrix.Err(); err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}
