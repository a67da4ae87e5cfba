package postgres

import "encoding/binary"

// A response is what an ErrorResponse says (the manual, section 55.8 "Error
// and Notice Message Fields"), in the order in which the server sends it (its
// src/backend/utils/error/elog.c, send_message_to_frontend).
type response struct {
	severity string
	code     string
	message  string
	detail   string
	hint     string
	where    string
	position string
	file     string
	line     string
	routine  string
}

// append appends the message.
func (e *response) append(b []byte) []byte {
	start := len(b)
	b = append(b, 'E', 0, 0, 0, 0)
	for _, f := range [...]struct {
		kind  byte
		value string
	}{
		{'S', e.severity}, {'V', e.severity}, {'C', e.code}, {'M', e.message}, {'D', e.detail}, {'H', e.hint},
		{'W', e.where}, {'P', e.position}, {'F', e.file}, {'L', e.line}, {'R', e.routine},
	} {
		if f.value != "" {
			b = append(append(append(b, f.kind), f.value...), 0)
		}
	}
	b = append(b, 0)
	binary.BigEndian.PutUint32(b[start+1:], uint32(len(b)-start-1))
	return b
}

// appendMessage appends a message of a type with that content.
func appendMessage(b []byte, kind byte, content ...string) []byte {
	start := len(b)
	b = append(b, kind, 0, 0, 0, 0)
	for _, c := range content {
		b = append(b, c...)
	}
	binary.BigEndian.PutUint32(b[start+1:], uint32(len(b)-start-1))
	return b
}

// field returns a field of an ErrorResponse, without its header.
func field(content []byte, kind byte) string {
	for at := 0; at < len(content) && content[at] != 0; {
		value, next, ok := text(content, at+1, len(content))
		if !ok {
			break
		}
		if content[at] == kind {
			return string(value.of(content))
		}
		at = next
	}
	return ""
}
