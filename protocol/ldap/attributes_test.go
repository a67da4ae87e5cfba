package ldap

import (
	"reflect"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

func TestAttributes(t *testing.T) {
	withControls := string(appendElement(nil, sequence, []byte(num(7)+tagged(byte(del), alice)+
		tagged(controls, seq(text("1.2.840.113556.1.4.805"), tagged(boolean, "\xff")), seq(text("1.3"))))))
	for _, tt := range []struct {
		request string
		want    map[string]any
	}{
		{simpleBind(1, alice, "geheim"), map[string]any{"command": "bind", "dn": alice, "mechanism": "simple", "message_id": int64(1)}},
		{simpleBind(1, "", ""), map[string]any{"dn": "", "mechanism": "simple"}},
		{saslBind(1, "GSSAPI"), map[string]any{"command": "bind", "dn": "", "mechanism": "GSSAPI"}},
		{searchFor(70000, 2, 0, tagged(equalityMatch, text("uid"), text("ann")), "cn", "sn"), map[string]any{
			"command": "search", "dn": "dc=example,dc=com", "scope": "sub", "filter": "(uid=ann)", "attributes": "cn,sn", "message_id": int64(70000)}},
		{searchFor(1, 0, 0, anything), map[string]any{"scope": "base", "filter": "(objectClass=*)", "attributes": ""}},
		{searchFor(1, 3, 0, anything), map[string]any{"scope": "children"}},
		{searchFor(1, 9, 0, anything), map[string]any{"scope": nil}},
		{bytesOf(1, modify, text(alice), seq(seq(which(2), seq(text("mail"), tagged(0x31, text("a")))), seq(which(0), seq(text("sn"))))),
			map[string]any{"command": "modify", "dn": alice, "attributes": "mail,sn", "filter": nil}},
		{bytesOf(1, add, text(alice), seq(seq(text("cn"), tagged(0x31, text("a"))), seq(text("sn"), tagged(0x31)))),
			map[string]any{"dn": alice, "attributes": "cn,sn"}},
		{bytesOf(1, add, text(alice), seq(seq(text("cn"), tagged(0x31, text("a"))), seq(text("jpegPhoto"), tagged(0x31, text(strings.Repeat("x", 100000)))))),
			map[string]any{"dn": alice, "attributes": "cn,jpegPhoto", "size": int64(100100), "controls": nil}},
		{bytesOf(1, modrdn, text(alice), text("uid=bob"), tagged(boolean, "\xff")), map[string]any{"command": "modrdn", "dn": alice, "attributes": ""}},
		{bytesOf(1, compare, text(alice), seq(text("cn"), text("a"))), map[string]any{"command": "compare", "dn": alice, "attributes": "cn"}},
		{withControls, map[string]any{"command": "delete", "dn": alice, "controls": "1.2.840.113556.1.4.805,1.3", "size": int64(len(withControls))}},
		{extension(1, startTLS), map[string]any{"command": "extended", "oid": startTLS, "dn": nil, "controls": ""}},
		{bytesOf(2, abandon, "\x01"), map[string]any{"command": "abandon", "dn": nil}},
		{bytesOf(2, search), map[string]any{"command": "search", "dn": nil, "filter": nil}},
	} {
		s := newSession(t)
		req := s.ask(tt.request)
		zeros := make(map[string]any)
		for _, a := range new(Protocol).Attributes() {
			zeros[a.Name] = a.Zero
			v := s.codec.(vaurien.Describer).Attribute(req, a.Name)
			if v != nil && reflect.TypeOf(v) != reflect.TypeOf(a.Zero) {
				t.Errorf("%s is a %T, not a %T", a.Name, v, a.Zero)
			}
			if text, _ := v.(string); strings.Contains(text, "geheim") {
				t.Errorf("%s gives the password away", a.Name)
			}
			if want, ok := tt.want[a.Name]; ok && v != want {
				t.Errorf("%s: %s is %#v, want %#v", req.Verb, a.Name, v, want)
			}
		}
		for name := range tt.want {
			if _, ok := zeros[name]; !ok {
				t.Errorf("no attribute %s is declared", name)
			}
		}
	}
	if v := new(Protocol).NewCodec().(vaurien.Describer).Attribute(new(vaurien.Message), "dn"); v != nil {
		t.Errorf("of no request: %v", v)
	}
}

// The examples of RFC 4515 section 4, and what go-ldap's compiler makes of
// them is tested with it end to end.
func TestFilter(t *testing.T) {
	eq := func(name, value string) string { return tagged(equalityMatch, text(name), text(value)) }
	deep := strings.Repeat("(!", deepestFilter) + "(a=*)" + strings.Repeat(")", deepestFilter)
	nested := tagged(present, "a")
	for range deepestFilter {
		nested = tagged(not, nested)
	}
	for _, tt := range []struct{ filter, want string }{
		{eq("cn", "Babs Jensen"), "(cn=Babs Jensen)"},
		{tagged(not, eq("cn", "Tim Howes")), "(!(cn=Tim Howes))"},
		{tagged(and, eq("objectClass", "Person"), tagged(or, eq("sn", "Jensen"), tagged(substrings, text("cn"), seq(tagged(0x80, "Babs J"))))),
			"(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))"},
		{tagged(substrings, text("o"), seq(tagged(0x80, "univ"), tagged(0x81, "of"), tagged(0x81, "mich"))), "(o=univ*of*mich*)"},
		{tagged(substrings, text("o"), seq(tagged(0x81, "a"), tagged(0x82, "b"))), "(o=*a*b)"},
		{tagged(and), "(&)"},
		{tagged(or), "(|)"},
		{tagged(greaterOrEqual, text("n"), text("1")), "(n>=1)"},
		{tagged(lessOrEqual, text("n"), text("1")), "(n<=1)"},
		{tagged(approxMatch, text("n"), text("1")), "(n~=1)"},
		{tagged(present, "seeAlso"), "(seeAlso=*)"},
		{tagged(extensible, tagged(0x81, "caseExactMatch"), tagged(0x82, "cn"), tagged(0x83, "Fred")), "(cn:caseExactMatch:=Fred)"},
		{tagged(extensible, tagged(0x81, "2.4.6.8.10"), tagged(0x82, "sn"), tagged(0x83, "Barney"), tagged(0x84, "\xff")), "(sn:dn:2.4.6.8.10:=Barney)"},
		{tagged(extensible, tagged(0x81, "2.4"), tagged(0x83, "Dino")), "(:2.4:=Dino)"},
		{eq("o", "Parens R Us (for all your * \\ needs)"), `(o=Parens R Us \28for all your \2a \5c needs\29)`},
		{eq("bin", "\x00\x00\x00\x04"), `(bin=\00\00\00\04)`},
		{eq("sn", "Lučić"), "(sn=Lučić)"},
		{eq("sn", "\xc4"), `(sn=\c4)`},
		{nested, deep},
		{tagged(not, nested), ""},
		{tagged(not, eq("a", "b"), eq("a", "b")), ""},
		{tagged(0xaa, "x"), ""},
		{tagged(equalityMatch, text("a")), ""},
		{tagged(substrings, text("a")), ""},
		{eq("a", "b")[:6], ""},
		{"", ""},
	} {
		got, _, ok := appendFilter(nil, []byte(tt.filter), 0)
		if !ok {
			got = nil
		}
		if string(got) != tt.want || ok == (tt.want == "") {
			t.Errorf("%q is %s, want %s", tt.filter, got, tt.want)
		}
	}
}
