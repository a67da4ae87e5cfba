package behavior

import (
	"slices"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// A link is the line of some users, as tools that measure web pages know it.
type link struct {
	name     string
	down, up int64         // bits a second
	trip     time.Duration // there and back
}

const ms = time.Millisecond

// links are published profiles.
var links = []link{
	// WebPageTest, www/settings/connectivity.ini.sample: bwIn, bwOut (bit/s),
	// latency (ms, there and back); plr, the loss, is 0 in all of them.
	{"cable", 5_000_000, 1_000_000, 28 * ms},
	{"dsl", 1_500_000, 384_000, 50 * ms},
	{"fios", 20_000_000, 5_000_000, 4 * ms},
	{"dial", 49_000, 30_000, 120 * ms},
	{"edge", 240_000, 200_000, 840 * ms},
	{"2g", 280_000, 256_000, 800 * ms},
	{"3g-slow", 400_000, 400_000, 400 * ms},
	{"3g", 1_600_000, 768_000, 300 * ms},
	{"3g-fast", 1_600_000, 768_000, 150 * ms},
	{"4g", 9_000_000, 9_000_000, 170 * ms},
	{"lte", 12_000_000, 12_000_000, 70 * ms},

	// Chrome DevTools, front_end/core/sdk/NetworkManager.ts, whose factors make
	// up for its throttling of requests and not of packets: 1.6 and 0.75 Mbit/s
	// × 0.9, 150 ms × 3.75; 9 and 1.5 Mbit/s × 0.9, 60 ms × 2.75; 500 kbit/s ×
	// 0.8, 400 ms × 5.
	{"devtools-slow-4g", 1_440_000, 675_000, 562500 * time.Microsecond},
	{"devtools-fast-4g", 8_100_000, 1_350_000, 165 * ms},
	{"devtools-3g", 400_000, 400_000, 2000 * ms},

	// A geostationary satellite: the way there and back is 558 ms at least
	// (RFC 2488 section 2); 25 and 3 Mbit/s, what the FCC called broadband in
	// 2015 (FCC 15-10).
	{"satellite", 25_000_000, 3_000_000, 558 * ms},
}

// Profile lets a connection be as those of some users are: half of the time
// there and back of latency each way, and a line of its own for the bytes each
// way.
func Profile() vaurien.Kind {
	return vaurien.Kind{
		Name: "profile",
		Doc:  "lets the connection be as those of some users are: slow and far away",
		New: func(set *option.Set) vaurien.Make {
			name := "3g"
			var names []string
			for _, l := range links {
				names = append(names, l.name)
			}
			set.Choice(&name, "name", name, "whose", names...)
			return func(vaurien.Protocol) (vaurien.Behavior, error) {
				i := slices.IndexFunc(links, func(l link) bool { return l.name == name })
				return links[i].behavior(), nil
			}
		},
	}
}

// behavior is what the line does. (What the tables know of loss is none.)
func (l link) behavior() vaurien.Behavior {
	return vaurien.Chain(
		&latency{way: way{bothWays}, delay: delay{sleep: l.trip / 2, distribution: "uniform"}},
		&bandwidth{way: way{toBackend}, rate: l.up / 8},
		&bandwidth{way: way{toClient}, rate: l.down / 8},
	)
}
