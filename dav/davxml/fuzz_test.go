package davxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// Each target starts from the requests in testdata with its root. All assert the same: no panic, an error of one of
// the documented kinds, and a body that was understood means the same when it is printed and read again.

func FuzzPropFind(f *testing.F)       { fuzzRequest(f, D("propfind")) }
func FuzzPropertyUpdate(f *testing.F) { fuzzRequest(f, D("propertyupdate")) }
func FuzzMkCol(f *testing.F)          { fuzzRequest(f, D("mkcol")) }
func FuzzMkCalendar(f *testing.F)     { fuzzRequest(f, C("mkcalendar")) }

func FuzzCalendarQuery(f *testing.F)              { fuzzRequest(f, C("calendar-query")) }
func FuzzCalendarMultiget(f *testing.F)           { fuzzRequest(f, C("calendar-multiget")) }
func FuzzFreeBusyQuery(f *testing.F)              { fuzzRequest(f, C("free-busy-query")) }
func FuzzAddressbookQuery(f *testing.F)           { fuzzRequest(f, CR("addressbook-query")) }
func FuzzAddressbookMultiget(f *testing.F)        { fuzzRequest(f, CR("addressbook-multiget")) }
func FuzzSyncCollection(f *testing.F)             { fuzzRequest(f, D("sync-collection")) }
func FuzzExpandProperty(f *testing.F)             { fuzzRequest(f, D("expand-property")) }
func FuzzPrincipalPropertySearch(f *testing.F)    { fuzzRequest(f, D("principal-property-search")) }
func FuzzPrincipalSearchPropertySet(f *testing.F) { fuzzRequest(f, D("principal-search-property-set")) }
func FuzzPrincipalMatch(f *testing.F)             { fuzzRequest(f, D("principal-match")) }
func FuzzACLPrincipalPropSet(f *testing.F)        { fuzzRequest(f, D("acl-principal-prop-set")) }
func FuzzCalendarServerPrincipalSearch(f *testing.F) {
	fuzzRequest(f, CS("calendarserver-principal-search"))
}

func fuzzRequest(f *testing.F, root xml.Name) {
	seeds := 0
	for _, file := range goldenFiles(f) {
		body := readFile(f, file)
		if el, err := Parse(bytes.NewReader(body), Limits{}); err == nil && el.Name == root {
			f.Add(body)
			seeds++
		}
	}
	if seeds == 0 {
		f.Fatalf("no testdata for %v", root)
	}
	lim := Limits{Bytes: 1 << 20}
	f.Fuzz(func(t *testing.T, body []byte) {
		kind, view, err := parseAny(body, lim)
		if err != nil {
			documented(t, err)
			return
		}
		tree, err := Parse(bytes.NewReader(body), lim)
		if err != nil {
			t.Fatal(err)
		}
		printed := AppendStandalone(nil, tree)
		again, view2, err := parseAny(printed, Limits{})
		if err != nil || again != kind || !reflect.DeepEqual(view, view2) {
			t.Fatalf("%v\nread    %q\nprinted %q\n%+v\n%+v", err, body, printed, view, view2)
		}
	})
}

// documented fails unless the package comment lists the error.
func documented(t *testing.T, err error) {
	t.Helper()
	var p *Precondition
	for _, kind := range []error{ErrMalformed, ErrTooLarge, ErrUnsupportedReport} {
		if errors.Is(err, kind) {
			return
		}
	}
	if !errors.As(err, &p) {
		t.Fatalf("undocumented error %v", err)
	}
}

// FuzzElement compares with encoding/xml's own view of what is well-formed: what we accept, it accepts, and the tree
// survives printing.
func FuzzElement(f *testing.F) {
	for _, file := range goldenFiles(f) {
		f.Add(readFile(f, file))
	}
	f.Add([]byte(`<a xmlns:b="urn:b" b:c=" &#9;&#13;&#x1F5D3; "><![CDATA[<&]]>]]&gt;<b:d/>tail<!-- c --><?p i?></a>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		el, err := Parse(bytes.NewReader(body), Limits{Bytes: 1 << 20})
		if err != nil {
			documented(t, err)
			return
		}
		var any struct{}
		dec := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
		dec.CharsetReader = charset
		if err := dec.Decode(&any); err != nil {
			t.Fatalf("encoding/xml refuses it: %v\n%q", err, body)
		}
		printed := AppendStandalone(nil, el)
		again, err := ParseElement(printed)
		if err != nil || !reflect.DeepEqual(el, again) {
			t.Fatalf("%v\nread    %q\nprinted %q\n%+v\n%+v", err, body, printed, el, again)
		}
	})
}

// FuzzDecodeHref: what is accepted is a clean absolute path, and its one spelling decodes to it again.
func FuzzDecodeHref(f *testing.F) {
	for _, href := range []string{
		"/dav/calendars/ann@example.org/work/a%20b.ics", "http://dav.example.org/a%2e%2e", "//dav.example.org:80/",
		"/%2e%2e/%2f", "/a//b", "/ü/%c3%bc", "/a\\b?c#d", "https://x@dav.example.org/%00",
	} {
		f.Add(href)
	}
	hosts := []string{"dav.example.org"}
	f.Fuzz(func(t *testing.T, href string) {
		path, err := DecodeHref(href, hosts)
		if err != nil {
			if !errors.Is(err, ErrHref) {
				t.Fatal(err)
			}
			return
		}
		if !strings.HasPrefix(path, "/") || strings.Contains(path, "//") || strings.ContainsAny(path, "\x00\\\r\n") {
			t.Fatalf("%q became %q", href, path)
		}
		for _, s := range strings.Split(path, "/") {
			if s == "." || s == ".." {
				t.Fatalf("%q became %q", href, path)
			}
		}
		encoded := EncodePath(path)
		if len(encoded) > MaxHref {
			return
		}
		if again, err := DecodeHref(encoded, nil); err != nil || again != path {
			t.Fatalf("%q: %q encoded %q decoded %q, %v", href, path, encoded, again, err)
		}
	})
}
