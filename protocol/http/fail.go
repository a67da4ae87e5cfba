package http

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// drawn is how many of the failures, the first ones, the dice choose from.
const drawn = 4

// Fail returns the reply of a server that fails: that of one of the failures,
// or a page with the code that f asks for, of 400 to 599, or one of the first
// four failures as rng draws.
//
// The connection is closed after it if the client will not go on (RFC 9112
// section 9.3), or cannot because its request was not read to the end.
func (c *codec) Fail(req *vaurien.Message, f vaurien.Failure, rng *rand.Rand) (vaurien.Answer, error) {
	if err := c.protocol.CheckFailure(f); err != nil {
		return vaurien.Answer{}, err
	}
	k := failureOf(f.Kind)
	if k == nil && f.Code == "" {
		k = &failures[rng.IntN(drawn)]
	}
	var r reply
	if k != nil {
		r = k.reply
		if len(k.codes) > 0 {
			r.code = k.codes[rng.IntN(len(k.codes))]
		}
		if r.code == 0 {
			return vaurien.Answer{Close: true}, nil
		}
	}
	if f.Code != "" {
		r.code, _ = strconv.Atoi(f.Code)
	}
	r.message = f.Message
	r.json = req != nil && wantsJSON(req)
	return r.answer(noteOf(req), f.Unread, c.protocol.time()), nil
}

// time is now, by the Protocol's clock.
func (p *Protocol) time() time.Time {
	if p.now != nil {
		return p.now()
	}
	return time.Now()
}
