package behavior

import (
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// SlowClose passes the end of a stream on late. The bytes before it are not
// held up, nor is a reset.
func SlowClose() vaurien.Kind {
	return vaurien.Kind{
		Name: "slow_close",
		Doc:  "passes the end of a stream on late",
		New: func(set *option.Set) vaurien.Make {
			s := new(slowClose)
			set.Duration(&s.delay, "delay", 0, "how much later").AtLeast("0s").AtMost(longestDelay)
			s.declare(set)
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return s, nil }
		},
	}
}

type slowClose struct {
	way
	delay time.Duration
}

func (*slowClose) Points() vaurien.Point { return vaurien.Close }

func (s *slowClose) Act(e *vaurien.Event, next vaurien.Next) error {
	if s.goes(e) {
		stays, err := until(e, s, e.Due(s.delay), e.SleepUntil)
		if err != nil {
			return err
		}
		if !stays {
			e.Due(-s.delay)
		}
	}
	return next()
}
