package main

import (
	"errors"
	"io"
	"net"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// backwards takes both connections over and turns the bytes of each piece round
// on their way to the client. It frames nothing and is asked about nothing: from
// the moment a client has connected, the session is its own.
func backwards() vaurien.Kind {
	return vaurien.Kind{
		Name: "backwards",
		Doc:  "turns the bytes of each piece round on their way to the client",
		New: func(*option.Set) vaurien.Make {
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return reverse{}, nil }
		},
	}
}

type reverse struct{}

// Points says that the connection is looked at when it is made.
func (reverse) Points() vaurien.Point { return vaurien.Accept }

// Act returns when the session is over; the connections are closed then.
func (reverse) Act(e *vaurien.Event, _ vaurien.Next) error {
	client, backend, err := e.TakeOver()
	if err != nil {
		return err
	}
	up := make(chan error, 1)
	go func() {
		_, err := io.Copy(backend, client)
		up <- errors.Join(err, backend.CloseWrite())
	}()
	err = turn(client, backend)
	client.Close() // ends the other direction, if it has not
	if upErr := <-up; err == nil && !errors.Is(upErr, net.ErrClosed) {
		err = upErr
	}
	return err
}

// turn passes on what from says, each piece turned round.
func turn(to io.Writer, from io.Reader) error {
	piece := make([]byte, 4096)
	for {
		n, err := from.Read(piece)
		for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
			piece[i], piece[j] = piece[j], piece[i]
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
