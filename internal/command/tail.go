package command

import (
	"io"
	"os"
	"regexp"
	"strings"
)

const (
	tailBytes = 64 << 10 // how much of an output's end is looked at
	lineBytes = 400      // what is longer is cut
)

// escapes are a terminal's control sequences (ECMA-48, 5.4), and its titles.
var escapes = regexp.MustCompile(`\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\^_])`)

// Tail returns the last lines of an output, n at most, as they can be shown:
// without a terminal's colours, and of a line that was written over only what
// it was at the end.
func Tail(path string, n int) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	from := max(0, size-tailBytes)
	text, err := io.ReadAll(io.NewSectionReader(f, from, size-from))
	if err != nil {
		return nil, err
	}
	return lastLines(string(text), n, from > 0), nil
}

// lastLines returns the last n lines of text; cut says that the first is not
// whole.
func lastLines(text string, n int, cut bool) []string {
	text = escapes.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), "")
	lines := strings.Split(strings.TrimRight(text, "\r\n\t "), "\n")
	if cut && len(lines) > 1 {
		lines = lines[1:]
	}
	if len(lines) == 1 && lines[0] == "" {
		return nil
	}
	lines = lines[max(0, len(lines)-n):]
	out := make([]string, len(lines))
	for i, line := range lines {
		line = strings.TrimRight(line, "\r")
		line = line[strings.LastIndexByte(line, '\r')+1:]
		line = strings.Map(printable, line)
		if len(line) > lineBytes {
			line = strings.ToValidUTF8(line[:lineBytes], "") + "…"
		}
		out[i] = line
	}
	return out
}

// printable leaves out control characters, which XML cannot hold either.
func printable(c rune) rune {
	if c < ' ' && c != '\t' || c == 0x7f || c == 0xfffe || c == 0xffff {
		return -1
	}
	return c
}
