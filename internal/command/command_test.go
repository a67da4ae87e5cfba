package command

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func addresses() []Address {
	return []Address{{"db", "127.0.0.1", "5001"}, {"web.front-1", "::1", "5002"}}
}

func TestEnviron(t *testing.T) {
	names := []string{"db", "web.front-1"}
	tests := []struct{ template, want string }{
		{"URL=postgres://u:p@{db.addr}/shop?x=1", "URL=postgres://u:p@127.0.0.1:5001/shop?x=1"},
		{"A={web.front-1.host} {web.front-1.port}", "A=::1 5002"},
		{"A={web.front-1.addr}", "A=[::1]:5002"},
		{`J={{"port": {db.port}}`, `J={"port": 5001}`},
		{"E=", "E="},
	}
	for _, test := range tests {
		template, err := ParseTemplate(test.template, "--env", names)
		if err != nil {
			t.Errorf("%s: %v", test.template, err)
			continue
		}
		got := Environ(addresses(), []Template{template})
		want := []string{
			"VAURIEN_DB_ADDR=127.0.0.1:5001", "VAURIEN_DB_HOST=127.0.0.1", "VAURIEN_DB_PORT=5001",
			"VAURIEN_WEB_FRONT_1_ADDR=[::1]:5002", "VAURIEN_WEB_FRONT_1_HOST=::1", "VAURIEN_WEB_FRONT_1_PORT=5002",
			test.want,
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%q\nwant\n%q", test.template, got, want)
		}
	}
}

func TestTemplateOfTheDefault(t *testing.T) {
	for _, names := range [][]string{{"db"}, {"cache", "default"}} {
		template, err := ParseTemplate("A={addr}", "--env", names)
		if err != nil {
			t.Fatal(err)
		}
		name := names[len(names)-1]
		if !template.Uses(name) || template.Uses("cache") {
			t.Errorf("of %v it does not use %s alone", names, name)
		}
		if got := Readers(name, []Template{template}); got != Variable(name)+" or A" {
			t.Errorf("Readers: %s", got)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	tests := []struct{ template, want string }{
		{"A", `--env: "A" is not NAME=VALUE: write DATABASE_URL=postgres://{addr}/db`},
		{"=x", `--env: "=x" is not NAME=VALUE: write DATABASE_URL=postgres://{addr}/db`},
		{"A={addr}", "--env: A: {addr}: of which proxy? write {db.addr}; there are: db, cache"},
		{"A={dbb.addr}", `--env: A: {dbb.addr}: there is no proxy "dbb": did you mean "db"?`},
		{"A={db.adr}", "--env: A: {db.adr}: unknown: write {addr}, {host}, {port} or {NAME.addr}; {{ for a brace"},
		{"A={db.addr", "--env: A: a { is not closed: write {addr}, or {{ for a brace"},
	}
	for _, test := range tests {
		_, err := ParseTemplate(test.template, "--env", []string{"db", "cache"})
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.template, err, test.want)
		}
	}
}

func TestCheckNames(t *testing.T) {
	if err := CheckNames([]string{"a", "b"}); err != nil {
		t.Error(err)
	}
	err := CheckNames([]string{"my-db", "my.db"})
	if err == nil || !strings.Contains(err.Error(), "VAURIEN_MY_DB_ADDR") {
		t.Error(err)
	}
}

func TestNewAddress(t *testing.T) {
	for address, want := range map[string]string{"0.0.0.0:80": "127.0.0.1:80", "[::]:80": "127.0.0.1:80", ":80": "127.0.0.1:80", "10.0.0.1:80": "10.0.0.1:80"} {
		if a, err := NewAddress("x", address); err != nil || a.String() != want {
			t.Errorf("%s: %v, %v; want %s", address, a, err, want)
		}
	}
}

func TestQuote(t *testing.T) {
	got := Quote([]string{"sh", "-c", "echo 'hi' $X", "", "a=b:c/d.e,f%g"})
	if want := `sh -c 'echo '\''hi'\'' $X' '' a=b:c/d.e,f%g`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestTail(t *testing.T) {
	long := strings.Repeat("é", lineBytes)
	tests := []struct {
		text string
		want []string
	}{
		{"", nil},
		{"\n\n", nil},
		{"one", []string{"one"}},
		{"1\n2\n3\n4\n", []string{"2", "3", "4"}},
		{"\x1b[1;31mred\x1b[0m\x1b]0;title\x07\r\n", []string{"red"}},
		{"10%\r50%\r100%\n", []string{"100%"}},
		{"a\x00\x07b\xff", []string{"ab\uFFFD"}},
		{long, []string{strings.Repeat("é", lineBytes/2) + "…"}},
		{"cut " + strings.Repeat("x", tailBytes) + "\nlast", []string{"last"}},
	}
	for _, test := range tests {
		path := filepath.Join(t.TempDir(), "out")
		if err := os.WriteFile(path, []byte(test.text), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := Tail(path, 3)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%.40q: %q, %v; want %q", test.text, got, err, test.want)
		}
	}
}
