package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/scenario"
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
	case http.StatusNotFound, http.StatusConflict:
		for _, is := range known {
			if strings.HasPrefix(f.Error, is.Error()) {
				return &remoteError{f.Error, []error{is}}
			}
		}
		if len(errs) == 0 {
			return errors.New(f.Error)
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

// known are the errors that an answer's text begins with.
var known = []error{
	control.ErrNoProxy, control.ErrNoToxic, control.ErrNoScenario, scenario.ErrNoStep,
	control.ErrExists, control.ErrScenario, control.ErrStopped,
}

// remoteError is an error with a text of the server's that is, to errors.Is
// and option.Errors, what it was there.
type remoteError struct {
	text string
	is   []error
}

func (e *remoteError) Error() string   { return e.text }
func (e *remoteError) Unwrap() []error { return e.is }
