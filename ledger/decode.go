package ledger

import (
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// A decoder reads entries. Texts that come again and again are kept once.
type decoder struct {
	known map[string]string
	entry Entry
	scan  scanner
}

// mostKnown is how many texts a decoder keeps.
const mostKnown = 4096

// Decode reads one entry, as AppendJSON writes it. Fields that it does not know
// are passed over, so that later versions may have more.
func Decode(line []byte) (Entry, error) {
	var d decoder
	return d.decode(line)
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *Entry) UnmarshalJSON(b []byte) (err error) {
	*e, err = Decode(b)
	return err
}

func (d *decoder) decode(line []byte) (Entry, error) {
	d.scan.b, d.scan.i, d.scan.depth, d.scan.err = line, 0, 0, nil
	d.entry = Entry{Forwarded: Never, Replied: Never, Ended: Never}
	e, s := &d.entry, &d.scan
	s.object(d.field)
	if s.err == nil && s.peek() != 0 {
		s.fail("something follows the entry")
	}
	switch {
	case s.err != nil:
		return Entry{}, s.err
	case e.Type == "":
		return Entry{}, errors.New("not an entry of a ledger: it has no type")
	case e.Time.IsZero() && e.Type != LostType:
		return Entry{}, errors.New("not an entry of a ledger: it has no time")
	}
	d.settle()
	return *e, nil
}

// settle puts what several types of entries call alike where it belongs.
func (d *decoder) settle() {
	e := &d.entry
	switch e.Type {
	case RunType:
		d.run().Seed = d.server().Seed
		e.Server = nil
	case ProxyType:
		d.server()
	case PlanType:
		d.plan().Number, d.plan().Text = e.Plan, e.Text
		e.Plan, e.Text = 0, ""
	}
	if e.Type != ProxyType {
		e.Server = nil
	}
}

func (d *decoder) run() *Run {
	if d.entry.Run == nil {
		d.entry.Run = new(Run)
	}
	return d.entry.Run
}

func (d *decoder) server() *Server {
	if d.entry.Server == nil {
		d.entry.Server = new(Server)
	}
	return d.entry.Server
}

func (d *decoder) plan() *Plan {
	if d.entry.InPlan == nil {
		d.entry.InPlan = new(Plan)
	}
	return d.entry.InPlan
}

// field reads a field of an entry.
func (d *decoder) field(name []byte) {
	e, s := &d.entry, &d.scan
	switch string(name) {
	case "type":
		e.Type = Type(d.word())
	case "time":
		from := s.i
		t, err := time.Parse(time.RFC3339Nano, string(s.text()))
		if err != nil && s.err == nil {
			s.i = from
			s.fail("a time should be here, as in 2026-01-02T15:04:05.123Z")
		}
		e.Time = t
	case "id":
		e.Number = s.uint()
	case "proxy":
		e.Proxy = d.word()
	case "session":
		e.Session = s.uint()
	case "client":
		e.Client = d.word()
	case "exchange":
		e.Exchange = s.uint()
	case "verb":
		e.Verb = d.word()
	case "attributes":
		s.object(func(name []byte) {
			a := Attribute{Name: d.keep(name)}
			a.Value = s.value()
			e.Attributes = append(e.Attributes, a)
		})
	case "digest":
		from := s.i
		n, err := strconv.ParseUint(string(s.text()), 16, 64)
		if err != nil && s.err == nil {
			s.i = from
			s.fail("a digest of 16 hexadecimal digits should be here")
		}
		e.Digest = n
	case "plan":
		e.Plan = s.uint()
	case "behavior":
		e.Behavior = d.word()
	case "fate":
		e.Fate = Fate(d.word())
	case "deeds":
		s.list(func() { e.Deeds = append(e.Deeds, d.deed()) })
	case "forwarded_ms":
		e.Forwarded = d.duration()
	case "replied_ms":
		e.Replied = d.duration()
	case "ended_ms":
		e.Ended = d.duration()
	case "answered":
		e.Answered = s.bool()
	case "state":
		e.State = d.word()
	case "bytes_to_backend":
		e.ToBackend = s.uint()
	case "bytes_to_client":
		e.ToClient = s.uint()
	case "exchanges":
		e.Exchanges = s.uint()
	case "count":
		e.Count = s.uint()
	case "reason":
		e.Reason = d.word()
	case "kind":
		e.Kind = d.word()
	case "text":
		e.Text = string(s.text())
	default:
		d.rare(name)
	}
}

// rare reads a field of an entry of which a ledger has few.
func (d *decoder) rare(name []byte) {
	s := &d.scan
	switch string(name) {
	case "version":
		d.run().Version = d.word()
	case "seed":
		d.server().Seed = s.uint()
	case "pid":
		d.run().PID = int(s.uint())
	case "continues":
		d.run().Continues = s.bool()
	case "listen":
		d.server().Listen = d.word()
	case "backend":
		d.server().Backend = d.word()
	case "protocol":
		d.server().Protocol = d.word()
	case "draw":
		d.server().Draw = d.word()
	case "behaviors":
		s.list(func() { d.plan().Behaviors = append(d.plan().Behaviors, d.choice()) })
	case "toxics":
		s.list(func() { d.plan().Toxics = append(d.plan().Toxics, d.choice()) })
	default:
		s.skip()
	}
}

func (d *decoder) deed() (out Deed) {
	s := &d.scan
	s.object(func(name []byte) {
		switch string(name) {
		case "point":
			out.Point = pointNamed(d.word())
		case "what":
			out.What = d.word()
		case "detail":
			out.Detail = d.word()
		case "times":
			out.Times = int(s.uint())
		case "at_ms":
			out.At = d.duration()
		case "for_ms":
			out.For = d.duration()
		case "late_ms":
			out.Late = d.duration()
		default:
			s.skip()
		}
	})
	return out
}

func (d *decoder) choice() (out Choice) {
	s := &d.scan
	s.object(func(name []byte) {
		switch string(name) {
		case "name":
			out.Name = d.word()
		case "behavior":
			out.Behavior = d.word()
		case "weight":
			out.Weight = s.float()
		case "options":
			out.Options = make(map[string]string)
			s.object(func(name []byte) {
				option := d.keep(name)
				out.Options[option] = string(s.text())
			})
		default:
			s.skip()
		}
	})
	return out
}

// pointNamed returns the point that pointName calls so; 0 if there is none.
func pointNamed(name string) vaurien.Point {
	for p := vaurien.Accept; p <= vaurien.Live; p <<= 1 {
		if pointName(p) == name {
			return p
		}
	}
	return 0
}

// duration reads a time in milliseconds.
func (d *decoder) duration() time.Duration {
	ms := d.scan.float()
	if !(math.Abs(ms) < float64(math.MaxInt64/int64(time.Millisecond))) {
		d.scan.fail("a time of %v ms is none", ms)
		return Never
	}
	return time.Duration(math.Round(ms*1000)) * time.Microsecond
}

// word reads a text that is likely to come again.
func (d *decoder) word() string { return d.keep(d.scan.text()) }

func (d *decoder) keep(text []byte) string {
	if s, ok := d.known[string(text)]; ok {
		return s
	}
	if d.known == nil || len(d.known) >= mostKnown {
		d.known = make(map[string]string)
	}
	s := string(text)
	d.known[s] = s
	return s
}
