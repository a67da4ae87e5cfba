package mysql

// A cursor walks through a payload. Once it has run out it stays so, and gives
// zeros.
type cursor struct {
	b   []byte
	pos int
	out bool
}

func (c *cursor) take(n int) []byte {
	if c.out || n < 0 || n > len(c.b)-c.pos {
		c.out = true
		return nil
	}
	c.pos += n
	return c.b[c.pos-n : c.pos]
}

// number returns an integer of n bytes, the lowest first.
func (c *cursor) number(n int) (v uint64) {
	for i, b := range c.take(n) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

// lenenc returns a length-encoded integer.
func (c *cursor) lenenc() uint64 {
	switch b := c.number(1); b {
	case 0xfc:
		return c.number(2)
	case 0xfd:
		return c.number(3)
	case 0xfe:
		return c.number(8)
	case 0xfb, 0xff: // NULL and an error, neither of them an integer
		c.out = true
		return 0
	default:
		return b
	}
}

// counted returns a string after its length.
func (c *cursor) counted(length uint64) []byte {
	if length > uint64(len(c.b)) {
		c.out = true
		return nil
	}
	return c.take(int(length))
}

// terminated returns a string that ends in NUL, which some clients leave out
// where the payload ends.
func (c *cursor) terminated() []byte {
	if c.out {
		return nil
	}
	for i := c.pos; i < len(c.b); i++ {
		if c.b[i] == 0 {
			s := c.b[c.pos:i]
			c.pos = i + 1
			return s
		}
	}
	s := c.b[c.pos:]
	c.pos = len(c.b)
	return s
}
