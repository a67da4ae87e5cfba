package memcache

import "github.com/vaurien-proxy/vaurien"

func capture(name string) string {
	return "captured: memcached 1.6.18 (testdata/captures/" + name + ".txt)"
}

// openToAll reports whether a binary command needs no authentication
// (proto_bin.c, authenticated).
func openToAll(n *note) bool {
	return n.dialect == binary && (n.opcode == opVersion || n.opcode == opSASLMechs)
}

func isBinary(n *note) bool { return n.dialect == binary }

// kinds are the failures as the engine knows them.
var kinds = func() []vaurien.FailureKind {
	out := make([]vaurien.FailureKind, len(failures))
	for i, f := range failures {
		out[i] = f.FailureKind
		out[i].Fits = func(req *vaurien.Message) bool {
			return req == nil || noteOf(req).fails(f.fits)
		}
	}
	return out
}()

// fails reports whether a request can fail as something says. A quit is not
// answered, and what was refused has failed already.
func (n *note) fails(fits func(*note) bool) bool {
	if n.dialect != binary && (n.quiet && n.op == other && n.reply == aLine || n.op == unknown) {
		return false
	}
	return fits == nil || fits(n)
}

// Failures returns the ways to fail that have a name.
func (p *Protocol) Failures() []vaurien.FailureKind { return kinds }

func failureOf(name string) *failure {
	for i := range failures {
		if failures[i].Name == name {
			return &failures[i]
		}
	}
	return nil
}
