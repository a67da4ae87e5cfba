package vaurien

import (
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strconv"
)

// dice are the source of all chance in one proxy. Everything drawn from them is
// a function of the seed, the proxy's name, the session, the exchange and what
// the draw is for, and of nothing else: neither time nor what other sessions do
// changes a session's fate.
type dice struct{ key uint64 }

func newDice(seed uint64, proxy string) dice {
	return dice{mix(mix(seed) ^ nameHash(proxy))}
}

// What a number is drawn for. Each purpose has a sequence of its own.
const (
	forChoice uint64 = iota // which behavior is chosen
	forDeed                 // what the behavior does; plus the Point

	forToxic uint64 = 1 << 32 // which toxics meet a connection; the number is their name's
)

// nameHash returns a number for a name.
func nameHash(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}

// draw returns the n-th number of an exchange for a purpose.
func (d dice) draw(session, exchange, purpose, n uint64) uint64 {
	return mix(mix(mix(mix(d.key^session)^exchange)^purpose) ^ n)
}

// roll is draw as a number from 0 up to, but not including, 1.
func (d dice) roll(session, exchange, purpose, n uint64) float64 {
	return float64(d.draw(session, exchange, purpose, n)>>11) / (1 << 53)
}

func (d dice) rand(session, exchange, purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(d.draw(session, exchange, purpose, 0), d.draw(session, exchange, purpose, 1)))
}

// mix is one step of SplitMix64 (Steele, Lea, Flood: Fast Splittable
// Pseudorandom Number Generators, OOPSLA 2014): a bijection that spreads each
// bit of x over all 64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// parseSeed reads a seed; an empty one is chosen by chance, small enough to be
// typed again.
func parseSeed(text string) (uint64, error) {
	if text == "" {
		var b [4]byte
		crand.Read(b[:]) // never fails
		return uint64(binary.LittleEndian.Uint32(b[:])), nil
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a seed: write a whole number from 0 to %d", text, uint64(math.MaxUint64))
	}
	return seed, nil
}
