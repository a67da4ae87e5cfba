package audit

// cache holds the operations that were seen lately, those with a chain that
// waits among them: between one and two times as many as mostOperations.
type cache struct {
	young, old map[uint64]*operation
}

const mostOperations = 1 << 16

func (c *cache) get(op uint64) *operation {
	if o := c.young[op]; o != nil {
		return o
	}
	o := c.old[op]
	if o == nil {
		o = new(operation)
	}
	if c.young == nil || len(c.young) >= mostOperations {
		for op, o := range c.old {
			if len(o.pending) > 0 {
				c.young[op] = o
			}
		}
		c.old, c.young = c.young, make(map[uint64]*operation, mostOperations/16)
	}
	c.young[op] = o
	return o
}
