package memcache

import "strconv"

// Opcodes that are named here (memcached's protocol_binary.h).
const (
	opDelete    = 0x04
	opNoop      = 0x0a
	opVersion   = 0x0b
	opGetK      = 0x0c
	opGetKQ     = 0x0d
	opStat      = 0x10
	opSASLMechs = 0x20
	opGatK      = 0x23
	opGatKQ     = 0x24
)

// An opcode is one of the binary protocol.
type opcode struct {
	verb  string
	op    op
	quiet bool // answered only if there is something to say
}

// opcodes are those that memcached has or had (protocol_binary.h). Of others
// it is not known by how many packets they are answered.
var opcodes = [256]opcode{
	0x00:        {"get", get, false},
	0x01:        {"set", set, false},
	0x02:        {"add", add, false},
	0x03:        {"replace", replace, false},
	opDelete:    {"delete", del, false},
	0x05:        {"incr", incr, false},
	0x06:        {"decr", decr, false},
	0x07:        {"quit", other, false},
	0x08:        {"flush", flush, false},
	0x09:        {"getq", get, true},
	opNoop:      {"noop", noop, false},
	opVersion:   {"version", other, false},
	opGetK:      {"getk", get, false},
	opGetKQ:     {"getkq", get, true},
	0x0e:        {"append", appendTo, false},
	0x0f:        {"prepend", prepend, false},
	opStat:      {"stat", statistics, false},
	0x11:        {"setq", set, true},
	0x12:        {"addq", add, true},
	0x13:        {"replaceq", replace, true},
	0x14:        {"deleteq", del, true},
	0x15:        {"incrq", incr, true},
	0x16:        {"decrq", decr, true},
	0x17:        {"quitq", other, true},
	0x18:        {"flushq", flush, true},
	0x19:        {"appendq", appendTo, true},
	0x1a:        {"prependq", prepend, true},
	0x1c:        {"touch", touch, false},
	0x1d:        {"gat", get, false},
	0x1e:        {"gatq", get, true},
	opSASLMechs: {"sasl_list_mechs", other, false},
	0x21:        {"sasl_auth", sasl, false},
	0x22:        {"sasl_step", sasl, false},
	opGatK:      {"gatk", get, false},
	opGatKQ:     {"gatkq", get, true},
}

// withKey reports whether an opcode's replies have the key, also that it is
// not there.
func withKey(opcode byte) bool {
	return opcode == opGetK || opcode == opGetKQ || opcode == opGatK || opcode == opGatKQ
}

// Statuses (protocol_binary.h).
const (
	statusNotFound    = 0x01
	statusExists      = 0x02
	statusTooLarge    = 0x03
	statusInvalid     = 0x04
	statusNotStored   = 0x05
	statusNonNumeric  = 0x06
	statusAuth        = 0x20
	statusUnknown     = 0x81
	statusOutOfMemory = 0x82
	statusBusy        = 0x85
	statusTemporary   = 0x86
)

// statusText is what memcached says to a status (proto_bin.c, write_bin_error);
// to the last two, which only other servers use, the names that they have in
// the protocol's description (BinaryProtocolRevamped in memcached's wiki).
var statusText = map[uint16]string{
	statusNotFound:    "Not found",
	statusExists:      "Data exists for key.",
	statusTooLarge:    "Too large.",
	statusInvalid:     "Invalid arguments",
	statusNotStored:   "Not stored.",
	statusNonNumeric:  "Non-numeric server-side value for incr or decr",
	statusAuth:        "Auth failure.",
	statusUnknown:     "Unknown command",
	statusOutOfMemory: "Out of memory",
	statusBusy:        "Busy",
	statusTemporary:   "Temporary failure",
}

// statusNames are the names of the statuses that servers use, so that they cost
// no memory.
var statusNames = func() (names [256]string) {
	for s := range names {
		names[s] = "0x" + strconv.FormatInt(int64(0x10000+s), 16)[1:]
	}
	return names
}()

func statusName(s uint16) string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "0x" + strconv.FormatInt(int64(0x10000)+int64(s), 16)[1:]
}
