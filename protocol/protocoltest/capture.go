package protocoltest

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// A Capture is what a real server and a client said to each other, kept in a
// file so that what Vaurien says in the server's place can be compared with it:
//
//	# redis-server 7.0.15, Debian 12
//	# made by: SCRIPT that never ends; then GET on another connection
//	> "GET k\r\n"
//	< "-BUSY Redis is busy running a script. ...\r\n"
//	< close
//
// Lines that begin with # say how it was made. A line of > is what the client
// sent, one of < what the server did, each a Go string; "close" and "reset" in
// a string's place say how a side ended the connection.
type Capture struct {
	Made  []string // the lines of #
	Lines []CaptureLine
}

// A CaptureLine is one thing said.
type CaptureLine struct {
	Server bool // the server said it
	Bytes  []byte
	End    string // "close" or "reset"; then there are no bytes
}

// Said returns all that the server said, and whether it ended the connection.
func (c Capture) Said() (bytes []byte, closed bool) {
	for _, l := range c.Lines {
		if l.Server {
			bytes = append(bytes, l.Bytes...)
			closed = closed || l.End != ""
		}
	}
	return bytes, closed
}

// String writes a capture as a file has it.
func (c Capture) String() string {
	var b strings.Builder
	for _, m := range c.Made {
		fmt.Fprintf(&b, "# %s\n", m)
	}
	for _, l := range c.Lines {
		side, said := ">", strconv.Quote(string(l.Bytes))
		if l.Server {
			side = "<"
		}
		if l.End != "" {
			said = l.End
		}
		fmt.Fprintf(&b, "%s %s\n", side, said)
	}
	return b.String()
}

// ReadCapture reads a capture from a file.
func ReadCapture(t testing.TB, file string) Capture {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var c Capture
	s := bufio.NewScanner(f)
	s.Buffer(nil, 16<<20)
	for n := 1; s.Scan(); n++ {
		side, said, _ := strings.Cut(s.Text(), " ")
		line := CaptureLine{Server: side == "<"}
		switch {
		case side == "#":
			c.Made = append(c.Made, said)
			continue
		case side == "":
			continue
		case side != "<" && side != ">":
			t.Fatalf("%s:%d: begins with %q, neither #, > nor <", file, n, side)
		case said == "close", said == "reset":
			line.End = said
		default:
			text, err := strconv.Unquote(said)
			if err != nil {
				t.Fatalf("%s:%d: %s is no Go string", file, n, said)
			}
			line.Bytes = []byte(text)
		}
		c.Lines = append(c.Lines, line)
	}
	if err := s.Err(); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return c
}
