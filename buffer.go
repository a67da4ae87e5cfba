package vaurien

import "sync"

// The sizes of pooled buffers. A connection at rest holds none; one that has
// something to carry takes the smallest, and larger ones for as long as its
// reads fill them.
var bufferSizes = [...]int{16 << 10, 64 << 10, 256 << 10}

const largestBuffer = len(bufferSizes) - 1

var bufferPools [len(bufferSizes)]sync.Pool

// A buffer is memory from a pool, or of its own when class is negative.
type buffer struct {
	b     []byte
	class int
}

func newBuffer(class int) *buffer {
	if b, ok := bufferPools[class].Get().(*buffer); ok {
		return b
	}
	return &buffer{make([]byte, bufferSizes[class]), class}
}

// release gives b back; nobody may touch it afterwards.
func (b *buffer) release() {
	if b != nil && b.class >= 0 {
		bufferPools[b.class].Put(b)
	}
}

// bufferOf returns a buffer of n bytes or more: from a pool, if one has any as
// large.
func bufferOf(n int) *buffer {
	for class, size := range bufferSizes {
		if n <= size {
			return newBuffer(class)
		}
	}
	return &buffer{make([]byte, n), -1}
}
