// Package config assembles what the program is to run from the places where a
// user may say it.
//
// There are three besides the defaults, each going over the one before: the
// file is the machine, the environment is the session, the flags are the
// person at the keyboard. [Source.Load] reads them all, checks the whole and
// returns a [Program], or every error there is, each with its place.
//
// [Fields] lists all that can be said, from the declarations, with the name of
// each in every place: flags, environment and reference follow from it.
package config
