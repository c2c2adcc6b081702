package upstream

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

const maxRedirects = 5

// redirectError refuses a redirect. Only the host is told: a query may hold a
// ticket.
type redirectError struct{ to string }

func (e *redirectError) Error() string { return "upstream: redirect to " + e.to + " not followed" }

func redirectRule(follow bool) func(*http.Request, []*http.Request) error {
	if !follow {
		return func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return func(next *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return errors.New("upstream: too many redirects")
		}
		if !sameSite(via[0].URL, next.URL) {
			return &redirectError{fmt.Sprintf("%s://%s", next.URL.Scheme, next.URL.Host)}
		}
		return nil
	}
}

// sameSite allows the same scheme, host and port, and the step up from http to
// https on their usual ports.
func sameSite(from, to *url.URL) bool {
	if from.Hostname() != to.Hostname() || to.User != nil {
		return false
	}
	if from.Scheme == to.Scheme {
		return portOf(from) == portOf(to)
	}
	return from.Scheme == "http" && to.Scheme == "https" && portOf(from) == "80" && portOf(to) == "443"
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}
