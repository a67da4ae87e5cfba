package redis

import (
	"encoding/binary"
	"strings"
)

// A quickTable finds the commands whose names are at most eight letters, which
// are most of those in use, by their letters in one word.
type quickTable [quickSize]quickEntry

// quickSize is several times the number of commands, so that few share a slot
// and every search ends.
const quickSize = 1024

type quickEntry struct {
	letters uint64 // in capitals
	command *command
}

// capitalsOnly takes the bit from a word of letters that makes them small.
const capitalsOnly = ^uint64(0x2020202020202020)

func (t *quickTable) fill(all map[string]*command) {
	for name, c := range all {
		if len(name) > 8 || strings.ContainsFunc(name, func(r rune) bool { return r < 'A' || r > 'Z' }) {
			continue
		}
		var b [8]byte
		copy(b[:], name)
		letters := binary.LittleEndian.Uint64(b[:])
		i := spread(letters)
		for t[i].command != nil {
			i = (i + 1) % quickSize
		}
		t[i] = quickEntry{letters, c}
	}
}

// find returns the command of that name; nil if it has none.
func (t *quickTable) find(name []byte) *command {
	if len(name) > 8 {
		return nil
	}
	var letters uint64
	if cap(name) >= 8 {
		letters = binary.LittleEndian.Uint64(name[:8]) & (1<<(8*len(name)) - 1)
	} else {
		for i, c := range name {
			letters |= uint64(c) << (8 * i)
		}
	}
	letters &= capitalsOnly
	for i := spread(letters); t[i].command != nil; i = (i + 1) % quickSize {
		// Blanks have become zeros: the length tells them from none.
		if t[i].letters == letters && len(t[i].command.verb) == len(name) {
			return t[i].command
		}
	}
	return nil
}

// spread spreads words over the table: the multiplier is 2^64 divided by the golden ratio.
func spread(letters uint64) uint64 { return letters * 0x9e3779b97f4a7c15 >> 54 }
