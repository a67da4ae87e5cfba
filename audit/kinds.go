package audit

// kinds number the kinds of operations: a verb of a proxy.
type kinds struct {
	numbers map[kind]uint32
	list    []kind
}

type kind struct {
	proxy *proxy
	verb  string
}

// mostKinds is how many kinds are told apart; what is beyond them is one.
const mostKinds = 1000

func (k *kinds) number(p *proxy, verb string) uint32 {
	key := kind{p, verb}
	n, is := k.numbers[key]
	if is {
		return n
	}
	if len(k.list) >= mostKinds {
		key.verb = "…"
		if n, is = k.numbers[key]; is {
			return n
		}
	}
	if k.numbers == nil {
		k.numbers = make(map[kind]uint32)
	}
	n = uint32(len(k.list))
	k.numbers[key] = n
	k.list = append(k.list, key)
	return n
}
