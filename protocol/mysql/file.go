package mysql

import (
	"io"

	"github.com/vaurien-proxy/vaurien"
)

// A file is the Body of what LOAD DATA LOCAL sends: packets up to an empty one.
type file struct {
	left      int64 // of the packet at hand
	continued bool  // another packet goes on with it, though it may be empty
	ended     bool
}

// Next returns the length of as many packets as are buffered.
func (f *file) Next(r *vaurien.Reader) (int64, error) {
	if f.ended {
		return 0, io.EOF
	}
	run := f.left
	f.left = 0
	for !f.ended {
		b := r.Buffered()
		if int64(len(b)) < run+headerSize {
			if run > 0 {
				return run, nil
			}
			if err := r.More(); err != nil {
				return 0, cut(err)
			}
			continue
		}
		length := lengthOf(b[run:])
		f.ended = length == 0 && !f.continued
		f.continued = length == fullPacket
		run += headerSize + int64(length)
	}
	return run, nil
}
