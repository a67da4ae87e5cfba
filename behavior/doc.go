// Package behavior holds the behaviors that Vaurien ships, one a file. Each
// file has a function that returns the behavior's Kind.
package behavior
