// Vaurien with a protocol and two behaviors of one's own.
package main

import (
	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/command"
)

func main() {
	command.Main(command.Extra{
		Behaviors: []vaurien.Kind{rushHour(), backwards()},
		Protocols: []vaurien.ProtocolKind{beanstalkKind()},
	})
}
