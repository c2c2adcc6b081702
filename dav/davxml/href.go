package davxml

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxHref is the longest href that DecodeHref takes, in bytes.
const MaxHref = 4096

// EncodePath returns the one spelling in which this server prints the decoded absolute path: in each segment the
// characters that RFC 3986 3.3 allows there (letters, digits, -._~!$&'()*+,;=:@) stand for themselves, every other
// byte is %XX in capitals. So the hrefs are what browsers' URL type, .NET's Uri and okhttp make of the same path:
// Thunderbird compares hrefs of cards as strings with those it built from a UID, which often holds an "@".
func EncodePath(path string) string {
	return string(appendPath(make([]byte, 0, len(path)+16), path, false))
}

// AppendPath is EncodePath to the end of dst. It is not escaped for XML: AppendHref does that.
func AppendPath(dst []byte, path string) []byte {
	return appendPath(dst, path, false)
}

func appendPath(dst []byte, path string, escape bool) []byte {
	for len(path) > 0 {
		i := strings.IndexByte(path, '/')
		if i < 0 {
			return appendSegment(dst, path, escape)
		}
		dst = appendSegment(dst, path[:i], escape)
		dst = append(dst, '/')
		path = path[i+1:]
	}
	return dst
}

// appendSegment encodes one segment; escape writes "&", the only such character that XML minds, as a reference.
func appendSegment(dst []byte, s string, escape bool) []byte {
	const hex = "0123456789ABCDEF"
	low := pcharLow
	if escape {
		low &^= 1 << '&'
	}
	from := 0 // s[from:i] is copied as it is
	for i := 0; i < len(s); i++ {
		b := s[i]
		if b < 64 && low>>b&1 != 0 || b >= 64 && b < 128 && pcharHigh>>(b-64)&1 != 0 {
			continue
		}
		dst = append(dst, s[from:i]...)
		if b == '&' {
			dst = append(dst, "&amp;"...)
		} else {
			dst = append(dst, '%', hex[b>>4], hex[b&15])
		}
		from = i + 1
	}
	return append(dst, s[from:]...)
}

// pchar of RFC 3986 3.3 without pct-encoded, as sets of bits for the characters below 64 and from 64 on: long listings ask
// for every byte of every name.
const (
	pcharLow uint64 = (1<<10-1)<<'0' | 1<<'-' | 1<<'.' | 1<<'!' | 1<<'$' | 1<<'&' | 1<<'\'' | 1<<'(' | 1<<')' | 1<<'*' | 1<<'+' | 1<<',' |
		1<<';' | 1<<'=' | 1<<':'
	pcharHigh uint64 = (1<<26-1)<<('A'-64) | (1<<26-1)<<('a'-64) | 1<<('_'-64) | 1<<('~'-64) | 1<<('@'-64)
)

// DecodeHref returns the decoded path that an href names. It takes an absolute path, or a whole URL (http or https) whose
// host, with its port if it has one, is among hosts (compared without case; "example.org" stands for any port).
// Every percent-encoding of a path gives the same result, so that what clients build compares equal to what
// EncodePath printed. Everything else is ErrHref: relative references, queries and fragments, other hosts, over-long
// or invalid encodings, text that is not UTF-8, control characters, backslashes, "." and ".." and empty segments,
// and "/" inside a segment.
func DecodeHref(href string, hosts []string) (string, error) {
	href = strings.TrimSpace(href)
	if len(href) > MaxHref {
		return "", badHref("longer than %d bytes", MaxHref)
	}
	path := href
	if !strings.HasPrefix(href, "/") || strings.HasPrefix(href, "//") {
		var err error
		if path, err = cutHost(href, hosts); err != nil {
			return "", err
		}
	}
	if strings.ContainsAny(path, "?#") {
		return "", badHref("query or fragment")
	}
	segments := strings.Split(path, "/")[1:]
	for i, s := range segments {
		decoded, err := decodeSegment(s, i == len(segments)-1)
		if err != nil {
			return "", err
		}
		segments[i] = decoded
	}
	return "/" + strings.Join(segments, "/"), nil
}

// cutHost returns the path of a URL on one of the hosts.
func cutHost(href string, hosts []string) (string, error) {
	rest := href
	if scheme, after, ok := strings.Cut(href, ":"); ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")) {
		rest = after
	}
	rest, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return "", badHref("neither an absolute path nor an http URL")
	}
	host, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	if !slices.ContainsFunc(hosts, func(own string) bool { return sameHost(host, own) }) {
		return "", badHref("another host")
	}
	if path == "" {
		path = "/"
	}
	return path, nil
}

// sameHost compares without case; an own host without port stands for all ports.
func sameHost(host, own string) bool {
	if own == "" {
		return false
	}
	if strings.EqualFold(host, own) {
		return true
	}
	u := url.URL{Host: host}
	return strings.EqualFold(u.Hostname(), strings.Trim(own, "[]"))
}

func decodeSegment(s string, last bool) (string, error) {
	decoded, err := url.PathUnescape(s)
	if err != nil {
		return "", badHref("invalid percent-encoding")
	}
	switch {
	case decoded == "" && !last:
		return "", badHref("empty segment")
	case decoded == "." || decoded == "..":
		return "", badHref("dot segment")
	case !utf8.ValidString(decoded):
		return "", badHref("not UTF-8")
	case strings.ContainsFunc(decoded, func(r rune) bool { return r < ' ' || r == 0x7f || r == '/' || r == '\\' }):
		return "", badHref("character not allowed in a name")
	}
	return decoded, nil
}

func badHref(format string, args ...any) error {
	return fmt.Errorf("davxml: %s: %w", fmt.Sprintf(format, args...), ErrHref)
}
