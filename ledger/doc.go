// Package ledger keeps an account of what proxies did: one entry for each
// exchange, and for what must be known to read them and to do it all again.
//
// A [Ledger] is a [vaurien.Recorder]. It holds the newest entries in memory,
// from where any number of [Subscription]s read them, each at its own pace, and
// a [File] writes them down. Nobody who reads can hold up traffic: who is too
// slow loses entries, and is told how many.
//
// An entry is one JSON object, on a line of its own in a file and in a message
// of its own in a stream of events. Its field type says what it is about:
//
//	run       the program began, or a file goes on (continues)
//	proxy     a proxy listens (up), follows other settings (changed), or is gone
//	plan      a plan was put in force, with all that it takes to make it again
//	session   a client connected (open), or is gone (closed)
//	begun     a behavior was chosen for an exchange; not in files
//	exchange  an exchange is over
//	scenario  a step of a scenario
//	lost      so many entries are missing here
package ledger
