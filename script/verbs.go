package script

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.starlark.net/starlark"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// A verb is a method of ctx. One that is a deed is noted, and done when the
// handler has returned.
type verb struct {
	points  vaurien.Point // where it is possible
	builtin *starlark.Builtin
}

const everywhere = vaurien.Accept | vaurien.Request | vaurien.Reply

// verbs are the methods of ctx. It is never changed.
var verbs = map[string]*verb{
	"delay":   deedVerb("delay", everywhere, false, delay),
	"hold":    deedVerb("hold", everywhere, false, nothing),
	"fail":    deedVerb("fail", vaurien.Accept|vaurien.Request, true, fail),
	"drop":    deedVerb("drop", vaurien.Request|vaurien.Reply, true, nothing),
	"replace": deedVerb("replace", vaurien.Request|vaurien.Reply, false, replace),
	"cut":     deedVerb("cut", vaurien.Request|vaurien.Reply, true, cut),
	"close":   deedVerb("close", everywhere, true, nothing),
	"reset":   deedVerb("reset", everywhere, true, nothing),

	"log":    {everywhere, starlark.NewBuiltin("log", log)},
	"random": {everywhere, starlark.NewBuiltin("random", random)},
	"recent": {everywhere, starlark.NewBuiltin("recent", recent)},
}

func allContextNames() []string {
	return slices.Sorted(slices.Values(slices.Concat(contextNames, sortedKeys(verbs))))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// A deed is what a handler has decided to do.
type deed struct {
	verb    string
	wait    time.Duration
	failure vaurien.Failure
	bytes   []byte
	after   int64
	reset   bool
}

// maxDeeds is how many deeds a call may note: more than anybody can mean.
const maxDeeds = 100

// An unpacker reads the arguments of a verb.
type unpacker func(c *call, d *deed, args starlark.Tuple, kwargs []starlark.Tuple) error

// deedVerb is a verb that notes a deed. Nothing can be done after the last.
func deedVerb(name string, points vaurien.Point, last bool, read unpacker) *verb {
	return &verb{points, starlark.NewBuiltin(name,
		func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			c := b.Receiver().(*call)
			d := deed{verb: name}
			switch {
			case c.event == nil:
				return nil, errOver
			case points&c.event.Point == 0:
				return nil, errors.New(impossible(name, c.event.Point))
			case c.last != "":
				return nil, fmt.Errorf("ctx.%s: nothing can be done after ctx.%s: return there", name, c.last)
			case len(c.deeds) == maxDeeds:
				return nil, fmt.Errorf("ctx.%s: more than %d deeds in one call", name, maxDeeds)
			}
			if err := read(c, &d, args, kwargs); err != nil {
				return nil, err
			}
			if last {
				c.last = name
			}
			c.deeds = append(c.deeds, d)
			return starlark.None, nil
		})}
}

// impossible says why there is no such verb at a point.
func impossible(verb string, at vaurien.Point) string {
	switch {
	case at == vaurien.Accept:
		return fmt.Sprintf("ctx.%s: there is no message yet in on_connect", verb)
	case verb == "fail":
		return "ctx.fail: a reply is the server's: fail the request in on_request, or replace the reply"
	}
	return fmt.Sprintf("ctx.%s: not in %s", verb, handlerAt(at))
}

func handlerAt(at vaurien.Point) string {
	for _, h := range handlers {
		if h.point == at {
			return h.name
		}
	}
	return at.String()
}

func nothing(c *call, d *deed, args starlark.Tuple, kwargs []starlark.Tuple) error {
	return starlark.UnpackArgs(d.verb, args, kwargs)
}

func delay(c *call, d *deed, args starlark.Tuple, kwargs []starlark.Tuple) error {
	var v starlark.Value
	if err := starlark.UnpackArgs(d.verb, args, kwargs, "time", &v); err != nil {
		return err
	}
	var err error
	d.wait, err = durationOf(v)
	return err
}

// longestDelay is the option sleep's of the behavior delay: what is longer is a
// hold.
const longestDelay = 24 * time.Hour

// durationOf reads a time: seconds, or text as an option has it.
func durationOf(v starlark.Value) (time.Duration, error) {
	text, isText := starlark.AsString(v)
	if !isText {
		if _, isNumber := starlark.AsFloat(v); !isNumber {
			return 0, fmt.Errorf(`%s is no time: write seconds (2, 0.5) or text with a unit ("150ms")`, v.Type())
		}
		text = v.String()
	}
	d, err := option.ParseDuration(text)
	switch {
	case err != nil:
		return 0, err
	case d < 0 || d > longestDelay:
		return 0, fmt.Errorf("%s: a time is from 0 to 24h", text)
	}
	return d, nil
}

func fail(c *call, d *deed, args starlark.Tuple, kwargs []starlark.Tuple) error {
	f := &d.failure
	var code starlark.Value
	if err := starlark.UnpackArgs(d.verb, args, kwargs, "kind?", &f.Kind, "code?", &code, "message?", &f.Message); err != nil {
		return err
	}
	if code != nil {
		f.Code, _ = starlark.AsString(code)
		if _, isInt := code.(starlark.Int); isInt {
			f.Code = code.String()
		}
	}
	return c.b.checkFailure(*f, c.event.Point)
}

func replace(c *call, d *deed, args starlark.Tuple, kwargs []starlark.Tuple) error {
	var v starlark.Value
	if err := starlark.UnpackArgs(d.verb, args, kwargs, "bytes", &v); err != nil {
		return err
	}
	switch v := v.(type) {
	case starlark.Bytes:
		d.bytes = []byte(v)
	case starlark.String:
		d.bytes = []byte(v)
	default:
		return fmt.Errorf("ctx.replace takes bytes or text, not %s", v.Type())
	}
	return nil
}

func cut(c *call, d *deed, args starlark.Tuple, kwargs []starlark.Tuple) error {
	how := "close"
	if err := starlark.UnpackArgs(d.verb, args, kwargs, "after", &d.after, "how?", &how); err != nil {
		return err
	}
	d.reset = how == "reset"
	switch {
	case how != "close" && how != "reset":
		return fmt.Errorf(`ctx.cut: how is "close" or "reset", not %.40q`, how)
	case d.after < 0:
		return errors.New("ctx.cut: after is a number of bytes, 0 or more")
	}
	return nil
}

// log is ctx.log(text).
func log(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	c := b.Receiver().(*call)
	if err := starlark.UnpackArgs("log", args, kwargs, "text", &text); err != nil {
		return nil, err
	}
	if c.event == nil {
		return nil, errOver
	}
	c.event.Log(text)
	return starlark.None, nil
}

// random is ctx.random().
func random(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := b.Receiver().(*call)
	if err := starlark.UnpackArgs("random", args, kwargs); err != nil {
		return nil, err
	}
	if c.event == nil {
		return nil, errOver
	}
	return starlark.Float(c.event.Rand().Float64()), nil
}

// recent is ctx.recent(window).
func recent(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v starlark.Value
	c := b.Receiver().(*call)
	if err := starlark.UnpackArgs("recent", args, kwargs, "within", &v); err != nil {
		return nil, err
	}
	d, err := durationOf(v)
	switch {
	case err != nil:
		return nil, err
	case c.event == nil:
		return nil, errOver
	case d > longestWindow:
		return nil, fmt.Errorf("ctx.recent looks back %s at most", option.FormatDuration(longestWindow))
	}
	return starlark.MakeInt64(c.b.window.within(c.event.Arrived(), d)), nil
}
