package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/internal/reason"
	"github.com/vaurien-proxy/vaurien/option"
)

// A proxyState is a proxy as the API of Toxiproxy writes it.
type proxyState struct {
	Name     string       `json:"name"`
	Listen   string       `json:"listen"`
	Upstream string       `json:"upstream"`
	Enabled  bool         `json:"enabled"`
	Toxics   []toxicState `json:"toxics"`
}

// A toxicState is a toxic as the API of Toxiproxy writes it.
type toxicState struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Stream     string         `json:"stream"`
	Toxicity   float64        `json:"toxicity"`
	Attributes map[string]any `json:"attributes"`
}

// UnmarshalJSON keeps numbers as they are written.
func (t *toxicState) UnmarshalJSON(text []byte) error {
	type plain toxicState
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode((*plain)(t))
}

// A remote is an API of Toxiproxy somewhere.
type remote struct {
	base   string
	client *http.Client
}

// newRemote returns the API at a URL or HOST:PORT.
func newRemote(host string) (*remote, error) {
	text := host
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address: write a URL or HOST:PORT, as in localhost:8474", host)
	}
	return &remote{strings.TrimRight(u.Scheme+"://"+u.Host+u.Path, "/"), &http.Client{Timeout: 30 * time.Second}}, nil
}

// A refusal is what the API answers instead of doing as it is told.
type refusal struct {
	Status  int    `json:"status"`
	Message string `json:"error"`
}

func (r *refusal) Error() string { return r.Message }

// call asks for path; body, unless it is nil, is sent as JSON, or as it is if it
// is that already. It returns the answer's body.
func (r *remote) call(ctx context.Context, method, path string, body any) ([]byte, error) {
	var sent io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		sent = bytes.NewReader(b)
	default:
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(orBackground(ctx), method, r.base+path, sent)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "vaurien-ctl")
	if sent != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, r.unreachable(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return nil, r.unreachable(err)
	}
	if resp.StatusCode < 300 {
		return text, nil
	}
	refused := refusal{}
	if json.Unmarshal(text, &refused) != nil || refused.Message == "" {
		refused.Message = fmt.Sprintf("%s answers %s to %s %s: is it the API of Toxiproxy?", r.base, resp.Status, method, path)
		return nil, &refused
	}
	refused.Status = resp.StatusCode
	if resp.StatusCode == http.StatusBadRequest || resp.StatusCode == http.StatusNotFound {
		return nil, inputError{&refused}
	}
	return nil, &refused
}

// unreachable is an error of the network in our words.
func (r *remote) unreachable(err error) error {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return fmt.Errorf("%s does not answer", r.base)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return fmt.Errorf("cannot reach %s: %w: does vaurien run there with --toxiproxy?", r.base, reason.Of(err))
}

// explain says of what there is not, by the path that was asked for, what there
// is.
func (r *remote) explain(ctx context.Context, path string, err error) error {
	input, _ := errors.AsType[inputError](err)
	refused, ok := input.error.(*refusal)
	if !ok || refused.Status != http.StatusNotFound {
		return err
	}
	rest, ok := strings.CutPrefix(path, "/proxies/")
	text, listed := r.call(ctx, http.MethodGet, "/proxies", nil)
	var all map[string]proxyState
	if !ok || listed != nil || json.Unmarshal(text, &all) != nil {
		return err
	}
	name, toxic, _ := strings.Cut(rest, "/toxics/")
	name, _, _ = strings.Cut(name, "/")
	name, toxic = unescape(name), unescape(toxic)
	known := slices.Sorted(maps.Keys(all))
	if p, ok := all[name]; ok {
		name, known = toxic, nil
		for _, t := range p.Toxics {
			known = append(known, t.Name)
		}
	}
	near := option.DidYouMean(name, known)
	switch {
	case near != "":
	case len(known) == 0:
		near = ": there are none"
	default:
		near = "; known: " + strings.Join(known, ", ")
	}
	return inputError{fmt.Errorf("%w: %q%s", refused, name, near)}
}

func unescape(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}
