package vaurien

// Narrow lets the system take only about so many bytes of what is sent in the
// Event's direction before they are read, so that the sender is held back
// soon. It lasts as long as the connection: a system that was told a size does
// not go back to choosing one.
func (e *Event) Narrow(bytes int) {
	if e.d == nil {
		return
	}
	if c, ok := e.d.in.src.conn.(interface{ SetReadBuffer(bytes int) error }); ok {
		c.SetReadBuffer(bytes) // where that cannot be, the sender is held back later
	}
}
