package davxml

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEncodePath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/":                                  "/",
		"/dav/calendars/ann@example.org/":    "/dav/calendars/ann@example.org/",
		"/a b/ü.ics":                         "/a%20b/%C3%BC.ics",
		"/-._~!$&'()*+,;=:@":                 "/-._~!$&'()*+,;=:@",
		"/%/?/#/[/]/|/\\/^/`/{/}/\"/</>":     "/%25/%3F/%23/%5B/%5D/%7C/%5C/%5E/%60/%7B/%7D/%22/%3C/%3E",
		"/\x00\x7f\xff":                      "/%00%7F%FF",
		"/urn:uuid:1f2e@example.org;v=1.vcf": "/urn:uuid:1f2e@example.org;v=1.vcf",
	} {
		if got := EncodePath(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
		// Another implementation reads it as the same path.
		if u, err := url.Parse("http://example.org" + want); err != nil || u.Path != path {
			t.Errorf("%q: net/url reads %v, %v", path, u, err)
		}
	}
}

func TestDecodeHref(t *testing.T) {
	t.Parallel()
	hosts := []string{"dav.example.org", "127.0.0.1:8080", "[::1]:8080"}
	for _, tt := range []struct{ href, want string }{
		{"/", "/"},
		{"/dav/", "/dav/"},
		{" \r\n /dav/a.ics\n", "/dav/a.ics"},
		{"/ann@example.org/", "/ann@example.org/"},
		{"/ann%40example.org/", "/ann@example.org/"},
		{"/a%20b+c/%c3%bc", "/a b+c/ü"},
		{"/a b/ü", "/a b/ü"},
		{"/%64%61%76/", "/dav/"},
		{"/a%2525", "/a%25"},
		{"/...", "/..."},
		{"http://dav.example.org/a", "/a"},
		{"HTTPS://DAV.example.org:443/a%3Ab", "/a:b"},
		{"http://dav.example.org", "/"},
		{"//dav.example.org/a", "/a"},
		{"http://127.0.0.1:8080/a/", "/a/"},
		{"http://[::1]:8080/a/", "/a/"},
	} {
		if got, err := DecodeHref(tt.href, hosts); err != nil || got != tt.want {
			t.Errorf("%q: %q, %v; want %q", tt.href, got, err, tt.want)
		}
	}
	for _, href := range []string{
		"", "a", "a/b", "../a", "/a/../b", "/a/..", "/..", "/.", "/./a", "/%2e%2e/a", "/a/%2E%2e", "/.%2e/", "/%2e",
		"//", "/a//b", "//a", "/a/%2F/b", "/a%2fb", "/a%5cb", `/a\b`, `/..\..\etc`, "/%00", "/a%0d%0aX", "/\x01", "/%7F",
		"/%", "/%4", "/%zz", "/%C3", "/%ff", "/\xff", "/a?b", "/a#b", "/a?", "mailto:ann@example.org", "urn:x:y",
		"http://example.org/a", "http://127.0.0.1/a", "http://127.0.0.1:8081/a", "http://dav.example.org@evil.example/a",
		"http://evil.example\\@dav.example.org/a", "http://ann@dav.example.org/a", "ftp://dav.example.org/a",
		"http:dav.example.org/a", "http:///a", "http://dav.example.org:x/a", "http://dav.example.org?/a", "file:///etc/passwd",
		"/" + strings.Repeat("a", MaxHref), "http://.dav.example.org/", "http://dav.example.org./x",
	} {
		if got, err := DecodeHref(href, hosts); !errors.Is(err, ErrHref) {
			t.Errorf("%q: %q, %v; want ErrHref", href, got, err)
		}
	}
	if _, err := DecodeHref("http:///a", []string{""}); !errors.Is(err, ErrHref) {
		t.Errorf("an empty own host matched: %v", err)
	}
	if got, err := DecodeHref("/a", nil); err != nil || got != "/a" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestHrefRoundTrip: however a client spells what EncodePath printed, it decodes to the same path.
func TestHrefRoundTrip(t *testing.T) {
	t.Parallel()
	hosts := []string{"dav.example.org"}
	rapid.Check(t, func(t *rapid.T) {
		segment := rapid.StringOfN(rapid.RuneFrom([]rune("ab.-_~!$&'()*+,;=:@%?# \"<>[]{}|^`äß語🗓")), 1, 12, -1).
			Filter(func(s string) bool { return s != "." && s != ".." })
		path := "/" + strings.Join(rapid.SliceOfN(segment, 0, 5).Draw(t, "segments"), "/")
		if path != "/" && rapid.Bool().Draw(t, "collection") {
			path += "/"
		}
		path = strings.TrimSpace(path)
		encoded := EncodePath(path)
		if again := EncodePath(mustDecode(t, encoded, hosts)); again != encoded {
			t.Fatalf("%q became %q", encoded, again)
		}
		var other strings.Builder
		for _, b := range []byte(path) {
			if b != '/' && rapid.Bool().Draw(t, "encode") || !plain(b) && b != '/' {
				other.WriteString("%" + strings.ToLower(string("0123456789ABCDEF"[b>>4])) + string("0123456789ABCDEF"[b&15]))
			} else {
				other.WriteByte(b)
			}
		}
		prefix := rapid.SampledFrom([]string{"", "http://dav.example.org", "https://DAV.example.org:8443"}).Draw(t, "prefix")
		if got := mustDecode(t, prefix+other.String(), hosts); got != path {
			t.Fatalf("%q decoded to %q, want %q", other.String(), got, path)
		}
	})
}

func mustDecode(t *rapid.T, href string, hosts []string) string {
	path, err := DecodeHref(href, hosts)
	if err != nil {
		t.Fatalf("%q: %v", href, err)
	}
	return path
}

// plain is pchar of RFC 3986 3.3 without pct-encoded.
func plain(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || strings.IndexByte("-._~!$&'()*+,;=:@", b) >= 0
}

// Each byte of a name is encoded, escaped or left as its kind wants, wherever it stands.
func TestSegmentByteForByte(t *testing.T) {
	t.Parallel()
	for i := range 256 {
		b := byte(i)
		for _, escape := range []bool{false, true} {
			want := string(rune(b))
			switch {
			case escape && b == '&':
				want = "&amp;"
			case !plain(b):
				want = fmt.Sprintf("%%%02X", b)
			}
			if got := string(appendSegment([]byte("<"), "a"+string([]byte{b, b})+"z", escape)); got != "<a"+want+want+"z" {
				t.Errorf("%q became %q, want %q", b, got, want)
			}
		}
	}
}

// Each ASCII character of a text is escaped, left out or left as XML wants.
func TestEscapeByteForByte(t *testing.T) {
	t.Parallel()
	for i := range 128 {
		b := byte(i)
		inText, inAttr := string(b), string(b)
		switch {
		case b == '\n' || b == '\t':
			inAttr = fmt.Sprintf("&#%d;", b)
		case b == '"':
			inAttr = "&#34;"
		case b == '\r':
			inText, inAttr = "&#13;", "&#13;"
		case b == '&' || b == '<' || b == '>':
			inText = map[byte]string{'&': "&amp;", '<': "&lt;", '>': "&gt;"}[b]
			inAttr = inText
		case b < ' ':
			inText, inAttr = "", ""
		}
		s := "a" + string([]byte{b, b}) + "é"
		if got := string(EscapeText(nil, s)); got != "a"+inText+inText+"é" {
			t.Errorf("%q became %q in text", b, got)
		}
		if got := string(EscapeAttr(nil, []byte(s))); got != "a"+inAttr+inAttr+"é" {
			t.Errorf("%q became %q in an attribute", b, got)
		}
	}
}
