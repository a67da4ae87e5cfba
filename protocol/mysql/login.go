package mysql

import (
	"bytes"

	"github.com/vaurien-proxy/vaurien"
)

// capabilities are what both sides can do: the flags of the handshake (group
// "Capabilities Flags" in MySQL's include/mysql_com.h) in the low half, and
// MariaDB's extended ones in the high half.
type capabilities uint64

const (
	clientMySQL            capabilities = 1 << 0 // CLIENT_LONG_PASSWORD; MariaDB: not MariaDB
	clientConnectWithDB    capabilities = 1 << 3
	clientCompress         capabilities = 1 << 5
	clientProtocol41       capabilities = 1 << 9
	clientSSL              capabilities = 1 << 11
	clientSecureConnection capabilities = 1 << 15
	clientPluginAuth       capabilities = 1 << 19
	clientLenencAuth       capabilities = 1 << 21
	clientDeprecateEOF     capabilities = 1 << 24
	clientOptionalMetadata capabilities = 1 << 25
	clientZstd             capabilities = 1 << 26
	clientQueryAttributes  capabilities = 1 << 27
	mariadbCacheMetadata   capabilities = 1 << 36
)

// skipsMetadata says that a byte after the number of columns tells whether
// their definitions follow.
func (c capabilities) skipsMetadata() bool {
	return c&(clientOptionalMetadata|mariadbCacheMetadata) != 0
}

// A greeting is what the server says of itself.
type greeting struct {
	version string
	mariadb bool
	caps    capabilities
	low, hi int // where in the payload the two parts of the flags are
}

// readGreeting reads the payload of a greeting (HandshakeV10).
func readGreeting(payload []byte) (g greeting, err error) {
	c := cursor{b: payload}
	if v := c.number(1); v != 10 {
		return g, vaurien.Opaque("a greeting of the protocol version %d", v)
	}
	version := c.terminated()
	c.take(4 + 8 + 1) // the thread's ID, half of the scramble, a zero
	g.low = c.pos
	g.caps = capabilities(c.number(2))
	c.take(1 + 2) // character set, status
	g.hi = c.pos
	g.caps |= capabilities(c.number(2)) << 16
	c.take(1 + 6) // the scramble's length, zeros
	if extended := c.number(4); g.caps&clientMySQL == 0 {
		g.caps |= capabilities(extended) << 32
	}
	if c.out {
		return g, vaurien.Opaque("a greeting of %d bytes", len(payload))
	}
	g.version = string(version)
	// MariaDB says 5.5.5- before its own version to replicas of MySQL.
	g.mariadb = bytes.Contains(version, []byte("MariaDB")) || bytes.HasPrefix(version, []byte("5.5.5-"))
	return g, nil
}

// plain takes TLS and compression out of a greeting's payload.
func (g *greeting) plain(payload []byte) {
	g.caps &^= clientSSL | clientCompress | clientZstd
	payload[g.low], payload[g.low+1] = byte(g.caps), byte(g.caps>>8)
	payload[g.hi], payload[g.hi+1] = byte(g.caps>>16), byte(g.caps>>24)
}

// A login is who the client wants to be.
type login struct {
	user, database string
	caps           capabilities
	password       bool
	plugin         string
}

// sslRequest is the length of the packet after which a client begins TLS: that
// of the login's first fields.
const sslRequest = 4 + 4 + 1 + 23

// readLogin reads the payload of a login (HandshakeResponse41).
func readLogin(payload []byte) (l login, err error) {
	c := cursor{b: payload}
	l.caps = capabilities(c.number(4))
	if c.out || l.caps&clientProtocol41 == 0 {
		return l, vaurien.Opaque("a login of a client older than 4.1")
	}
	if l.caps&clientSSL != 0 && len(payload) == sslRequest {
		return l, vaurien.Opaque("TLS begins")
	}
	c.take(4 + 1 + 19)
	if extended := c.number(4); l.caps&clientMySQL == 0 {
		l.caps |= capabilities(extended) << 32
	}
	user := c.terminated()
	var proof []byte
	switch {
	case l.caps&clientLenencAuth != 0:
		proof = c.counted(c.lenenc())
	case l.caps&clientSecureConnection != 0:
		proof = c.take(int(c.number(1)))
	default:
		proof = c.terminated()
	}
	if l.caps&clientConnectWithDB != 0 {
		l.database = string(c.terminated())
	}
	if l.caps&clientPluginAuth != 0 {
		l.plugin = string(c.terminated())
	}
	if c.out {
		return l, vaurien.Opaque("a login of %d bytes", len(payload))
	}
	l.user, l.password = string(user), len(proof) > 0
	return l, nil
}

// readChangeUser reads what follows the command byte of COM_CHANGE_USER.
func readChangeUser(payload []byte, caps capabilities) login {
	c := cursor{b: payload}
	l := login{caps: caps, user: string(c.terminated())}
	if caps&clientSecureConnection != 0 {
		l.password = len(c.take(int(c.number(1)))) > 0
	} else {
		l.password = len(c.terminated()) > 0
	}
	l.database = string(c.terminated())
	c.take(2) // character set
	if caps&clientPluginAuth != 0 && !c.out {
		l.plugin = string(c.terminated())
	}
	return l
}

// fastAuthentication is what caching_sha2_password says when it knows the
// password's hash: OK follows without another packet from the client. After
// any other packet of a plugin the client speaks.
func fastAuthentication(payload []byte, plugin string) bool {
	return plugin == "caching_sha2_password" && len(payload) == 2 && payload[0] == 1 && payload[1] == 3
}
