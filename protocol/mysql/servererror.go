package mysql

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vaurien-proxy/vaurien"
)

// A serverError is what an ERR packet says.
type serverError struct {
	number uint16
	state  string // SQLSTATE
	text   string
}

// unknownState is the SQLSTATE of errors that have none of their own.
const unknownState = "HY000"

// longestMessage is how long an error's text may be (MYSQL_ERRMSG_SIZE in
// MySQL's include/mysql_com.h).
const longestMessage = 512

// longestSignal is how many characters SIGNAL takes as MESSAGE_TEXT.
const longestSignal = 128

// packet returns the error as a packet, with its SQLSTATE or without.
func (e serverError) packet(seq byte, state bool) []byte {
	number := []byte{errPacket, byte(e.number), byte(e.number >> 8)}
	if state {
		return appendPacket(nil, seq, number, []byte("#"+e.state+e.text))
	}
	return appendPacket(nil, seq, number, []byte(e.text))
}

// signal returns a statement that fails with the error. The text is in
// hexadecimal, which no sql_mode reads otherwise.
func (e serverError) signal() string {
	state, text := e.state, e.text
	if strings.HasPrefix(state, "00") || strings.HasPrefix(state, "01") {
		state = unknownState // SIGNAL makes no error of these
	}
	if utf8.RuneCountInString(text) > longestSignal {
		text = string([]rune(text)[:longestSignal])
	}
	s := fmt.Sprintf("SIGNAL SQLSTATE '%s' SET MYSQL_ERRNO=%d", state, e.number)
	if text != "" {
		s += ",MESSAGE_TEXT=_utf8 x'" + hex.EncodeToString([]byte(text)) + "'"
	}
	return s
}

// override puts a failure's own code and message over the kind's.
func (e *serverError) override(f vaurien.Failure) error {
	if f.Code != "" {
		number, state, err := parseCode(f.Code)
		if err != nil {
			return err
		}
		if state == "" {
			state = stateOf(number)
		}
		if number != e.number && f.Message == "" {
			e.text = "Unknown error"
		}
		e.number, e.state = number, state
	}
	if f.Message != "" {
		e.text = f.Message
	}
	return nil
}

// parseCode reads an error's number, and the SQLSTATE if it is given: 1205 or
// 1205/HY000.
func parseCode(code string) (number uint16, state string, err error) {
	digits, state, given := strings.Cut(code, "/")
	v, err := strconv.ParseUint(digits, 10, 64)
	switch {
	case !given && (knownState(code) || err != nil && isState(code)):
		return 0, "", fmt.Errorf("%s is an SQLSTATE: give the error's number too, as in 1213/40001", code)
	case err != nil:
		return 0, "", fmt.Errorf("%q is no error number: use one of 1 to 65535, with or without an SQLSTATE, as in 1205 or 1205/HY000", code)
	case v == 0 || v > 65535:
		return 0, "", fmt.Errorf("%d is no error number: use one of 1 to 65535", v)
	case v == progress:
		return 0, "", fmt.Errorf("%d is a report of progress to clients of MariaDB: use another number", v)
	case given && !isState(state):
		return 0, "", fmt.Errorf("%q is no SQLSTATE: five digits or capital letters, as in 1205/HY000", state)
	case given && strings.HasPrefix(state, "00"):
		return 0, "", fmt.Errorf("%s is the SQLSTATE of success: use that of an error, or %s", state, unknownState)
	}
	return uint16(v), state, nil
}

func isState(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) && (s[i] < 'A' || s[i] > 'Z') {
			return false
		}
	}
	return len(s) == 5
}

// knownState reports whether s is an SQLSTATE of digits, which may look like an
// error's number.
func knownState(s string) bool {
	for i := range failures {
		if failures[i].mariadb.state == s || failures[i].mysql.state == s {
			return s != ""
		}
	}
	for _, state := range states {
		if state == s {
			return true
		}
	}
	return false
}

// CheckFailure says what is wrong with the code or the message that f asks for.
func (p *Protocol) CheckFailure(f vaurien.Failure) error {
	if f.Code != "" {
		if _, _, err := parseCode(f.Code); err != nil {
			return err
		}
	}
	switch {
	case len(f.Message) > longestMessage:
		return fmt.Errorf("a message of %d bytes: servers send at most %d", len(f.Message), longestMessage)
	case strings.ContainsRune(f.Message, 0):
		return fmt.Errorf("a NUL in the message: clients read up to it only")
	case !utf8.ValidString(f.Message):
		return fmt.Errorf("the message is not UTF-8")
	}
	if f.Kind == "server-gone" && (f.Code != "" || f.Message != "") {
		return fmt.Errorf("server-gone closes without a word: it has no code and no message")
	}
	return nil
}

// stateOf returns the SQLSTATE of an error by its number.
func stateOf(number uint16) string {
	for i := range failures {
		for _, e := range []serverError{failures[i].mysql, failures[i].mariadb} {
			if e.number == number {
				return e.state
			}
		}
	}
	if state, ok := states[number]; ok {
		return state
	}
	return unknownState
}

// states are the SQLSTATEs of further errors that applications look at (MySQL's
// share/messages_to_clients.txt, MariaDB's sql/share/errmsg-utf8.txt).
var states = map[uint16]string{
	1044: "42000", 1046: "3D000", 1047: "08S01", 1048: "23000", 1050: "42S01", 1051: "42S02", 1054: "42S22",
	1064: "42000", 1142: "42000", 1146: "42S02", 1153: "08S01", 1158: "08S01", 1159: "08S01", 1160: "08S01",
	1161: "08S01", 1179: "25000", 1184: "08S01", 1216: "23000", 1217: "23000", 1226: "42000", 1264: "22003",
	1305: "42000", 1365: "22012", 1399: "XAE07", 1402: "XA100", 1406: "22001", 1451: "23000", 1452: "23000",
	1568: "25001", 1586: "23000", 1614: "XA102", 1690: "22003", 3058: "40001",
}
