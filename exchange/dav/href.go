package dav

import (
	"net/url"
	"strings"
)

// canonicalPath is an escaped path in the one spelling that is used here: each segment unescaped and escaped anew, since servers
// and programs escape differently (RFC 3986 6.2.2).
func canonicalPath(escaped string) (string, bool) {
	parts := strings.Split(escaped, "/")
	for i, p := range parts {
		plain, err := url.PathUnescape(p)
		if err != nil || plain == "." || plain == ".." {
			return "", false
		}
		parts[i] = url.PathEscape(plain)
	}
	path := strings.Join(parts, "/")
	return path, strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//")
}

// canonicalURL is u with its path in that spelling and without query; u itself when it has none.
func canonicalURL(u *url.URL) *url.URL {
	path, ok := canonicalPath(u.EscapedPath())
	if !ok {
		path = "/"
	}
	return withPath(u, path)
}

// withPath is u with another path, which is escaped and canonical.
func withPath(u *url.URL, escaped string) *url.URL {
	plain, err := url.PathUnescape(escaped)
	if err != nil {
		plain = escaped
	}
	return &url.URL{Scheme: strings.ToLower(u.Scheme), Host: strings.ToLower(u.Host), Path: plain, RawPath: escaped}
}

// resolve reads an href that an answer from base has: absolute, or a path (RFC 4918 8.3).
func resolve(base *url.URL, href string) (*url.URL, bool) {
	ref, err := url.Parse(strings.TrimSpace(href))
	if err != nil {
		return nil, false
	}
	u := base.ResolveReference(ref)
	path, ok := canonicalPath(u.EscapedPath())
	if !ok || u.Host == "" || u.User != nil {
		return nil, false
	}
	return withPath(u, path), true
}

// pathOf is the canonical path of an href. Servers behind a proxy can call themselves by another host, so that the host of an
// absolute one is not looked at: it names nothing outside the collection that was asked.
func pathOf(base *url.URL, href string) (string, bool) {
	u, ok := resolve(base, href)
	if !ok {
		return "", false
	}
	return u.EscapedPath(), true
}

// asFolder ends a path in a slash.
func asFolder(u *url.URL) *url.URL {
	if path := u.EscapedPath(); !strings.HasSuffix(path, "/") {
		return withPath(u, path+"/")
	}
	return u
}

// tag is an entity tag in the one spelling that is compared and sent in If-Match: strong and quoted. Proxies that compress make
// tags weak, and some servers leave the quotes out.
func tag(s string) string {
	s = strings.TrimPrefix(strings.TrimSpace(s), "W/")
	if s == "" || len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s
	}
	return `"` + strings.Trim(s, `"`) + `"`
}
