package dav_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/store"
)

// allMethods are the methods served, some that are not, and one that nobody knows.
var allMethods = []string{"OPTIONS", "GET", "HEAD", "PUT", "DELETE", "COPY", "MOVE", "PROPFIND", "PROPPATCH", "REPORT", "MKCOL", "MKCALENDAR",
	"POST", "LOCK", "UNLOCK", "ACL", "PATCH", "SEARCH", "X-ANY"}

// TestOthersAreInvisible drives ann with every method over every URL of bob: the answer is the same as for what does
// not exist, and nothing of bob's changes.
func TestOthersAreInvisible(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	bob := "User: bob"
	s.call("PUT", "/dav/calendars/bob/calendar/e.ics", event("e", "Secret"), bob).want(201)
	s.call("PUT", "/dav/addressbooks/bob/contacts/c.vcf", card("c", "Secret Person"), bob).want(201)
	s.put(annCal+"mine.ics", event("mine", "Mine"))
	before := s.homeState("bob")

	there := append(shapes("/dav/calendars/bob/", "calendar", "e.ics"), shapes("/dav/addressbooks/bob/", "contacts", "c.vcf")...)
	there = append(there, "/dav/principals/bob/", "/dav/principals/bob", "/dav/principals/bob/none", "/dav/principals/bob/calendar-proxy-read/")
	// Each method on each URL, then any of them with any body and header.
	for i, method := range allMethods {
		for j, path := range there {
			s.sameAsNothing(t, method, path, bodies()[(i+j)%len(bodies())])
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		path := rapid.SampledFrom(there).Draw(rt, "path")
		method := rapid.SampledFrom(allMethods).Draw(rt, "method")
		body := rapid.SampledFrom(bodies()).Draw(rt, "body")
		headers := []string{rapid.SampledFrom([]string{"Depth: 0", "Depth: 1", "Depth: infinity", "X: x", "If-Match: *", "If-None-Match: *",
			"Prefer: return=representation", "Prefer: return=minimal", "Prefer: depth-noroot", "CalDAV-Timezones: F", "Accept: text/vcard;version=4.0",
			"Accept-Encoding: gzip", "Content-Type: application/xml", "Content-Type: text/calendar", "Overwrite: F"}).Draw(rt, "header")}
		if method == "COPY" || method == "MOVE" {
			headers = append(headers, "Destination: "+rapid.SampledFrom([]string{annCal + "stolen.ics", "/dav/calendars/ann/stolen/", path}).Draw(rt, "to"))
		}
		s.sameAsNothing(rt, method, path, body, headers...)
	})
	s.othersInRequests()
	// From ann's own things towards bob's.
	for _, method := range []string{"COPY", "MOVE"} {
		for _, to := range []string{"/dav/calendars/bob/calendar/e.ics", "/dav/calendars/bob/calendar/x.ics", "/dav/calendars/nobody/calendar/x.ics"} {
			for _, overwrite := range []string{"T", "F"} {
				r := s.call(method, annCal+"mine.ics", "", "Destination: http://dav.test"+to, "Overwrite: "+overwrite)
				if r.Status != 403 {
					t.Errorf("%s to %s: %d", method, to, r.Status)
				}
			}
		}
	}
	// Listings and searches from above show only oneself.
	search := `<D:principal-property-search` + declarations + `><D:property-search><D:prop><D:displayname/></D:prop><D:match>bob</D:match></D:property-search>
		<D:prop><D:displayname/></D:prop><D:apply-to-principal-collection-set/></D:principal-property-search>`
	for _, r := range []*reply{
		s.call("PROPFIND", "/", "", "Depth: 1"), s.call("PROPFIND", "/dav/", "", "Depth: 1"), s.call("PROPFIND", "/dav/principals/", "", "Depth: 1"),
		s.call("PROPFIND", "/dav/calendars/", "", "Depth: 1"), s.call("PROPFIND", "/dav/addressbooks/", "", "Depth: 1"),
		s.call("REPORT", "/dav/principals/", search), s.call("REPORT", annCal, search),
	} {
		if r.want(207); strings.Contains(strings.ToLower(string(r.Body)), "bob") {
			t.Errorf("%s: %s", r.what, r.Body)
		}
	}
	if after := s.homeState("bob"); after != before {
		t.Errorf("bob's homes: %s, were %s", after, before)
	}
}

