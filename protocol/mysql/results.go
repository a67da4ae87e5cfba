package mysql

import "github.com/vaurien-proxy/vaurien"

// packet learns from a packet's first bytes what follows it. If it fails,
// nothing has changed. All of p up to okHead is there.
func (res *result) packet(p []byte, length int) error {
	p = p[:min(len(p), length)]
	if length == 0 && res.state != single {
		return vaurien.Opaque("an empty packet in a reply")
	}
	switch res.state {
	case beginning:
		if res.note.reply == prepared {
			return res.preparation(p)
		}
		return res.result(p)
	case single:
		if length > 0 && p[0] != errPacket {
			res.statusOf(p, length)
		}
		res.state = ended
	case describing:
		if p[0] == errPacket {
			res.state = ended
			break
		}
		if res.definitions--; res.definitions > 0 {
			break
		}
		if res.bare {
			res.defined()
		} else {
			res.state = described
		}
	case described:
		if p[0] != eofPacket || length >= longestEOF {
			return vaurien.Opaque("byte %#02x where an EOF is to end definitions", p[0])
		}
		flags, _ := eofStatus(p)
		res.defined()
		if flags&cursorExists != 0 && res.state == inRows {
			res.finish(flags) // the rows are fetched
		}
	case listing, inRows:
		res.row(p, length)
	}
	return nil
}

// result begins a result.
func (res *result) result(p []byte) error {
	switch p[0] {
	case okPacket:
		flags, ok := okStatus(p)
		if !ok {
			return vaurien.Opaque("an OK of %d bytes", len(p))
		}
		res.finish(flags)
		return nil
	case errPacket:
		if !isProgress(p) {
			res.state = ended
		}
		return nil
	case wantsFile:
		return vaurien.Opaque("a request for a file after a result")
	}
	k := cursor{b: p}
	columns := k.lenenc()
	follow := true
	if caps := res.codec.can(); caps.skipsMetadata() {
		follow = k.number(1) != 0
	}
	if k.out || columns > maxColumns {
		return vaurien.Opaque("byte %#02x at the beginning of a result", p[0])
	}
	res.definitions, res.then, res.rows, res.state = int(columns), 0, true, describing
	if !follow {
		// MariaDB sends the EOF all the same, MySQL does not
		// (read_com_query_metadata in its sql-common/client.cc).
		res.definitions = 0
		res.state = inRows
		if !res.bare && res.codec.can()&mariadbCacheMetadata != 0 {
			res.state = described
		}
	}
	return nil
}

// maxColumns is how many columns a result may have: definitions are counted,
// not kept, so that it need only fit (tables have 4096).
const maxColumns = 1 << 24

// preparation begins the reply to COM_STMT_PREPARE.
func (res *result) preparation(p []byte) error {
	if p[0] == errPacket {
		res.state = ended
		return nil
	}
	k := cursor{b: p, pos: 1 + 4}
	columns, params := int(k.number(2)), int(k.number(2))
	k.take(1 + 2) // a zero, warnings
	if k.out {
		k = cursor{b: p, pos: len(p)} // before 5.0 there were no warnings
	}
	if res.codec.can()&clientOptionalMetadata != 0 && len(p) > k.pos && k.number(1) == 0 {
		columns, params = 0, 0
	}
	res.rows = false
	res.definitions, res.then = params, columns
	if params == 0 {
		res.definitions, res.then = columns, 0
	}
	res.state = describing
	if res.definitions == 0 {
		res.state = ended
	}
	return nil
}

// defined says that definitions have come to their end.
func (res *result) defined() {
	switch {
	case res.then > 0:
		res.definitions, res.then = res.then, 0
		res.state = describing
	case res.rows:
		res.state = inRows
	default:
		res.state = ended
	}
}

// row passes over a row, or what ends rows.
func (res *result) row(p []byte, length int) {
	switch {
	case p[0] == errPacket:
		if !isProgress(p) { // CHECK TABLE sends them between its rows
			res.state = ended
		}
	case p[0] == eofPacket && (length < longestEOF || res.bare && length < fullPacket):
		flags, _ := okOrEOFStatus(p, length)
		res.finish(flags)
	}
}

// finish ends a result, with the status that the server gave.
func (res *result) finish(flags serverStatus) {
	res.codec.status.Store(uint32(flags))
	res.state = ended
	if flags&moreResults != 0 && res.note.reply == results {
		res.state = beginning
	}
}

// statusOf takes note of the status in a single packet, if it is an OK or EOF.
func (res *result) statusOf(p []byte, length int) {
	if p[0] != okPacket && p[0] != eofPacket || res.note.command == comStatistics {
		return
	}
	if flags, ok := okOrEOFStatus(p, length); ok {
		res.codec.status.Store(uint32(flags))
	}
}

// okOrEOFStatus returns the status flags of an OK or EOF, of which the latter
// has only them and the warnings.
func okOrEOFStatus(p []byte, length int) (serverStatus, bool) {
	if p[0] == eofPacket && length == 5 {
		return eofStatus(p)
	}
	return okStatus(p)
}

func eofStatus(p []byte) (serverStatus, bool) {
	k := cursor{b: p, pos: 1 + 2}
	flags := k.number(2)
	return serverStatus(flags), !k.out
}

// isProgress tells a report of progress from an error ("Progress Reporting" in
// MariaDB's documentation).
func isProgress(p []byte) bool {
	return len(p) >= 3 && p[0] == errPacket && p[1] == progress&0xff && p[2] == progress>>8
}
