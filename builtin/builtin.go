// Package builtin is the list of the behaviors and protocols that ship with
// Vaurien.
package builtin

import (
	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/behavior"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/protocol/http"
	"github.com/vaurien-proxy/vaurien/protocol/ldap"
	"github.com/vaurien-proxy/vaurien/protocol/memcache"
	"github.com/vaurien-proxy/vaurien/protocol/mysql"
	"github.com/vaurien-proxy/vaurien/protocol/postgres"
	"github.com/vaurien-proxy/vaurien/protocol/redis"
	"github.com/vaurien-proxy/vaurien/protocol/smtp"
)

// Registry returns a registry of all that ships.
func Registry() *vaurien.Registry { return With(nil, nil) }

// With returns a registry of all that ships, and of other behaviors and
// protocols beside it. It panics if two have one name.
func With(others []vaurien.Kind, protocols []vaurien.ProtocolKind) *vaurien.Registry {
	acting := []vaurien.Kind{
		behavior.Abort(),
		behavior.Bandwidth(),
		behavior.Blackout(),
		behavior.CommitUnknown(),
		behavior.Corrupt(),
		behavior.Cut(),
		behavior.Delay(),
		behavior.Drop(),
		behavior.Duplicate(),
		behavior.Error(),
		behavior.Hang(),
		behavior.Latency(),
		behavior.LimitData(),
		behavior.MaxConnections(),
		behavior.PacketLoss(),
		behavior.Profile(),
		behavior.Refuse(),
		behavior.ResetPeer(),
		behavior.Slicer(),
		behavior.SlowClose(),
		behavior.SlowRead(),
		behavior.Stall(),
		behavior.Timeout(),
		behavior.Transient(),
	}
	behaviors := []vaurien.Kind{behavior.Dummy()}
	for _, k := range append(acting, others...) {
		behaviors = append(behaviors, behavior.Selected(k))
	}
	kinds := []vaurien.ProtocolKind{
		http.Kind(),
		ldap.Kind(),
		memcache.Kind(),
		mysql.Kind(),
		postgres.Kind(),
		redis.Kind(),
		smtp.Kind(),
		tcp(),
	}
	for i, k := range kinds {
		kinds[i] = withCommon(k)
	}
	return vaurien.NewRegistry(behaviors, append(kinds, protocols...))
}

func tcp() vaurien.ProtocolKind {
	return vaurien.ProtocolKind{
		Name: "tcp",
		Doc:  "any stream of bytes; nothing is parsed",
		New: func(*option.Set) func() vaurien.Protocol {
			return func() vaurien.Protocol { return vaurien.TCP{} }
		},
	}
}

// withCommon adds the options that every protocol of earlier versions had.
// They were ways around what is now the default, and have no effect.
func withCommon(k vaurien.ProtocolKind) vaurien.ProtocolKind {
	own := k.New
	k.New = func(set *option.Set) func() vaurien.Protocol {
		make := own(set)
		var buffer int64
		var keepAlive, reuse bool
		set.Size(&buffer, "buffer", 8124, "accepted for older configurations: buffers grow as they are needed").AtLeast("1").OfAll()
		set.Bool(&keepAlive, "keep-alive", true, "accepted for older configurations: connections always stay").OfAll()
		set.Bool(&reuse, "reuse-socket", true, "accepted for older configurations: connections always stay").OfAll()
		return make
	}
	return k
}