// sameAsNothing asks for something of bob's and for what does not exist: the answers are the same.
func (s *server) sameAsNothing(t rapid.TB, method, path, body string, headers ...string) {
	t.Helper()
	real := s.call(method, path, body, headers...)
	fake := s.call(method, strings.NewReplacer("/bob", "/nobody", "/%62ob", "/%6eobody").Replace(path), body, headers...)
	if real.Status != fake.Status || string(real.Body) != string(fake.Body) || !slices.Equal(headerNames(real), headerNames(fake)) {
		t.Fatalf("%s %s: %d %s\nas against %d %s", method, path, real.Status, real.Body, fake.Status, fake.Body)
	}
	if method != "OPTIONS" && (real.Status < 400 || real.Status > 499) {
		t.Fatalf("%s %s: %d", method, path, real.Status)
	}
	if strings.Contains(string(real.Body), "Secret") {
		t.Fatalf("%s %s: %s", method, path, real.Body)
	}
}

// shapes are the URLs that something of a home can be asked for by, what does not exist included.
func shapes(home, slug, name string) []string {
	var out []string
	for _, h := range []string{home, strings.Replace(home, "/bob/", "/%62ob/", 1)} {
		out = append(out, h, strings.TrimSuffix(h, "/"), h+slug, h+slug+"/", h+slug+"/"+name, h+slug+"/"+strings.Replace(name, ".", "%2E", 1),
			h+slug+"/new.ics", h+slug+"/"+name+"/", h+"none/", h+"none/x.ics", h+slug+"/a/b/c")
	}
	return out
}

// othersInRequests names bob's things inside of requests about ann's own: the answers do not tell them from nothing.
func (s *server) othersInRequests() {
	s.t.Helper()
	etag := s.call("GET", "/dav/calendars/bob/calendar/e.ics", "", "User: bob").want(200).etag()
	token := s.call("PROPFIND", "/dav/calendars/bob/calendar/", ask("D:propfind", "D:sync-token"), "Depth: 0", "User: bob").multi().text("/dav/calendars/bob/calendar/", "sync-token")
	for _, name := range []string{"calendar/e.ics", "calendar/", "none/x.ics"} {
		href := "/dav/calendars/bob/" + name
		dead := "<X:ref><D:href>" + href + "</D:href></X:ref>"
		s.call("PROPPATCH", annCal, proppatch(dead)).want(207)
		for what, f := range map[string]func(href string) *reply{
			"multiget": func(href string) *reply {
				return s.call("REPORT", annCal, askMore("C:calendar-multiget", "<D:href>"+href+"</D:href>", "D:getetag", "C:calendar-data"))
			},
			"expand-property": func(href string) *reply {
				s.call("PROPPATCH", annCal, proppatch("<X:ref><D:href>"+href+"</D:href></X:ref>")).want(207)
				return s.call("REPORT", annCal, `<D:expand-property xmlns:D="DAV:"><D:property name="ref" namespace="urn:example"><D:property name="getetag"/><D:property name="displayname"/></D:property></D:expand-property>`)
			},
			"If with a tag": func(href string) *reply {
				return s.call("PUT", annCal+"mine.ics", event("mine", "Mine"), "If: <http://dav.test"+href+"> (["+etag+"])")
			},
			"If with a token": func(href string) *reply {
				return s.call("PUT", annCal+"mine.ics", event("mine", "Mine"), "If: <"+href+"> (<"+token+">)")
			},
			"If not": func(href string) *reply {
				return s.call("PUT", annCal+"mine.ics", event("mine", "Mine"), "If: <"+href+"> (Not ["+etag+"])")
			},
			"sync with a token": func(string) *reply { return s.call("REPORT", annCal, syncBody(token, "D:getetag")) },
		} {
			real, fake := f(href), f(strings.Replace(href, "/bob/", "/nobody/", 1))
			if body := strings.ReplaceAll(string(fake.Body), "/nobody/", "/bob/"); real.Status != fake.Status || string(real.Body) != body {
				s.t.Errorf("%s of %s: %d %s\nas of nothing: %d %s", what, href, real.Status, real.Body, fake.Status, fake.Body)
			}
			if strings.Contains(string(real.Body), "Secret") || strings.Contains(string(real.Body), strings.Trim(etag, `"`)) {
				s.t.Errorf("%s of %s: %s", what, href, real.Body)
			}
		}
	}
}

