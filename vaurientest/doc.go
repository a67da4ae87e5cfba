// Package vaurientest puts a chaos proxy into a Go test: between the code that
// is tested and the server that it talks to.
//
//	func TestReplica(t *testing.T) {
//		proxy := vaurientest.New(t, "redis://localhost:6379")
//		shop := NewShop(proxy.URL())
//
//		proxy.With(t, "error", vaurientest.Options{"kind": "readonly", "match": `command == "SET"`})
//		if err := shop.Add("tea"); err == nil {
//			t.Error("a replica took an order")
//		}
//		if n := proxy.Fired("error"); n != 1 {
//			t.Errorf("it was tried %d times", n)
//		}
//	}
//
// A [Proxy] lives as long as its test, listens on a free port, and leaves
// nothing behind. [Proxy.With] says what goes wrong, for a test or a subtest:
// what docs/reference.md lists. [Proxy.Fired], [Proxy.Exchanges] and
// [Proxy.WaitExchanges] tell what happened, without sleeping; a test that fails
// says it in a table.
//
// # Races
//
// [Proxy.HoldNext] stops a request, and [Proxy.HoldReply] a reply, until the
// test lets it go: what happens once in a million times happens each time. See
// [Hold].
//
// # Chance
//
// A plan such as "20:delay,10:error" leaves it to the dice what happens. They
// fall as their seed says. A test that fails prints the command that runs it
// again with the same one, which is the environment's VAURIEN_SEED.
//
// # Time
//
// With a backend in memory ([Listen]) nothing has a socket, and the test may run
// in a bubble of testing/synctest, where an hour's delay takes no time.
//
// docs/testing-go.md walks through all of it.
package vaurientest
