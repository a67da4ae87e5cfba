// Package page is the page that a control server shows at its root: a live view
// of its proxies, and the means to change what they do. Its sources are in web/.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
)

//go:generate sh -c "cd ../../web && npm ci && go run ."

//go:embed assets
var assets embed.FS

// policy lets the page load and call its own server and nobody else, run no
// script but its own files, and stand in no frame. What passes through proxies
// is shown on it: trusted types keep any of that from ever becoming HTML.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// A Page serves the page's files.
type Page map[string]file // by path

type file struct {
	text      []byte
	mediaType string
	tag       string // of the text, so that a browser need not load it again
}

// New returns the page. Its files are at / and below /page/.
func New() Page {
	p := make(Page)
	entries, err := assets.ReadDir("assets")
	if err != nil {
		panic(err) // the embedded files are part of the program
	}
	for _, e := range entries {
		text, err := fs.ReadFile(assets, "assets/"+e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(text)
		f := file{text, mediaTypes[path.Ext(e.Name())], `"` + hex.EncodeToString(sum[:8]) + `"`}
		if e.Name() == "index.html" {
			p["/"] = f
		} else {
			p["/page/"+e.Name()] = f
		}
	}
	return p
}

// mediaTypes are the media types of files; systems' own tables differ.
var mediaTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// Has says whether r asks for a file of the page. The files are the same for
// everybody and say nothing of the proxies.
func (p Page) Has(r *http.Request) bool {
	_, there := p[r.URL.Path]
	return there && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}

// ServeHTTP serves the file that r asks for, which the page must have.
func (p Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, there := p[r.URL.Path]
	if !there {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.tag)
	if r.Header.Get("If-None-Match") == f.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.mediaType)
	w.Write(f.text)
}
