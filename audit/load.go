package audit

import "time"

// Load is what retries make of the load.
type Load struct {
	Step          float64 `json:"step_ms"`        // the width of Steps
	Steps         []Step  `json:"steps"`          // attempts over time
	Amplification float64 `json:"amplification"`  // attempts for each operation, over all
	Peak          *Peak   `json:"peak,omitempty"` // where it was worst, among the busy ones
	Together      Crowd   `json:"at_once"`        // clients that retried at once
}

// A Step is a while.
type Step struct {
	First   int `json:"first"` // attempts that are no retries
	Retries int `json:"retries"`
	Failed  int `json:"failed"` // of both
}

// A Peak is a second or a step, whichever is longer.
type Peak struct {
	Time          time.Time `json:"time"`
	Seconds       float64   `json:"seconds"`
	First         int       `json:"first"`
	Retries       int       `json:"retries"`
	Usual         float64   `json:"usual_per_second"` // first attempts, on average
	Amplification float64   `json:"amplification"`    // attempts against first ones, or the usual ones if these are more
}

// A Crowd is what retried in the same 10 ms.
type Crowd struct {
	Retries  int       `json:"retries"` // in all crowds of at least crowdSize
	Crowds   int       `json:"crowds"`
	Largest  int       `json:"largest"`  // how many connections retried
	Time     time.Time `json:"time"`     // when
	Expected float64   `json:"expected"` // how many would have by chance, at the rate of that second
}

const (
	// finest is the first width of steps; they double as the ledger goes on.
	finest = 100 * time.Millisecond
	// mostSteps is how many there are at most: as many as a page can show.
	mostSteps = 600

	// together is how close to each other retries come that come at once: less
	// than people wait, and more than a machine is late by.
	together = 10 * time.Millisecond
	// crowdSize is how many connections it takes, within together, to make a
	// crowd.
	crowdSize = 5
)

// A meter counts attempts over time.
type meter struct {
	start   int64
	width   int64
	steps   []Step
	first   int
	retries int
	crowd   Crowd
	bin     int64 // of the crowd that is being counted
	who     map[*session]int
	second  int64 // whose retries are counted, to know what chance would do
	around  int
}

func newMeter() *meter {
	return &meter{width: int64(finest), who: make(map[*session]int)}
}

func (m *meter) note(a *attempt, retry bool) {
	if m.start == 0 {
		m.start = a.at
	}
	i := m.index(a.at)
	for i >= len(m.steps) {
		m.steps = append(m.steps, Step{})
	}
	s := &m.steps[i]
	if retry {
		s.Retries++
		m.retries++
		m.join(a)
	} else {
		s.First++
		m.first++
	}
	if a.outcome == failed {
		s.Failed++
	}
}

func (m *meter) index(at int64) int {
	i := int(max(at-m.start, 0) / m.width)
	for ; i >= mostSteps; i /= 2 {
		m.width *= 2
		half := m.steps[:0]
		for j := 0; j < len(m.steps); j += 2 {
			s := m.steps[j]
			if j+1 < len(m.steps) {
				next := m.steps[j+1]
				s.First, s.Retries, s.Failed = s.First+next.First, s.Retries+next.Retries, s.Failed+next.Failed
			}
			half = append(half, s)
		}
		m.steps = half
	}
	return i
}

// join counts a retry among those that come at once.
func (m *meter) join(a *attempt) {
	if bin := a.at / int64(together); bin != m.bin {
		m.part()
		m.bin = bin
	}
	if second := a.at / int64(time.Second); second != m.second {
		m.second, m.around = second, 0
	}
	m.around++
	m.who[a.session]++
}

// part ends a crowd.
func (m *meter) part() {
	if n := len(m.who); n >= crowdSize {
		all := 0
		for _, times := range m.who {
			all += times
		}
		m.crowd.Crowds++
		m.crowd.Retries += all
		if n > m.crowd.Largest {
			m.crowd.Largest, m.crowd.Time = n, time.Unix(0, m.bin*int64(together)).UTC()
			m.crowd.Expected = float64(m.around) * together.Seconds()
		}
	}
	clear(m.who)
}

// load returns what was counted.
func (m *meter) load() Load {
	m.part()
	l := Load{Step: float64(m.width) / 1e6, Steps: m.steps, Together: m.crowd}
	if m.first > 0 {
		l.Amplification = float64(m.first+m.retries) / float64(m.first)
	}
	l.Peak = m.peak()
	return l
}

// busy is how many retries there are at least in a window whose amplification
// means something.
const busy = 20

// peak finds the second with the most attempts for each first one.
func (m *meter) peak() *Peak {
	wide := max(int(int64(time.Second)/m.width), 1)
	seconds := float64(m.width) * float64(wide) / 1e9
	usual := float64(m.first) / (float64(m.width) * float64(len(m.steps)) / 1e9)
	var best *Peak
	for i := range m.steps {
		var sum Step
		for _, s := range m.steps[i:min(i+wide, len(m.steps))] {
			sum.First += s.First
			sum.Retries += s.Retries
		}
		if sum.Retries < busy {
			continue
		}
		// Where fewer come than usual, since they wait for their retries, it is
		// the usual load that would have come.
		base := max(float64(sum.First), usual*seconds)
		if f := float64(sum.First+sum.Retries) / base; best == nil || f > best.Amplification {
			best = &Peak{
				Time: time.Unix(0, m.start+int64(i)*m.width).UTC(), Seconds: seconds, First: sum.First, Retries: sum.Retries,
				Usual: usual, Amplification: f,
			}
		}
	}
	return best
}
