package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
)

// ErrRefused is returned, wrapped, when the server does not let this client
// in: the token is missing or wrong, or the server goes by another name.
var ErrRefused = errors.New("refused")

// failure turns an answer that is not a success into the error that the daemon
// returned.
func (c *Client) failure(answer *http.Response, body []byte, from places) error {
	var f struct {
		Error  string
		Routes []string
		Errors []struct{ Field, Option, Problem string }
	}
	if json.Unmarshal(body, &f) != nil || f.Error == "" || f.Routes != nil {
		return fmt.Errorf("%s does not answer as Vaurien's control server does: %s", c.base, answer.Status)
	}
	var errs []error
	for _, e := range f.Errors {
		place, ours := from[e.Field]
		if !ours {
			place = e.Field
		}
		errs = append(errs, &option.Error{Place: place, Name: e.Option, Problem: e.Problem})
	}
	switch answer.StatusCode {
	case http.StatusNotFound:
		if strings.HasPrefix(f.Error, control.ErrNoToxic.Error()) {
			return &remoteError{f.Error, []error{control.ErrNoToxic}}
		}
		return &remoteError{f.Error, []error{control.ErrNoProxy}}
	case http.StatusConflict:
		if len(errs) == 0 {
			return &remoteError{f.Error, []error{control.ErrExists}}
		}
		return &remoteError{errors.Join(errs...).Error(), append(errs, control.ErrAddress)}
	case http.StatusServiceUnavailable:
		return &remoteError{f.Error, []error{control.ErrClosed}}
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%w by %s: %s", ErrRefused, c.base, f.Error)
	}
	if len(errs) == 0 {
		return errors.New(f.Error)
	}
	return errors.Join(errs...)
}

// remoteError is an error with a text of the server's that is, to errors.Is
// and option.Errors, what it was there.
type remoteError struct {
	text string
	is   []error
}

func (e *remoteError) Error() string   { return e.text }
func (e *remoteError) Unwrap() []error { return e.is }
