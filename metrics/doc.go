// Package metrics measures proxies for Prometheus.
//
// A [Recorder] is an observer of proxies that measures how long things take. A
// [Handler] serves what it measured, and what the proxies count themselves, each
// time it is asked; so what is counted costs the traffic nothing.
//
// The labels of a series are names that somebody configured (of proxies, of
// behaviors, of kinds of failures) and words of our own, never something that
// traffic brings, so that traffic cannot make series. The series of a proxy go
// when the proxy does. docs/metrics.md lists them all.
package metrics
