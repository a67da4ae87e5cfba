package vaurien

// TCP is the protocol of streams that are not framed: whatever bytes have come
// are a message, and where no behavior acts they are not looked at.
type TCP struct{}

// NewCodec returns nil: nothing is framed.
func (TCP) NewCodec() Codec { return nil }

// ServerFirst is true: nobody knows who speaks first.
func (TCP) ServerFirst() bool { return true }
