package behavior

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

const (
	// segment is how many bytes a TCP segment carries in an Ethernet frame of
	// 1500: less 20 of IP, 20 of TCP and 12 of its timestamps (RFC 7323).
	segment = 1448

	// The first wait for an acknowledgement on a fast line, which is doubled
	// each time it is in vain (RFC 6298 section 5.5), and the longest; Linux
	// include/net/tcp.h, TCP_RTO_MIN and TCP_RTO_MAX.
	firstRetransmission   = 200 * time.Millisecond
	longestRetransmission = 120 * time.Second
)

// PacketLoss does to a connection what lost packets do to it: TCP sends them
// again, so that no byte is missing, but the stream stalls until then. Each
// segment may be lost, and then what was sent again may be.
//
// Losses come in bursts with correlation c: they are a Markov chain of two
// states (Gilbert, 1960) in which a loss follows a loss with the probability
// r+c(1-r) and anything else with r(1-c), so that a part r of all is lost
// whatever c is. (In netem, correlation lets the rate fall.)
func PacketLoss() vaurien.Kind {
	return vaurien.Kind{
		Name: "packet_loss",
		Doc:  "stalls the stream as lost packets do, which TCP sends again; no byte is missing",
		New: func(set *option.Set) vaurien.Make {
			l := new(packetLoss)
			set.Float(&l.rate, "loss-rate", 0.1, "the part of all packets that is lost").AtLeast("0").AtMost("1")
			set.Float(&l.correlation, "correlation", 0, "how much each packet's fate depends on that of the one before").AtLeast("0").AtMost("1")
			l.declare(set)
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return l, nil }
		},
	}
}

type packetLoss struct {
	way
	rate, correlation float64
}

func (l *packetLoss) Points() vaurien.Point { return l.points() }

func (l *packetLoss) Act(e *vaurien.Event, next vaurien.Next) error {
	through(e, &losing{l: l, e: e, chain: remembered[chain](e, l)})
	return next()
}

// chain is what became of the last packet.
type chain struct {
	mu    sync.Mutex
	begun bool
	lost  bool
}

// loses draws what becomes of the next packet.
func (c *chain) loses(l *packetLoss, rng *rand.Rand) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := l.rate
	switch {
	case !c.begun:
		c.begun = true
	case c.lost:
		p += l.correlation * (1 - l.rate)
	default:
		p -= l.correlation * l.rate
	}
	c.lost = rng.Float64() < p
	return c.lost
}

// losing is the stage of a packet loss. Each write begins a segment.
type losing struct {
	onward
	l     *packetLoss
	e     *vaurien.Event
	chain *chain
	over  bool // the loss is no longer in force
}

func (s *losing) Write(p []byte) (int, error) {
	written, good := 0, 0 // good: what is not lost so far
	for good < len(p) && !s.over {
		if !s.chain.loses(s.l, s.e.Rand()) {
			good += min(segment, len(p)-good)
			continue
		}
		if written < good {
			n, err := s.w.Write(p[written:good])
			if written += n; err != nil {
				return written, err
			}
		}
		if err := s.stall(); err != nil {
			return written, err
		}
		good += min(segment, len(p)-good)
	}
	n, err := s.w.Write(p[written:])
	return written + n, err
}

// stall waits until a lost segment has been sent again and has arrived.
func (s *losing) stall() error {
	for rto := firstRetransmission; ; rto = min(2*rto, longestRetransmission) {
		stays, err := until(s.e, s.l, time.Now().Add(rto), s.e.Pause)
		if err != nil {
			return err
		}
		if s.over = !stays; s.over || !s.chain.loses(s.l, s.e.Rand()) {
			return nil
		}
	}
}
