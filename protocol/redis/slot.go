package redis

import "bytes"

// slots is how many a cluster divides its keys into.
const slots = 16384

// slotOf returns the slot of a key: CRC16 of it, or of what stands between its
// first { and the } after that, if there is anything (keyHashSlot in
// src/cluster.c).
func slotOf(key []byte) int {
	if _, tag, open := bytes.Cut(key, []byte{'{'}); open {
		if tag, _, closed := bytes.Cut(tag, []byte{'}'}); closed && len(tag) > 0 {
			key = tag
		}
	}
	var crc uint16
	for _, c := range key {
		crc = crc<<8 ^ crc16[byte(crc>>8)^c]
	}
	return int(crc) % slots
}

// crc16 is the table of CRC-16/XMODEM: polynomial 0x1021, beginning with 0
// (src/crc16.c).
var crc16 = func() (table [256]uint16) {
	for i := range table {
		crc := uint16(i) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
		table[i] = crc
	}
	return table
}()
