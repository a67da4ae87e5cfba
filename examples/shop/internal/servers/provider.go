package servers

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/vaurien-proxy/vaurien/examples/shop"
)

// limit is what the provider takes at once, in cents: more is declined.
const limit = 100_000

// A Provider is a payment provider that keeps its charges in memory.
//
//	POST /charges              {"customer": "ann", "amount": 350} takes it
//	GET  /charges?customer=ann what was taken
//
// With the Idempotency-Key of a charge that was made it answers with that one.
type Provider struct {
	mux http.ServeMux

	mu      sync.Mutex
	byKey   map[string]shop.Charge
	charges []shop.Charge
}

// NewProvider returns a provider that has charged nobody yet.
func NewProvider() *Provider {
	p := &Provider{byKey: make(map[string]shop.Charge)}
	p.mux.HandleFunc("POST /charges", p.take)
	p.mux.HandleFunc("GET /charges", p.list)
	return p
}

func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

func (p *Provider) take(w http.ResponseWriter, r *http.Request) {
	var c shop.Charge
	if json.NewDecoder(r.Body).Decode(&c) != nil || c.Customer == "" || c.Amount < 1 {
		http.Error(w, "a charge is a customer and an amount", http.StatusBadRequest)
		return
	}
	if c.Amount > limit {
		http.Error(w, "declined", http.StatusPaymentRequired)
		return
	}
	answer(w, http.StatusCreated, p.once(r.Header.Get("Idempotency-Key"), c))
}

// once makes a charge, unless one with that key was made.
func (p *Provider) once(key string, c shop.Charge) shop.Charge {
	p.mu.Lock()
	defer p.mu.Unlock()
	if made, ok := p.byKey[key]; ok && key != "" {
		return made
	}
	c.ID = rand.Text()
	p.byKey[key] = c
	p.charges = append(p.charges, c)
	return c
}

func (p *Provider) list(w http.ResponseWriter, r *http.Request) {
	of := []shop.Charge{}
	p.mu.Lock()
	for _, c := range p.charges {
		if c.Customer == r.FormValue("customer") {
			of = append(of, c)
		}
	}
	p.mu.Unlock()
	answer(w, http.StatusOK, of)
}

func answer(w http.ResponseWriter, status int, what any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(what)
}
