// Package matrix finds out which failures of its servers a piece of software
// survives. It runs a command, such as a test suite, with all servers well, and
// then once for each backend and each way in which that may fail, each time with
// proxies of its own; and it reports how every run ended, whether the failure
// was met at all, and how much longer it took.
//
//	m, err := matrix.New(registry, proxies, file.Matrix, nil)
//	report, err := m.Run(ctx, matrix.Config{Command: []string{"pytest", "-x"}})
//	report.WriteText(os.Stdout)
package matrix
