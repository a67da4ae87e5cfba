package redis

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/vaurien-proxy/vaurien"
)

// Fail answers a command with an error.
//
// One that comes after MULTI would have been queued, and an error lets the
// server discard the transaction at EXEC. So that it does, what the server gets
// in the command's place is one that it refuses to queue; the client is told
// the error that was asked for. An EXEC that fails has discarded the
// transaction: the server gets a DISCARD in its place.
func (c *codec) Fail(req *vaurien.Message, f vaurien.Failure, rng *rand.Rand) (vaurien.Answer, error) {
	if f.Kind == "" && f.Code == "" {
		fit := vaurien.Fit(c.protocol, req, "")
		if len(fit) == 0 {
			return vaurien.Answer{Pass: true}, nil
		}
		f.Kind = fit[rng.IntN(len(fit))].Name
	}
	n := noteOf(req)
	if n != nil && !n.fails() {
		return vaurien.Answer{Pass: true}, nil
	}
	var head []byte
	if req != nil {
		head = req.Head
	}
	kind := failureOf(f.Kind)
	bytes, err := c.protocol.said(kind, f, n, head)
	switch {
	case err != nil:
		return vaurien.Answer{}, err
	case n == nil:
		return vaurien.Answer{Bytes: bytes, Close: true, Abrupt: true}, nil // acceptCommonHandler in src/networking.c
	}
	c.refuse(n, true)
	if n.mode&inMulti != 0 {
		n.answer = bytes
		if n.commits() {
			return vaurien.Answer{Forward: discardCommand}, nil
		}
		return vaurien.Answer{Forward: refusedCommand}, nil
	}
	if n.silent {
		bytes = nil
	}
	return vaurien.Answer{Bytes: bytes, Close: kind != nil && kind.closes}, nil
}

var (
	discardCommand = []byte("*1\r\n$7\r\nDISCARD\r\n")

	// refusedCommand has too few arguments, for which the server refuses to
	// queue it whatever state it is in, and discards the transaction at EXEC
	// (rejectCommand in src/server.c). It changes nothing where there is no
	// transaction after all.
	refusedCommand = []byte("*1\r\n$3\r\nGET\r\n")
)

// said returns what the server says when a command fails: in the kind's way,
// which may be nil, but for what f puts in its place.
func (p *Protocol) said(kind *failure, f vaurien.Failure, n *note, head []byte) ([]byte, error) {
	if err := p.CheckFailure(f); err != nil {
		return nil, err
	}
	code, text := f.Code, f.Message
	if kind != nil {
		if kind.null != 0 {
			return null(kind.null, n), nil
		}
		if code == "" {
			code = kind.code
		}
		if text == "" {
			text = kind.text
			if kind.textOf != nil {
				text = kind.textOf(p, n, head)
			}
		}
	}
	line := code
	if text != "" {
		line += " " + text
	}
	if kind != nil && !kind.plainAtExec && n != nil && n.command.role == exec {
		line = "EXECABORT Transaction discarded because of: " + line // execCommandAbort in src/multi.c
	}
	return []byte("-" + line + "\r\n"), nil
}

// null returns a null in the protocol's version that the connection is in.
func null(kind byte, n *note) []byte {
	if n != nil && n.mode&resp3 != 0 {
		return []byte("_\r\n")
	}
	return []byte{kind, '-', '1', '\r', '\n'}
}

// redirection is the text of MOVED and ASK (clusterRedirectClient in
// src/cluster.c).
func redirection(p *Protocol, n *note, head []byte) string {
	node, slot := nowhere, 0
	if addr := p.node.Load(); addr != nil {
		node = *addr
	}
	if n != nil {
		slot = max(0, n.slot(head))
	}
	return strconv.Itoa(slot) + " " + node
}

// CheckFailure says what is wrong with f's code or message. A code is an
// error's first word; clients take it for one if it is in capitals.
func (p *Protocol) CheckFailure(f vaurien.Failure) error {
	for i, c := range []byte(f.Code) {
		if !(c >= 'A' && c <= 'Z' || i > 0 && (c >= '0' && c <= '9' || c == '_' || c == '-')) {
			return fmt.Errorf("%q is no code for an error: use one word in capitals, such as ERR or READONLY", f.Code)
		}
	}
	if strings.ContainsFunc(f.Message, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%q has a control character, which would end the error: use one line of text", f.Message)
	}
	kind := failureOf(f.Kind)
	switch {
	case kind == nil:
		return nil
	case kind.null != 0 && f.Code+f.Message != "":
		return fmt.Errorf("%s is no error and has neither code nor message: leave them out", f.Kind)
	case kind.slotAndNode() && f.Code == "" && f.Message != "" && !isRedirection(f.Message):
		return fmt.Errorf("%q does not say where to go: use a slot and a node, such as %q", f.Message, "3999 127.0.0.1:6381")
	}
	return nil
}

// slotAndNode reports whether the text of f sends the client elsewhere.
func (f *failure) slotAndNode() bool { return f.code == "MOVED" || f.code == "ASK" }

// isRedirection reports whether text is a slot and a node's address.
func isRedirection(text string) bool {
	slot, node, _ := strings.Cut(text, " ")
	n, err := strconv.ParseUint(slot, 10, 16)
	colon := strings.LastIndexByte(node, ':') // an empty host is the one that was asked
	if err != nil || n >= slots || colon < 0 || strings.Contains(node, " ") {
		return false
	}
	_, err = strconv.ParseUint(node[colon+1:], 10, 16)
	return err == nil
}
