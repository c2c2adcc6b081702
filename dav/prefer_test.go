package dav_test

import (
	"slices"
	"strings"
	"testing"
)

func applied(r *reply) string { return strings.Join(r.Header.Values("Preference-Applied"), ", ") }

func varies(r *reply, name string) bool {
	return slices.ContainsFunc(strings.Split(r.Header.Get("Vary"), ","), func(v string) bool { return strings.EqualFold(strings.TrimSpace(v), name) })
}

// RFC 8144 2: what worked, and what is not there, is not mentioned.
func TestPreferMinimalEverywhere(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"Prefer: return=minimal", "Brief: t"} {
		s := newServer(t)
		s.put(annCal+"a.ics", event("a", "A"))
		for name, r := range map[string]*reply{
			"PROPFIND": s.call("PROPFIND", annCal, ask("D:propfind", "D:displayname", "X:none"), "Depth: 1", header),
			"REPORT":   s.call("REPORT", annCal, calendarQuery(`<C:comp-filter name="VEVENT"/>`, "D:getetag", "X:none"), "Depth: 1", header),
			"sync":     s.call("REPORT", annCal, syncBody("", "D:getetag", "X:none"), header),
		} {
			if r.want(207); strings.Contains(string(r.Body), "404") || applied(r) != "return=minimal" || !varies(r, "Prefer") {
				t.Errorf("%s: %s %v %s", header, name, r.Header, r.Body)
			}
		}
		r := s.call("PROPPATCH", annCal, proppatch("<D:displayname>New</D:displayname><X:own>1</X:own>"), header).want(200)
		if len(r.Body) != 0 || applied(r) != "return=minimal" {
			t.Errorf("PROPPATCH: %v %s", r.Header, r.Body)
		}
		if got := s.propfind(annCal, 0, "D:displayname").text(annCal, "displayname"); got != "New" {
			t.Errorf("displayname is %q", got)
		}
		// What failed is told in full.
		failed := s.call("PROPPATCH", annCal, proppatch("<D:displayname>Other</D:displayname><D:sync-token>1</D:sync-token>"), header).want(207)
		if strings.Contains(applied(failed), "minimal") || !strings.Contains(string(failed.Body), "424 Failed Dependency") {
			t.Errorf("%v %s", failed.Header, failed.Body)
		}
		for method, root := range map[string]string{"MKCALENDAR": "C:mkcalendar", "MKCOL": "D:mkcol"} {
			r := s.call(method, calHome+strings.ToLower(method)+"/", `<`+root+declarations+`><D:set><D:prop><D:displayname>N</D:displayname></D:prop></D:set></`+root+`>`, header).want(201)
			if len(r.Body) != 0 || applied(r) != "return=minimal" {
				t.Errorf("%s: %v %s", method, r.Header, r.Body)
			}
		}
	}
}

// RFC 7240 2: the first of a name counts, others are passed over.
func TestPreferenceLists(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for prefer, want := range map[string]string{
		"return=minimal, return=representation":          "return=minimal",
		"RETURN=MINIMAL":                                 "return=minimal",
		"handling=lenient, wait=10; x=1, return=minimal": "return=minimal",
		"return=representation, return=minimal":          "",
		"return=everything":                              "",
		"returns=minimal":                                "",
	} {
		if r := s.call("PROPFIND", annCal, ask("D:propfind", "D:displayname"), "Depth: 0", "Prefer: "+prefer).want(207); applied(r) != want {
			t.Errorf("%s: applied %q", prefer, applied(r))
		}
	}
}

// RFC 8144 4: the members without the collection.
func TestDepthNoRoot(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"a.ics", event("a", "A"))
	body := ask("D:propfind", "D:getetag")
	r := s.call("PROPFIND", annCal, body, "Depth: 1", "Prefer: depth-noroot")
	if got := r.multi().order; !slices.Equal(got, []string{annCal + "a.ics"}) || applied(r) != "depth-noroot" {
		t.Errorf("%v %v", got, applied(r))
	}
	both := s.call("PROPFIND", annCal, body, "Depth: 1", "Prefer: return=minimal, depth-noroot")
	if got := both.multi().order; len(got) != 1 || applied(both) != "return=minimal, depth-noroot" {
		t.Errorf("%v %v", got, applied(both))
	}
	if r := s.call("PROPFIND", annCal, body, "Depth: 0", "Prefer: depth-noroot"); len(r.multi().order) != 1 || applied(r) != "" {
		t.Errorf("depth 0: %v", applied(r))
	}
}

// RFC 8144 3: the answer to a write holds what is stored, so that nobody has to ask for it.
func TestPreferRepresentation(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	prefer := "Prefer: return=representation"
	check := func(r *reply, status int, path, text string) {
		t.Helper()
		r.want(status)
		if string(r.Body) != text || applied(r) != "return=representation" || r.Header.Get("Content-Location") != path || !varies(r, "Prefer") ||
			!strings.HasPrefix(r.Header.Get("Content-Type"), "text/") || r.etag() != s.call("GET", path, "").want(200).etag() {
			t.Errorf("%s: %d %v %q", r.what, r.Status, r.Header, r.Body)
		}
	}
	path, first, second := annCal+"a.ics", event("a", "First"), event("a", "Second")
	check(s.call("PUT", path, first, prefer), 201, path, first)
	check(s.call("PUT", path, second, prefer), 200, path, second)
	check(s.call("POST", annBook, card("c", "Card Example"), prefer), 201, annBook+"c.vcf", card("c", "Card Example"))
	// RFC 8144 3.2: a refused write is told what there is.
	check(s.call("PUT", path, first, prefer, "If-None-Match: *"), 412, path, second)
	check(s.call("PUT", path, event("a", "Third"), prefer, `If-Match: "old"`), 412, path, second)
	if r := s.call("PUT", path, first, "If-None-Match: *").want(412); !strings.HasPrefix(r.Header.Get("Content-Type"), "application/xml") {
		t.Errorf("%v", r.Header)
	}
	r := s.call("PUT", annCal+"none.ics", event("none", "N"), prefer, "If-Match: *").want(412)
	if applied(r) != "" || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/xml") {
		t.Errorf("nothing to represent: %v %s", r.Header, r.Body)
	}
	if r := s.call("PUT", path, first, "Prefer: return=minimal").want(204); applied(r) != "return=minimal" || len(r.Body) > 0 {
		t.Errorf("%v", r.Header)
	}
}

// A write that was merged comes back as it is stored, with the ETag of that.
func TestPreferRepresentationOfMerged(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annCal + "m.ics"
	s.put(path, event("m", "Title"), "User: ann+a")
	s.call("GET", path, "", "User: ann+b").want(200)
	s.put(path, event("m", "New title"), "User: ann+a")
	r := s.call("PUT", path, event("m", "Title", "LOCATION:Oslo"), "User: ann+b", "Prefer: return=representation").want(200)
	if body := string(r.Body); !strings.Contains(body, "New title") || !strings.Contains(body, "Oslo") {
		t.Errorf("%s", body)
	}
	if got := s.call("GET", path, "").want(200); got.etag() != r.etag() || string(got.Body) != string(r.Body) {
		t.Errorf("%s %s", got.etag(), got.Body)
	}
}
