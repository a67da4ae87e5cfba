package memcache

import (
	"bytes"

	"github.com/vaurien-proxy/vaurien"
)

const (
	// longestCommand is the longest command line, but for a get's. memcached
	// closes a connection on which no line has ended after as many bytes
	// (proto_text.c, try_read_command_ascii).
	longestCommand = 2048

	// longestReply is the longest line of a reply: a key of 250 bytes, which
	// metadump writes in three times as many, and some numbers. out_string
	// (memcached.c) writes 1024.
	longestReply = 8 << 10

	longestKey   = 250               // KEY_MAX_LENGTH in memcached.h
	largestValue = int64(1)<<31 - 3  // proto_text.c, process_update_command: INT_MAX - 2, less than 2^31 with its CRLF
	largestReply = int64(1)<<56 - 1  // no server has so much memory
	largestFlags = uint64(1)<<32 - 1 // some servers have flags of 64 bits and some refuse them
	largestTime  = uint64(1)<<31 - 1
)

// line returns the line at offset from of what is buffered, with its end,
// once all of it is there. A line of more than limit bytes is not understood.
func line(r *vaurien.Reader, from, limit int) ([]byte, error) {
	for seen := from; ; {
		b := r.Buffered()
		if i := bytes.IndexByte(b[seen:], '\n'); i >= 0 {
			if end := seen + i + 1; end-from <= limit {
				return b[from:end], nil
			}
			return nil, vaurien.Opaque("a line of more than %d bytes", limit)
		}
		if seen = len(b); seen-from >= limit {
			return nil, vaurien.Opaque("a line of more than %d bytes", limit)
		}
		if err := r.More(); err != nil {
			return nil, err
		}
	}
}

// trimmed returns a line without its end and without the blanks before that.
func trimmed(line []byte) []byte {
	n := len(line) - 1
	if n > 0 && line[n-1] == '\r' {
		n--
	}
	for n > 0 && line[n-1] == ' ' {
		n--
	}
	return line[:n]
}

// cut returns the first word of s and what follows it. Words are separated by
// blanks and by nothing else (proto_text.c, tokenize_command).
func cut(s []byte) (word, rest []byte) {
	i := 0
	for i < len(s) && s[i] == ' ' {
		i++
	}
	start := i
	for i < len(s) && s[i] != ' ' {
		i++
	}
	return s[start:i], s[i:]
}

// words returns how many words s has, and the last one.
func words(s []byte) (n int, last []byte) {
	for {
		word, rest := cut(s)
		if len(word) == 0 {
			return n, last
		}
		n, last, s = n+1, word, rest
	}
}

// A validity is what is made of a number.
type validity uint8

const (
	valid   validity = iota
	bad              // every server refuses it
	unclear          // some take it and some do not
)

// number reads a number in digits, of max at most.
func number(word []byte, max uint64) (uint64, validity) {
	if len(word) == 0 || word[0] >= 'A' {
		return 0, bad
	}
	var n uint64
	for _, c := range word {
		d := uint64(c - '0')
		if d > 9 || n > (1<<64-1-d)/10 {
			return 0, unclear // strtol takes signs and white space
		}
		n = 10*n + d
	}
	if n > max {
		return 0, unclear
	}
	return n, valid
}

// signed reads a number that may be less than zero.
func signed(word []byte, max uint64) (int64, validity) {
	if len(word) > 1 && word[0] == '-' {
		n, v := number(word[1:], max)
		if v == bad {
			v = unclear
		}
		return -int64(n), v
	}
	n, v := number(word, max)
	return int64(n), v
}
