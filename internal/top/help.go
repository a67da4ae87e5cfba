package top

// helpLines are the page of help.
func helpLines() []string {
	var out sheet
	out.head("Keys")
	for _, k := range [][2]string{
		{"up down j k", "select; pgup pgdn, home g, end G: further"},
		{"tab", "the other list: proxies, or what was done, which then pauses"},
		{"d, enter", "all about what is selected"},
		{"/", "only rows that have these words: a proxy, a verb, a fate, a client …"},
		{"f", "only rows of the selected proxy"},
		{"o, r", "order the proxies by the next column (*), or the other way round (^)"},
		{"p, space", "pause, and go on"},
		{"esc", "back; no filter; the newest rows"},
		{"s", "STOP ALL CHAOS at once: all plans, all toxics, the scenario"},
		{"u", "undo that: put plans and toxics back, but not the scenario"},
		{"q, ctrl+c", "quit; the server goes on"},
	} {
		out.add(k[0], "%s", k[1])
	}
	out.head("Columns")
	for _, c := range [][2]string{
		{"EXCH/S", "exchanges in a second: requests with their replies, or tcp connections"},
		{"FAULTS/S", "exchanges in a second that a behavior acted on"},
		{"CLIENT", "from when a request arrived until all of its answer had gone out"},
		{"BACKEND", "from when it was passed on until the reply began to arrive"},
		{"P50 P99", "half, and 99 of 100, of the last 10 s took no longer; tcp has none"},
		{"3.7", "the seventh exchange of the third session; 3 is the session itself"},
	} {
		out.add(c[0], "%s", c[1])
	}
	out.head("What became of an exchange")
	for _, f := range [][2]string{
		{"acting", "a behavior has begun with it, and it is not over"},
		{"delayed", "it was late, or slow"},
		{"altered", "its bytes are others, or come otherwise"},
		{"unfinished", "its session ended before the answer"},
		{"held", "it met silence"},
		{"dropped", "it, or its reply, was thrown away"},
		{"failed", "it was answered with an error made here"},
		{"closed, reset", "its connection was"},
		{"unknown", "its end may be among what was left out: there was too much to show"},
	} {
		out.add(f[0], "%s", f[1])
	}
	return out
}
