// Package top shows what a running Vaurien does while it does it: in a terminal
// ([Screen]), or as lines for a file or a pipe ([Lines]).
//
// A [Feed] asks the server over its API and tells what it hears, in order. A
// [Board] keeps as much of that as is shown. Nothing of it touches traffic: the
// server samples what it is asked for, and who is too slow loses entries.
package top
