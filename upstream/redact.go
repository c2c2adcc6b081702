package upstream

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"sort"
	"strings"
)

const masked = "…"

var (
	secretName = regexp.MustCompile(`(?i)pass|pwd|secret|token|key|auth|cookie|session|csrf|ticket|sig|code|credential`)
	// secretJSON finds "password":"…" and the like; secretForm password=….
	secretJSON = regexp.MustCompile(`(?i)("[^"]*(?:pass|pwd|secret|token|api_?key|session|csrf|ticket|credential)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"`)
	secretForm = regexp.MustCompile(`(?i)((?:^|[&?\s])[^=&\s]*(?:pass|pwd|secret|token|api_?key|session|csrf|ticket|credential)[^=&\s]*=)[^&\s]*`)
	number     = regexp.MustCompile(`^[0-9]{1,9}$`)
)

// redactor keeps secrets out of logs and traces.
type redactor struct{ known []string }

// newRedactor masks the given values in every spelling they can have on the wire.
func newRedactor(secrets []string) *redactor {
	set := map[string]bool{}
	for _, s := range secrets {
		if len(s) < 4 {
			continue // would mask half of the text and tell its own length
		}
		set[s] = true
		set[url.QueryEscape(s)] = true
		set[url.PathEscape(s)] = true
		if j, err := json.Marshal(s); err == nil {
			set[strings.Trim(string(j), `"`)] = true
		}
	}
	r := &redactor{}
	for s := range set {
		r.known = append(r.known, s)
	}
	// Longer ones first, so that a part is not masked out of a whole.
	sort.Slice(r.known, func(i, j int) bool { return len(r.known[i]) > len(r.known[j]) })
	return r
}

func (r *redactor) text(s string) string {
	for _, k := range r.known {
		s = strings.ReplaceAll(s, k, masked)
	}
	s = secretJSON.ReplaceAllString(s, `$1"`+masked+`"`)
	return secretForm.ReplaceAllString(s, `${1}`+masked)
}

// path is path and query, of which only names and plain numbers are kept: filters
// hold people's names and addresses.
func (r *redactor) path(u *url.URL) string {
	p := r.text(u.EscapedPath())
	if u.RawQuery == "" {
		return p
	}
	var parts []string
	for _, kv := range strings.Split(u.RawQuery, "&") {
		k, v, _ := strings.Cut(kv, "=")
		if !number.MatchString(v) || secretName.MatchString(k) {
			v = masked
		}
		parts = append(parts, k+"="+v)
	}
	return p + "?" + r.text(strings.Join(parts, "&"))
}

func (r *redactor) headers(b *strings.Builder, prefix string, h http.Header) {
	for _, k := range sortedKeys(h) {
		v := strings.Join(h[k], ", ")
		if secretName.MatchString(k) && k != "Content-Encoding" {
			v = masked
		}
		fmt.Fprintf(b, "%s%s: %s\n", prefix, k, r.text(v))
	}
}

func (r *redactor) body(b *strings.Builder, prefix string, body []byte, sensitive bool) {
	switch {
	case len(body) == 0:
		return
	case sensitive:
		fmt.Fprintf(b, "%s(%d bytes, kept out)\n", prefix, len(body))
		return
	}
	cut := ""
	if len(body) > debugBody {
		// Masking runs on the whole text: a secret cut in half would show.
		cut = fmt.Sprintf("%s(%d bytes in all)\n", prefix, len(body))
	}
	text := r.text(string(body))
	if len(text) > debugBody {
		text = text[:debugBody]
	}
	fmt.Fprintf(b, "%s%s\n%s", prefix, strings.ToValidUTF8(text, "?"), cut)
}
