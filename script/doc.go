// Package script makes behaviors of Starlark files, for what no list of
// behaviors can foresee.
//
// A script defines what becomes of connections, requests and replies:
//
//	options = {"slowness": option(duration, default = "1s", doc = "how long a search takes")}
//
//	def on_request(ctx, msg):
//	    if msg.command == "search":
//	        ctx.delay(ctx.options.slowness)
//
// Parse compiles one and Kind makes of it a kind of behavior like any other,
// with its options, for a registry. docs/scripts.md is the user's manual.
//
// A handler only decides: its verbs are noted, and done in their order once it
// has returned, so that nobody waits in the interpreter. A handler that fails
// leaves the traffic as it is.
//
// Scripts are bounded. A call may take a number of steps, and what it allocates
// counts as steps too. The interpreter has no such account: operators and
// functions whose result may be much larger than what they are given are
// replaced by ones that look before they leap (guard.go, rewrite.go).
package script
