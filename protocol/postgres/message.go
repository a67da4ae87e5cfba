package postgres

import (
	"encoding/binary"

	"github.com/vaurien-proxy/vaurien"
)

// headerSize is the size of a type and a length (the manual, section 55.7
// "Message Formats").
const headerSize = 5

// requestNames are the messages that clients send, by their types; the
// others are not understood.
var requestNames = [256]string{
	'Q': "Query", 'F': "FunctionCall", 'X': "Terminate",
	'P': "Parse", 'B': "Bind", 'D': "Describe", 'E': "Execute", 'C': "Close", 'H': "Flush", 'S': "Sync",
	'd': "CopyData", 'c': "CopyDone", 'f': "CopyFail",
	'p': "PasswordMessage",
}

// replyNames are those that servers send.
var replyNames = [256]string{
	'R': "Authentication", 'K': "BackendKeyData", 'S': "ParameterStatus", 'v': "NegotiateProtocolVersion",
	'1': "ParseComplete", '2': "BindComplete", '3': "CloseComplete", 't': "ParameterDescription",
	'T': "RowDescription", 'n': "NoData", 'D': "DataRow", 's': "PortalSuspended",
	'C': "CommandComplete", 'I': "EmptyQueryResponse", 'V': "FunctionCallResponse",
	'G': "CopyInResponse", 'H': "CopyOutResponse", 'W': "CopyBothResponse", 'd': "CopyData", 'c': "CopyDone",
	'E': "ErrorResponse", 'N': "NoticeResponse", 'A': "NotificationResponse", 'Z': "ReadyForQuery",
}

// header reads a message's type and the length of what follows its header.
// The server's longest message is a gigabyte; the length field is signed.
func header(b []byte, names *[256]string) (kind byte, length int64, err error) {
	kind, length = b[0], int64(int32(binary.BigEndian.Uint32(b[1:])))-4
	switch {
	case names[kind] == "":
		return 0, 0, vaurien.Opaque("message type %q", kind)
	case length < 0:
		return 0, 0, vaurien.Opaque("a length of %d in a message of type %q", length+4, kind)
	}
	return kind, length, nil
}

// text returns the span of a string that ends with a NUL, without it, and
// where the next field begins; false if it does not end before to.
func text(b []byte, from, to int) (s span, next int, ok bool) {
	for i := from; i < to; i++ {
		if b[i] == 0 {
			return span{from, i}, i + 1, true
		}
	}
	return span{from, to}, to, false
}
