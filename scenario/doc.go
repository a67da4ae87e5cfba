// Package scenario plays timelines of chaos: what is done to which proxy, when
// and for how long, with rails that end it early.
//
//	name: slow database in the afternoon
//	steps:
//	  - {at: 10s, proxy: db, behavior: 20:delay, options: {delay: {sleep: 300ms}}, for: 30s}
//	  - {at: 45s, proxy: db, behavior: error, ramp: 0 -> 50% over 1m, for: 2m}
//	rails:
//	  - {probe: http://localhost:9000/health, every: 2s, expect: 200, failures: 3}
//
// [Read] reads one and checks what can be checked without the proxies. [Start]
// plays it on a [Target], and has every change compiled before the first is
// made. A step acts over what it finds: what a proxy is made of is not touched,
// and is in force again when the last step is taken away, so that nothing has to
// be put back.
package scenario
