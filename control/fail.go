package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/scenario"
)

// mediaTypeError says that a body is of a type that nothing here reads.
type mediaTypeError struct{ written string }

func (e *mediaTypeError) Error() string {
	return fmt.Sprintf("%s is not read here: send application/json or text/plain", e.written)
}

// statuses are the errors that have an HTTP status of their own. Any other
// that is about what the caller wrote is a 400, and the rest a 500.
var statuses = []struct {
	is     error
	status int
}{
	{ErrNoProxy, http.StatusNotFound},
	{ErrNoToxic, http.StatusNotFound},
	{ErrNoScenario, http.StatusNotFound},
	{scenario.ErrNoStep, http.StatusNotFound},
	{ErrScenario, http.StatusConflict},
	{ErrStopped, http.StatusConflict},
	{ErrExists, http.StatusConflict},
	{ErrAddress, http.StatusConflict},
	{ErrClosed, http.StatusServiceUnavailable},
	{errNoEvents, http.StatusNotFound},
	{errStreams, http.StatusServiceUnavailable},
	{errNoMetrics, http.StatusNotFound},
	{context.Canceled, http.StatusServiceUnavailable},
}

// statusOf returns the HTTP status of an error.
func statusOf(err error) int {
	for _, s := range statuses {
		if errors.Is(err, s.is) {
			return s.status
		}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge
	}
	if _, ok := errors.AsType[*mediaTypeError](err); ok {
		return http.StatusUnsupportedMediaType
	}
	if option.Errors(err) != nil {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// A failer answers with an error in one dialect.
type failer func(w http.ResponseWriter, err error)

// ownError is the body of an error in our own dialect.
type ownError struct {
	Error  string      `json:"error"` // one line
	Errors []fieldFail `json:"errors,omitempty"`
}

type fieldFail struct {
	Field   string `json:"field,omitempty"`
	Option  string `json:"option,omitempty"` // the setting, by its own name
	Problem string `json:"problem"`
}

// failOwn answers in our own dialect, which the seed's shares.
func failOwn(w http.ResponseWriter, err error) {
	body := ownError{Error: errorLine(err)}
	for _, e := range option.Errors(err) {
		body.Errors = append(body.Errors, fieldFail{placeOf(e), e.Name, e.Problem})
	}
	writeJSON(w, statusOf(err), body)
}

// failSecond answers as 2.0 does.
func failSecond(w http.ResponseWriter, err error) {
	type item struct {
		Location    string `json:"location"`
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	var items []item
	for _, e := range option.Errors(err) {
		location, name := "body", placeOf(e)
		if parameter, ok := strings.CutPrefix(name, "?"); ok {
			location, name = "querystring", parameter
		}
		items = append(items, item{location, name, e.Problem})
	}
	if len(items) == 0 {
		one := item{"body", "", err.Error()}
		if errors.Is(err, ErrNoProxy) {
			one.Location, one.Name = "querystring", "proxy"
		}
		items = append(items, one)
	}
	writeJSON(w, statusOf(err), struct {
		Status string `json:"status"`
		Errors []item `json:"errors"`
	}{"error", items})
}

// placeOf returns the field that an error is about.
func placeOf(e *option.Error) string {
	if e.Place == "" {
		return e.Name
	}
	return e.Place
}

// errorLine returns err on one line, saying each place once.
func errorLine(err error) string {
	all := option.Errors(err)
	if len(all) == 0 {
		return oneLine.Replace(err.Error())
	}
	lines := make([]string, len(all))
	for i, e := range all {
		lines[i] = e.Problem
		if place := placeOf(e); place != "" {
			lines[i] = place + ": " + e.Problem
		}
	}
	return oneLine.Replace(strings.Join(lines, "; "))
}

// oneLine shows the ends of lines in what somebody else wrote.
var oneLine = strings.NewReplacer("\n", `\n`, "\r", `\r`)

// writeJSON answers with body as JSON on one line.
func writeJSON(w http.ResponseWriter, status int, body any) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // for people's eyes; nosniff keeps browsers from reading it as HTML
	if err := e.Encode(body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	writeStatus(w, status)
	w.Write(text.Bytes())
}

func writeStatus(w http.ResponseWriter, status int) {
	if status == 0 {
		status = http.StatusOK
	}
	w.WriteHeader(status)
}