func headerNames(r *reply) []string {
	var names []string
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s *server) homeState(user string) string {
	s.t.Helper()
	var out string
	err := s.store.View(s.t.Context(), func(tx *store.Tx) error {
		for _, h := range []store.Home{store.Calendars, store.AddressBooks} {
			seq, err := tx.HomeSeq(s.auth.users[user].ID, h)
			if err != nil {
				return err
			}
			out += seq + " "
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// bodies are request bodies of all kinds.
func bodies() []string {
	return []string{
		"", "rubbish", event("e", "E"), card("c", "C D"), ask("D:propfind", "D:getetag", "D:displayname"), `<D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>`,
		`<D:propfind xmlns:D="DAV:"><D:propname/></D:propfind>`, syncBody("", "D:getetag", "C:calendar-data"), syncBody("urn:crmbridge:home:1", "D:getetag"),
		askMore("C:calendar-multiget", "<D:href>"+annCal+"a.ics</D:href>", "D:getetag", "C:calendar-data"),
		askMore("CR:addressbook-multiget", "<D:href>"+annBook+"a.vcf</D:href>", "D:getetag", "CR:address-data"),
		calendarQuery(`<C:comp-filter name="VEVENT"><C:time-range start="20260101T000000Z" end="20260201T000000Z"/></C:comp-filter>`),
		askMore("CR:addressbook-query", `<CR:filter test="allof"><CR:prop-filter name="FN"><CR:text-match>a</CR:text-match></CR:prop-filter></CR:filter>`, "CR:address-data"),
		proppatch("<D:displayname>x</D:displayname><X:own>y</X:own>"), `<C:mkcalendar` + declarations + `/>`,
		`<D:mkcol` + declarations + `><D:set><D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop></D:set></D:mkcol>`,
		`<D:expand-property xmlns:D="DAV:"><D:property name="owner"><D:property name="displayname"/></D:property></D:expand-property>`,
		freeBusyBody("20260101T000000Z", "20270101T000000Z"), `<D:acl-principal-prop-set xmlns:D="DAV:"><D:prop><D:displayname/></D:prop></D:acl-principal-prop-set>`,
		`<D:principal-match xmlns:D="DAV:"><D:self/></D:principal-match>`, `<D:principal-search-property-set xmlns:D="DAV:"/>`,
		`<CS:calendarserver-principal-search` + declarations + `><CS:search-token>a</CS:search-token><D:prop><D:displayname/></D:prop></CS:calendarserver-principal-search>`,
		`<!DOCTYPE x [<!ENTITY e "e">]><D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>`,
	}
}

func calendarQuery(comp string, props ...string) string {
	if props == nil {
		props = []string{"D:getetag", "C:calendar-data"}
	}
	return askMore("C:calendar-query", `<C:filter><C:comp-filter name="VCALENDAR">`+comp+`</C:comp-filter></C:filter>`, props...)
}

// TestOthersAreNotLookedUp: the answer about another user's things comes before the database is asked, so that not even
// the time it takes tells whether they exist. A request whose context has ended gets nothing from the database.
func TestOthersAreNotLookedUp(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call("PUT", "/dav/calendars/bob/calendar/e.ics", event("e", "Secret"), "User: bob").want(201)
	s.put(annCal+"e.ics", event("e", "Mine"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	ask := func(ctx context.Context, method, path string) *reply {
		r := httptest.NewRequestWithContext(ctx, method, "http://dav.test"+path, nil)
		r.Header.Set("Depth", "1")
		r.Header.Set("Destination", "http://dav.test"+annCal+"copy.ics")
		r.SetBasicAuth("ann", "pw")
		return s.serve(r)
	}
	if r := ask(ended, "GET", annCal+"e.ics"); len(r.Body) != 0 {
		t.Fatalf("the database answered: %s", r.Body)
	}
	for _, path := range append(shapes("/dav/calendars/bob/", "calendar", "e.ics"), "/dav/principals/bob/") {
		for _, method := range allMethods {
			if got, want := ask(ended, method, path), ask(t.Context(), method, path); got.Status != want.Status || string(got.Body) != string(want.Body) {
				t.Errorf("%s %s: %d %s\nwith a database %d %s", method, path, got.Status, got.Body, want.Status, want.Body)
			}
		}
	}
}
