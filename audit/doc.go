// Package audit reads a ledger and says how the client whose traffic it tells of
// deals with failures: what it tries again, how long it waits before, and what
// it should not have done.
//
// # What counts as what
//
// An attempt is an exchange; of a connection that was refused, or that is not
// framed (tcp), the connection. It has failed if it was answered with an error
// made by the proxy, if its connection was closed or reset under it, or if it
// was never answered. What the backend itself answers is not in a ledger, so
// that its own errors count as answers.
//
// An operation is what a client wants done once: the same verb with the same
// attributes and the same bytes, through the same proxy. In HTTP and LDAP,
// whose requests differ in their bytes when they are sent again, it is the same
// verb with the same attributes. A COMMIT, an EXEC or an SMTP DATA is the same
// only if what it commits is.
//
// An attempt is a retry if it follows a failed attempt of the same operation,
// on the same connection or another, once that is over, within the window
// ([Options]), and before any success of it. Its gap is the time between. Silence
// is over when the client closes the connection; where that is not seen, a retry
// is what comes 100 ms or later on a new one. Two
// exceptions keep a loop that asks the same again and again from being taken
// for retries: what follows on its own connection a success of the same
// operation belongs to that; and what comes as soon after a failure as it has
// come after successes is counted apart, as a repeat.
package audit
