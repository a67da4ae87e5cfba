package mysql

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/vaurien-proxy/vaurien"
)

// Fail returns what becomes of a request that the server fails.
//
// Before there are commands, and where the failure closes the connection, the
// answer is made here. Otherwise the server is made to fail too, so that what
// it knows of the session agrees with what the client was told: in the
// request's place it gets, as far as they apply,
//
//   - COM_STMT_RESET, since a failed execution also drops the statement's long
//     data and closes its cursor;
//   - ROLLBACK, where the real error rolls the transaction back;
//   - SIGNAL with the same error, for SHOW WARNINGS and GET DIAGNOSTICS.
//
// The client gets one packet for all of them, the error. A SELECT that fails
// late is an exception: see failsLate.
func (c *codec) Fail(req *vaurien.Message, f vaurien.Failure, rng *rand.Rand) (vaurien.Answer, error) {
	n := noteOf(req)
	if n == nil {
		return vaurien.Answer{}, errors.New("mysql: a failure of no request")
	}
	if n.reply == noReply {
		return vaurien.Answer{Pass: true}, nil
	}
	k, err := c.choose(req, n, f, rng)
	switch {
	case err != nil:
		return vaurien.Answer{}, err
	case k == nil:
		return vaurien.Answer{Pass: true}, nil
	case k.silent, k.quiet && f.Code == "" && f.Message == "" && c.isMariaDB():
		return vaurien.Answer{Close: true}, nil
	}
	e := k.on(c, req, n)
	if err := e.override(f); err != nil {
		return vaurien.Answer{}, err
	}
	if k.closes || n.reply == greets || n.reply == authentic {
		if n.reply == greets {
			// Nobody knows yet what the client can do: there is no SQLSTATE
			// (net_send_error in MySQL's sql/protocol_classic.cc).
			return vaurien.Answer{Bytes: e.packet(0, false), Close: true}, nil
		}
		return vaurien.Answer{Bytes: e.packet(n.seq+1, true), Close: true}, nil
	}
	if k.late && c.failsLate(req, n) {
		return c.late(req, n, e), nil
	}
	if n.command == comStmtExecute || n.command == comStmtBulkExecute {
		if !c.owe(req, n) {
			return vaurien.Answer{Pass: true}, nil
		}
	}
	return vaurien.Answer{Forward: c.inPlace(n, k, e)}, nil
}

// choose returns the failure that f means for a request, nil if none fits.
func (c *codec) choose(req *vaurien.Message, n *note, f vaurien.Failure, rng *rand.Rand) (*failure, error) {
	if f.Kind != "" {
		for i := range failures {
			if failures[i].Name == f.Kind {
				return &failures[i], nil
			}
		}
		return nil, fmt.Errorf("mysql: no failure is called %q", f.Kind)
	}
	if f.Code != "" {
		number, _, err := parseCode(f.Code)
		if err != nil {
			return nil, err
		}
		for i := range failures {
			k := failures[i]
			switch number {
			case k.mariadb.number:
			case k.mysql.number:
				k.mariadb = k.mysql
			default:
				continue
			}
			if k.mysql.number != number {
				k.mysql = serverError{}
			}
			k.rolls = k.rolls || n.keyword.class&commits != 0
			return &k, nil
		}
		// A COMMIT that fails leaves nothing behind.
		return &failure{rolls: n.keyword.class&commits != 0}, nil
	}
	fit := vaurien.Fit(c.protocol, req, "")
	if len(fit) == 0 {
		return nil, nil
	}
	return c.choose(req, n, vaurien.Failure{Kind: fit[rng.IntN(len(fit))].Name}, nil)
}

// inPlace returns what the server gets in a request's place, and notes how its
// replies are to be read.
func (c *codec) inPlace(n *note, k *failure, e serverError) []byte {
	var b []byte
	n.swallow, n.undo = 0, 0
	if n.command == comStmtExecute || n.command == comStmtBulkExecute {
		id := n.statement
		b = appendPacket(b, 0, []byte{byte(comStmtReset), byte(id), byte(id >> 8), byte(id >> 16), byte(id >> 24)})
		n.swallow++
	}
	if k.rolls {
		// Whatever completion_type says.
		b = c.appendQuery(b, "ROLLBACK AND NO CHAIN NO RELEASE")
		n.swallow++
		n.undo = n.swallow
	}
	b = c.appendQuery(b, e.signal())
	n.swallow++
	n.instead = e.packet(0, true)
	return b
}

// appendQuery appends a COM_QUERY.
func (c *codec) appendQuery(b []byte, text string) []byte {
	before := []byte{byte(comQuery)}
	if c.can()&clientQueryAttributes != 0 {
		before = append(before, 0, 1) // none, in one set
	}
	return appendPacket(b, 0, before, []byte(text))
}

// readFailed reads what the server says to that, and gives the client the
// error. Should the server not roll back (it does not inside an XA
// transaction), the client gets what it said to that.
func (c *codec) readFailed(r *vaurien.Reader, n *note, m *vaurien.Message) error {
	instead, at := n.instead, 0
	var flags serverStatus
	informed := false
	for i := 1; i <= n.swallow; i++ {
		b, err := r.Peek(at + headerSize)
		if err != nil {
			return err
		}
		length := lengthOf(b[at:])
		if b, err = r.Peek(at + headerSize + length); err != nil {
			return err
		}
		p := b[at : at+headerSize+length]
		at += len(p)
		switch {
		case length > 0 && p[headerSize] == okPacket:
			if said, ok := okStatus(p[headerSize:]); ok {
				flags, informed = said, true
			}
		case length > 0 && p[headerSize] == errPacket:
			if i == n.undo {
				instead = append([]byte(nil), p...)
			}
		default:
			return vaurien.Opaque("neither OK nor an error to what was sent in a request's place")
		}
	}
	if informed {
		c.status.Store(uint32(flags))
	}
	n.swallow = 0
	instead[3] = n.seq + 1
	r.Take(at)
	m.Head = instead
	return nil
}
