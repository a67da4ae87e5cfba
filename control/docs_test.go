package control_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

const docs = "../docs/api.md"

// TestDocs runs every example of docs/api.md that a console shows, in order,
// and compares what it prints. There … stands for anything.
func TestDocs(t *testing.T) {
	d, _ := controltest.NewDaemon(t, builtin.Registry())
	put(t, d, spec.Proxy{Settings: option.Values{
		"proxy": {Text: "127.0.0.1:8000"}, "backend": {Text: "127.0.0.1:80"}, "protocol": {Text: "http"}, "seed": {Text: "42"},
	}})
	h := control.NewHandler(d, control.HandlerOptions{Host: "localhost", Ledger: ledger.New(ledger.Options{})})
	examples := 0
	for _, block := range regexp.MustCompile("(?ms)^```console\n(.*?)^```$").FindAllStringSubmatch(readDocs(t), -1) {
		for _, example := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			command, want, _ := strings.Cut(example, "\n")
			examples++
			got := curl(t, h, command)
			if !likeDocs(strings.TrimSuffix(want, "\n"), strings.TrimSuffix(got, "\n")) {
				t.Errorf("$ %s\n%s\nthe page says:\n%s", command, got, want)
			}
		}
	}
	if examples < 30 {
		t.Errorf("only %d examples were found", examples)
	}
}

// TestDocsNameEveryRoute and nothing else in their tables.
func TestDocsNameEveryRoute(t *testing.T) {
	var named []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z]+ /[^`]*)` \\|").FindAllStringSubmatch(readDocs(t), -1) {
		named = append(named, strings.NewReplacer("NAME", "{name}", "TOXIC", "{toxic}", "STEP", "{step}").Replace(m[1]))
	}
	slices.Sort(named)
	routes := control.Routes()
	slices.Sort(routes)
	if !slices.Equal(named, routes) {
		t.Errorf("%s has the routes\n%q\nthere are\n%q", docs, named, routes)
	}
}

func readDocs(t *testing.T) string {
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func likeDocs(want, got string) bool {
	var pattern []string
	for part := range strings.SplitSeq(want, "…") {
		pattern = append(pattern, regexp.QuoteMeta(part))
	}
	return regexp.MustCompile(`(?s)\A` + strings.Join(pattern, ".*") + `\z`).MatchString(got)
}

// curl does what the command of that name would, for what the page needs.
func curl(t *testing.T, h http.Handler, command string) string {
	t.Helper()
	words := shellWords(command)
	if words[0] != "curl" {
		t.Fatalf("%q is not curl", command)
	}
	method, body, url, headersToo := "GET", "", "", false
	header := http.Header{}
	for i := 1; i < len(words); i++ {
		switch w := words[i]; w {
		case "-i":
			headersToo = true
		case "-X", "-d", "-H":
			i++
			switch w {
			case "-X":
				method = words[i]
			case "-d":
				body = words[i]
				header.Set("Content-Type", "application/x-www-form-urlencoded")
				if method == "GET" {
					method = "POST"
				}
			case "-H":
				name, value, _ := strings.Cut(words[i], ": ")
				header.Set(name, value)
			}
		default:
			url = "http://" + w
		}
	}
	r := httptest.NewRequest(method, url, strings.NewReader(body))
	r.Header = header
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if !headersToo {
		return w.Body.String()
	}
	var out strings.Builder
	fmt.Fprintf(&out, "HTTP/1.1 %d %s\n", w.Code, http.StatusText(w.Code))
	for name := range w.Header() {
		fmt.Fprintf(&out, "%s: %s\n", name, w.Header().Get(name))
	}
	return out.String() + "\n" + w.Body.String()
}

// shellWords splits a command at spaces outside of '…'.
func shellWords(command string) []string {
	var words []string
	for _, m := range regexp.MustCompile(`'([^']*)'|(\S+)`).FindAllStringSubmatch(command, -1) {
		words = append(words, m[1]+m[2])
	}
	return words
}
