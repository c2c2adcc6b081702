package dav

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/remote"
)

func at(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return canonicalURL(u)
}

// One answer as different servers write it.
func TestMultistatusIsReadAsServersWriteIt(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"prefix":                      `<d:multistatus xmlns:d="DAV:"><d:response><d:href>/ann/work/a%20b.ics</d:href><d:propstat><d:prop><d:getetag>"1"</d:getetag></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`,
		"default namespace, absolute": `<multistatus xmlns="DAV:"><response><href>https://dav.example.org/ann/work/a%20b.ics</href><propstat><prop><getetag>"1"</getetag></prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>`,
		"another host":                `<multistatus xmlns="DAV:"><response><href>http://10.0.0.1:5232/ann/work/%61%20b%2Eics</href><propstat><prop><getetag>"1"</getetag></prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>`,
		"relative":                    `<multistatus xmlns="DAV:"><response><href>a%20b.ics</href><propstat><prop><getetag>"1"</getetag></prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>`,
		"no propstat":                 `<multistatus xmlns="DAV:"><response><href> /ann/work/a%20b.ics </href><prop><getetag>"1"</getetag></prop></response></multistatus>`,
		"no status":                   `<multistatus xmlns="DAV:"><response><href>/ann/work/a%20b.ics</href><propstat><prop><getetag>"1"</getetag></prop></propstat></response></multistatus>`,
		"not found beside": "\xef\xbb\xbf" + `<?xml version="1.0" encoding="UTF-8"?><multistatus xmlns="DAV:"><response><href>/ann/work/a%20b.ics</href><propstat><prop><displayname/></prop><status>HTTP/1.1 404 Not Found</status></propstat>` +
			`<propstat><prop><getetag><![CDATA["1"]]></getetag></prop><status>HTTP/2 200</status></propstat></response></multistatus>`,
		"prefix declared within": `<a:multistatus xmlns:a="DAV:"><b:response xmlns:b="DAV:"><c:href xmlns:c="DAV:">/ann/work/a%20b.ics</c:href><b:propstat><b:prop><z:getetag xmlns:z="DAV:">"1"</z:getetag></b:prop></b:propstat></b:response></a:multistatus>`,
	} {
		ms, err := readMultistatus([]byte(body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		ms.at = at(t, "https://dav.example.org/ann/work/")
		var paths, tags []string
		ms.each(func(r response) {
			paths, tags = append(paths, r.path), append(tags, r.prop(nsDAV, "getetag").trimmed())
		})
		if !slices.Equal(paths, []string{"/ann/work/a%20b.ics"}) || !slices.Equal(tags, []string{`"1"`}) {
			t.Errorf("%s: %v %v", name, paths, tags)
		}
	}
}

// A status of the resource speaks of every href beside it; a failed property is no missing one.
func TestMultistatusTellsStatuses(t *testing.T) {
	t.Parallel()
	ms, err := readMultistatus([]byte(`<multistatus xmlns="DAV:"><sync-token> t-2 </sync-token><response><href>/w/a</href><href>/w/b</href><status>HTTP/1.1 404 Not Found</status></response>` +
		`<response><href>/w/c</href><propstat><prop><getetag/></prop><status>HTTP/1.1 403 Forbidden</status></propstat></response><response><href>/w/</href><status>HTTP/1.1 507 Insufficient Storage</status></response>` +
		`<response><href>//elsewhere/x</href></response><response><href>/w/../../etc</href></response></multistatus>`))
	if err != nil || ms.token != "t-2" {
		t.Fatalf("%v %v", ms.token, err)
	}
	ms.at = at(t, "https://dav.example.org/w/")
	got := map[string]int{}
	ms.each(func(r response) { got[r.path] = r.status + r.failed })
	want := map[string]int{"/w/a": 404, "/w/b": 404, "/w/c": 403, "/w/": 507, "/x": 0, "/etc": 0}
	for path, status := range want {
		if s, ok := got[path]; !ok || s != status {
			t.Errorf("%s: %d, want %d", path, s, status)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
}

// What is no answer, or a dangerous one, is refused.
func TestMultistatusRefuses(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":    "",
		"no XML":     "hello",
		"a web page": "<!DOCTYPE html><html><body>hello</body></html>",
		"an entity":  `<!DOCTYPE m [<!ENTITY x "aaaa"><!ENTITY y "&x;&x;">]><multistatus xmlns="DAV:"><response><href>&y;</href></response></multistatus>`,
		"a file":     `<!DOCTYPE m SYSTEM "file:///etc/passwd"><multistatus xmlns="DAV:"/>`,
		"cut off":    `<multistatus xmlns="DAV:"><response><href>/a</href>`,
		"deep":       strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100),
		"another":    `<error xmlns="DAV:"><valid-sync-token/></error>`,
		"wide":       `<multistatus xmlns="DAV:">` + strings.Repeat("<a/>", maxNodes+1) + `</multistatus>`,
		"namespace":  `<multistatus xmlns="DAV"><response/></multistatus>`,
		"two":        `<multistatus xmlns="DAV:"/><multistatus xmlns="DAV:"/>`,
	} {
		if ms, err := readMultistatus([]byte(body)); err == nil {
			t.Errorf("%s: %+v", name, ms)
		}
	}
}

func TestPathsAndTagsHaveOneSpelling(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/a/b.ics": "/a/b.ics", "/%61/b%2Eics": "/a/b.ics", "/a%2fb": "/a%2Fb", "/a b": "/a%20b", "/é": "/%C3%A9", "/%c3%a9": "/%C3%A9", "/a@b:c": "/a@b:c", "/a%40b": "/a@b",
		"/a/../b": "", "/%2e%2e/b": "", "/%zz": "", "a": "", "//host/a": "",
	} {
		got, ok := canonicalPath(in)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q %v, want %q", in, got, ok, want)
		}
	}
	for in, want := range map[string]string{`"a"`: `"a"`, `W/"a"`: `"a"`, `a`: `"a"`, "": "", ` "a" `: `"a"`, `""`: `""`} {
		if got := tag(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// A cursor comes back as it was, however many versions it remembers, and nothing else is taken for one.
func TestCursorComesBack(t *testing.T) {
	t.Parallel()
	known := map[string]string{}
	for _, name := range []string{"a.ics", "b%20c.ics", strings.Repeat("x", 200) + ".ics"} {
		known[name] = digest(name)
	}
	for _, c := range []cursor{
		{View: "v", Token: "t"}, {View: "v", Token: "t", Rest: true, From: "f", After: "/a"}, {View: "v", Known: map[string]string{}}, {View: "v", Known: known, Stamp: "c"},
	} {
		s, err := c.encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeCursor(s, "v")
		if err != nil || got.Token != c.Token || got.After != c.After || got.From != c.From || got.Rest != c.Rest || got.Stamp != c.Stamp || len(got.Known) != len(c.Known) {
			t.Errorf("%+v: %+v %v", c, got, err)
		}
		for name, d := range c.Known {
			if got.Known[name] != d {
				t.Errorf("%s: %q, want %q", name, got.Known[name], d)
			}
		}
		if _, err := decodeCursor(s, "another"); err == nil {
			t.Error("a cursor of another view is taken")
		}
	}
	many := map[string]string{}
	for i := range maxKnown + 1 {
		many[strconv.Itoa(i)] = "d"
	}
	if _, err := (cursor{Known: many}).encode(); pim.ReasonOf(err) != pim.ErrTooLarge {
		t.Errorf("a cursor without end: %v", err)
	}
}

func TestNamesOfItemsTellTheirKeys(t *testing.T) {
	t.Parallel()
	for key, told := range map[string]bool{"5f1d6a0e-7d0b-5c8e-9f57-0c2f0d1f9b11": true, "a/b": false, "Ä": false, strings.Repeat("k", 300): false, "UPPER": false} {
		for _, book := range []bool{false, true} {
			name := nameFor(key, book)
			if can, ok := canonicalPath("/" + name); !ok || can != "/"+name || len(name) > 130 {
				t.Errorf("%q: the name %q is not plain", key, name)
			}
			if got := keyOf(name); told && got != key || !told && got != "" {
				t.Errorf("%q: the name tells %q", key, got)
			}
		}
	}
	if keyOf("holiday.ics") != "" {
		t.Error("a name of somebody else's tells a key")
	}
}

func FuzzMultistatus(f *testing.F) {
	f.Add([]byte(`<multistatus xmlns="DAV:"><response><href>/a</href><propstat><prop><getetag>"1"</getetag></prop><status>HTTP/1.1 200 OK</status></propstat></response><sync-token>x</sync-token></multistatus>`))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`))
	f.Add([]byte(`<d:multistatus xmlns:d="DAV:"><d:response><d:href>%zz</d:href><d:href>http://[::1</d:href></d:response></d:multistatus>`))
	base := at(f, "https://dav.example.org/ann/")
	f.Fuzz(func(t *testing.T, body []byte) {
		ms, err := readMultistatus(body)
		if err != nil {
			return
		}
		ms.at = base
		ms.each(func(r response) {
			if can, ok := canonicalPath(r.path); !ok || can != r.path {
				t.Errorf("%q is no canonical path", r.path)
			}
		})
	})
}

func FuzzCursor(f *testing.F) {
	s, err := (cursor{View: "v", Known: map[string]string{"a": "b"}}).encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(s))
	f.Add("d1.e30")
	f.Fuzz(func(t *testing.T, s string) {
		_, _ = unpack(s)
		if _, err := decodeCursor(remote.Cursor(s), "v"); err != nil && pim.ReasonOf(err) != pim.ErrCursorGone {
			t.Errorf("%v, want ErrCursorGone", err)
		}
	})
}
