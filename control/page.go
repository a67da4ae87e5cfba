package control

import (
	"net/http"

	"github.com/vaurien-proxy/vaurien/control/page"
)

// withPage serves the page to whoever may reach it, and leaves all else to h.
// The page is shown without the token, which it asks its reader for: nothing is
// in its files that not everybody may know.
func withPage(o HandlerOptions, h http.Handler) http.Handler {
	p := page.New()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.Has(r) {
			h.ServeHTTP(w, r)
			return
		}
		if reason := o.refusal(r); reason != "" && !followsLink(o, r) {
			refuse(w, http.StatusForbidden, reason)
			return
		}
		p.ServeHTTP(w, r)
	})
}

// followsLink says whether a browser goes to r because somebody followed a
// link, wherever that was: then what is loaded is not within the reach of the
// page that had the link.
func followsLink(o HandlerOptions, r *http.Request) bool {
	return o.allowsHost(r.Host) && !foreignOrigin(r) &&
		r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}
