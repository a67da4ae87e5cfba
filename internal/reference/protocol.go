package reference

import (
	"bytes"
	"fmt"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// protocolOf returns the protocol of that name with its defaults.
func protocolOf(k vaurien.ProtocolKind) vaurien.Protocol {
	var set option.Set
	return k.New(&set)()
}

// markdownProtocol writes what can be known of a protocol's requests and how
// its servers fail.
func markdownProtocol(b *bytes.Buffer, r *vaurien.Registry, name string) {
	for _, k := range r.Protocols() {
		if k.Name != name {
			continue
		}
		p := protocolOf(k)
		if d, ok := p.(vaurien.Describing); ok {
			fmt.Fprintf(b, "\nWhat `match` can ask of its requests:\n\n| attribute | type | what it is |\n|---|---|---|\n")
			for _, a := range append(vaurien.EventAttributes(), d.Attributes()...) {
				row(b, "`"+a.Name+"`", a.Type(), a.Doc)
			}
		}
		if f, ok := p.(vaurien.Failing); ok {
			fmt.Fprintf(b, "\nHow its servers fail (`error`'s `kind`):\n\n| kind | phase | drawn | what the client is told | the connection |\n|---|---|---|---|---|\n")
			for _, k := range f.Failures() {
				row(b, "`"+k.Name+"`", string(k.Phase), drawn(k), k.Doc, k.Effect)
			}
		}
	}
}

// drawn says whether error draws k where no kind is named.
func drawn(k vaurien.FailureKind) string {
	if k.OnRequest || k.AtAccept {
		return "no"
	}
	return "yes"
}
