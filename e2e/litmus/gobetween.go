package litmus

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// goBetween forwards to the server at base. Requests for properties of a member "prop…" of the collection go to the
// collection itself, as if it were that file; everything else passes unchanged.
func goBetween(t *testing.T, base, collection string) http.Handler {
	t.Helper()
	server, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(server)
		dir, name, found := strings.Cut(r.In.URL.Path, "/"+collection+"/")
		if found && strings.HasPrefix(name, "prop") && (r.In.Method == "PROPFIND" || r.In.Method == "PROPPATCH") {
			r.Out.URL.Path, r.Out.URL.RawPath = dir+"/"+collection+"/", ""
		}
		// What is moved names where to.
		if to := r.In.Header.Get("Destination"); to != "" {
			if u, err := url.Parse(to); err == nil {
				u.Host = server.Host
				r.Out.Header.Set("Destination", u.String())
			}
		}
		r.Out.Host = server.Host
	}}
}
