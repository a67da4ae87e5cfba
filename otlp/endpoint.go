package otlp

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// tracesPath is where collectors take spans, after their base URL (OTLP 1.x,
// "OTLP/HTTP Request").
const tracesPath = "/v1/traces"

// ParseEndpoint returns the URL that spans are posted to, given a collector's:
// http://localhost:4318, or that with /v1/traces.
func ParseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is not the URL of a collector: write http://HOST:PORT, as in http://localhost:4318", text)
	}
	if !strings.HasSuffix(u.Path, tracesPath) {
		u = u.JoinPath(tracesPath)
	}
	return u, nil
}

// ParseHeaders returns the header that a list such as "api-key=secret,tenant=a"
// asks for; a value may be escaped as in URLs, since it may have commas.
func ParseHeaders(list string) (http.Header, error) {
	h := make(http.Header)
	if strings.TrimSpace(list) == "" {
		return h, nil
	}
	for i, pair := range strings.Split(list, ",") {
		name, value, ok := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || name == "" || err != nil || strings.ContainsAny(name, " \t:") || strings.ContainsAny(name+value, "\r\n") {
			// What was written may be a secret and is not repeated.
			return nil, fmt.Errorf("header %d is not one: write NAME=VALUE,NAME=VALUE, as in api-key=secret", i+1)
		}
		h.Add(name, value)
	}
	return h, nil
}
