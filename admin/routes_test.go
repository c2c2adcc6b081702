package admin

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Each route is asked by a visitor, by a person and by an administrator; the table alone says who may.
func TestEveryRouteAsksWho(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, r := range routes() {
		method, pattern, _ := strings.Cut(r.pattern, " ")
		path := strings.NewReplacer("{$}", "", "{id}", "999", "{secret}", "x", "{name}", "nobody").Replace(pattern)
		ask := func(b *browser) seen {
			if method == http.MethodGet {
				return b.get(t, path)
			}
			form := url.Values{}
			if m := tokenField.FindStringSubmatch(b.get(t, "/web/sign-in").text + b.get(t, "/web/me").text); m != nil {
				form.Set("token", m[1])
			}
			return b.do(t, method, path, form)
		}
		refused := func(s seen) bool { return strings.HasPrefix(s.to, "/web/sign-in") && pattern != "/web/sign-out" }
		if s := ask(w.browser(t)); refused(s) != (r.who != anybody) {
			t.Errorf("%s by a visitor: %d to %q", r.pattern, s.status, s.to)
		}
		if r.who == anybody {
			continue
		}
		s := ask(w.signedIn(t, "ann", annPassword))
		if hidden := s.status == http.StatusNotFound && strings.Contains(s.text, "there is no such page"); hidden != (r.who == administrator) || refused(s) || s.status >= 500 {
			t.Errorf("%s by a person: %d to %q", r.pattern, s.status, s.to)
		}
		if s := ask(w.signedIn(t, "boss", bossPassword)); refused(s) || s.status == http.StatusForbidden || s.status >= 500 || strings.Contains(s.text, "there is no such page") {
			t.Errorf("%s by an administrator: %d to %q", r.pattern, s.status, s.to)
		}
	}
}
