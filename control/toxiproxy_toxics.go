package control

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien/spec"
)

// showToxics returns a proxy's toxics, those upstream first.
func (t *toxiproxyAPI) showToxics(ctx context.Context, p Proxy) ([]toxiproxyToxic, error) {
	words, err := t.translator(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]toxiproxyToxic, 0, len(p.Toxics))
	for _, toxic := range p.Toxics {
		out = append(out, words.show(toxic, t.stream(p.Name, toxic.Name)))
	}
	slices.SortStableFunc(out, func(a, b toxiproxyToxic) int { return -strings.Compare(a.Stream, b.Stream) })
	return out, nil
}

// showToxic returns one of a proxy's toxics.
func (t *toxiproxyAPI) showToxic(r *http.Request, p Proxy, name string) (any, error) {
	all, err := t.showToxics(r.Context(), p)
	if err != nil {
		return nil, err
	}
	for _, toxic := range all {
		if toxic.Name == name {
			return toxic, nil
		}
	}
	return nil, ErrNoToxic
}

func (t *toxiproxyAPI) listToxics(r *http.Request) (any, error) {
	p, err := t.find(r)
	if err != nil {
		return nil, err
	}
	return t.showToxics(r.Context(), p)
}

func (t *toxiproxyAPI) getToxic(r *http.Request) (any, error) {
	p, err := t.find(r)
	if err != nil {
		return nil, err
	}
	return t.showToxic(r, p, r.PathValue("toxic"))
}

// toxicBody reads a toxic that was sent, and returns what understands it.
func (t *toxiproxyAPI) toxicBody(r *http.Request) (b toxiproxyToxicBody, words translator, err error) {
	if err = decodeBody(r, &b); err == nil {
		words, err = t.translator(r.Context())
	}
	return b, words, err
}

func (t *toxiproxyAPI) createToxic(r *http.Request) (any, error) {
	p, err := t.find(r)
	if err != nil {
		return nil, err
	}
	b, words, err := t.toxicBody(r)
	if err != nil {
		return nil, err
	}
	toxic, err := words.toxic(b)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(p.Toxics, func(o Toxic) bool { return o.Name == toxic.Name }) {
		return nil, &toxiproxyError{http.StatusConflict, "toxic already exists"}
	}
	if p, err = t.c.PutToxic(r.Context(), p.Name, toxic); err != nil {
		return nil, err
	}
	t.noteStreams(p.Name, []toxiproxyToxicBody{b})
	return t.showToxic(r, p, toxic.Name)
}

func (t *toxiproxyAPI) updateToxic(r *http.Request) (any, error) {
	p, err := t.find(r)
	if err != nil {
		return nil, err
	}
	name := r.PathValue("toxic")
	i := slices.IndexFunc(p.Toxics, func(o Toxic) bool { return o.Name == name })
	if i < 0 {
		return nil, ErrNoToxic
	}
	b, words, err := t.toxicBody(r)
	if err != nil {
		return nil, err
	}
	toxic := p.Toxics[i].Spec()
	if err := words.change(&toxic, b); err != nil {
		return nil, err
	}
	if p, err = t.c.PutToxic(r.Context(), p.Name, toxic); err != nil {
		return nil, err
	}
	return t.showToxic(r, p, name)
}

func (t *toxiproxyAPI) deleteToxic(r *http.Request) (any, error) {
	p, err := t.find(r)
	if err != nil {
		return nil, err
	}
	_, err = t.c.RemoveToxic(r.Context(), p.Name, r.PathValue("toxic"))
	if err == nil {
		t.forgetStreams(p.Name + "/" + r.PathValue("toxic"))
	}
	return nil, err
}

// noToxics is an empty list.
type noToxics = []spec.Toxic

// stream returns the stream of a toxic whose behavior has no direction, as it
// was asked for.
func (t *toxiproxyAPI) stream(proxy, toxic string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.streams[proxy+"/"+toxic]; s != "" {
		return s
	}
	if strings.HasSuffix(toxic, "_upstream") {
		return "upstream"
	}
	return "downstream"
}

// noteStreams remembers the streams that toxics were asked for in; those whose
// names say it need not be remembered.
func (t *toxiproxyAPI) noteStreams(proxy string, toxics []toxiproxyToxicBody) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range toxics {
		if b.Name != "" {
			t.streams[proxy+"/"+b.Name] = strings.ToLower(b.Stream)
		}
	}
}

// forgetStreams forgets those of a toxic, or with PROXY/ of all of a proxy's.
func (t *toxiproxyAPI) forgetStreams(which string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := range t.streams {
		if key == which || strings.HasSuffix(which, "/") && strings.HasPrefix(key, which) {
			delete(t.streams, key)
		}
	}
}
