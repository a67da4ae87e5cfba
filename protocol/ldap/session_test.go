package ldap

import (
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

func (s *session) user() any {
	return s.codec.(vaurien.Describer).Attribute(s.ask(bytesOf(99, del, alice)), "user")
}

// The session belongs to whom the last bind that succeeded named (RFC 4513
// section 4).
func TestUser(t *testing.T) {
	s := newSession(t)
	for _, tt := range []struct {
		what, request, reply string
		before, after        string
	}{
		{"a bind", simpleBind(1, alice, "pw"), done(1, bindDone, 0), "", alice},
		{"one that fails", simpleBind(2, alice, "xx"), done(2, bindDone, 49), "", ""},
		{"SASL, a step", saslBind(3, "PLAIN"), done(3, bindDone, 14), "", ""},
		{"again", simpleBind(4, alice, "pw"), done(4, bindDone, 0), "", alice},
		{"the reply to another", simpleBind(5, alice, "pw"), done(6, bindDone, 0), "", ""},
		{"without a password", simpleBind(7, alice, ""), done(7, bindDone, 0), "", ""},
	} {
		s.ask(tt.request)
		if got := s.user(); got != tt.before {
			t.Errorf("%s: before its reply the user is %v", tt.what, got)
		}
		s.answer(tt.reply)
		if got := s.user(); got != tt.after {
			t.Errorf("%s: then the user is %v, want %s", tt.what, got, tt.after)
		}
	}
}

// A bind that fails here leaves the session anonymous at the backend too.
func TestFailedBindIsAnonymous(t *testing.T) {
	wrong := vaurien.Failure{Kind: "invalid-credentials"}
	for _, state := range []struct {
		name             string
		reply, anonymous uint32
	}{{"bound", 0, 0}, {"bound, and must be", 0, 48}, {"in the middle of a SASL bind", 14, 0}} {
		t.Run(state.name, func(t *testing.T) {
			s := newSession(t)
			if a := s.fail(s.ask(simpleBind(1, alice, "pw")), wrong, dice()); a.Forward != nil || string(a.Bytes) != done(1, bindDone, 49) {
				t.Fatalf("the first bind: %+v", a)
			}
			s.ask(simpleBind(2, alice, "pw"))
			s.answer(done(2, bindDone, state.reply))
			a := s.fail(s.ask(simpleBind(3, alice, "pw")), wrong, dice())
			if string(a.Forward) != simpleBind(3, "", "") || a.Rest || a.Bytes != nil {
				t.Fatalf("the second bind: %+v", a)
			}
			// The backend may refuse that; then too the session is anonymous.
			reply := s.answer(bytesOf(3, bindDone, which(state.anonymous), text(""), text("")))
			if string(reply.Head) != done(3, bindDone, 49) || reply.ID != 3 || reply.More {
				t.Errorf("the client is told %q", reply.Head)
			}
			if user := s.user(); user != "" {
				t.Errorf("the user is %v", user)
			}
			if a := s.fail(s.ask(simpleBind(4, alice, "pw")), wrong, dice()); a.Forward != nil {
				t.Errorf("the third bind: %+v", a)
			}
		})
	}
}

// A StartTLS that failed here does not make another reply with its ID switch.
func TestFailedStartTLS(t *testing.T) {
	s := newSession(t)
	s.fail(s.ask(extension(1, startTLS)), vaurien.Failure{Kind: "protocol-error"}, dice())
	s.ask(extension(1, "1.2"))
	if s.answer(done(1, extendedDone, 0)).Switch {
		t.Error("it switched")
	}
}
