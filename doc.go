// Package vaurien is a chaos proxy: it stands between clients and a server, and
// makes that server late, wrong, silent or gone, on purpose.
//
// A [Proxy] listens on one address and connects each client to its backend. A
// [Plan] says what is done to the traffic; it is made of behaviors and may be
// replaced while connections are open:
//
//	registry := builtin.Registry()
//	cfg, err := registry.Build(spec.Proxy{
//		Settings: option.Values{"proxy": {Text: "localhost:0"}, "backend": {Text: "localhost:5432"}},
//		Plan:     spec.Single("delay", option.Values{"sleep": {Text: "200ms"}}, ""),
//	})
//	proxy, err := vaurien.Listen(cfg)
//	proxy.Start()
//	defer proxy.Close()
//
// # Behaviors
//
// A [Behavior] acts on an [Event], at the [Point]s that it names: before it lets
// the matter go on, after, or instead. [Chain], [OneOf], [Sometimes], [First],
// [After], [At] and [When] make behaviors of behaviors. A [Kind] gives one a name
// and options, for users to write.
//
// # Protocols
//
// A [Protocol] tells messages apart, so that a behavior acts on one request or
// its reply and a failure is one that such a server produces. Its [Codec] frames
// in place, by a [Reader]; package protocoltest has the laws that codecs obey.
// [TCP] tells nothing apart, and where nothing acts its bytes are not looked at.
//
// # Chance
//
// What happens to an exchange is a function of the seed, the proxy's name, the
// session's number and the exchange's: the same in every run.
package vaurien
