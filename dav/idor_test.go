package dav_test

import (
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

	there := []string{"/dav/principals/bob/", "/dav/calendars/bob/", "/dav/calendars/bob/calendar/", "/dav/calendars/bob/calendar/e.ics",
		"/dav/addressbooks/bob/", "/dav/addressbooks/bob/contacts/", "/dav/addressbooks/bob/contacts/c.vcf", "/dav/calendars/bob/calendar/new.ics"}
	rapid.Check(t, func(rt *rapid.T) {
		path := rapid.SampledFrom(there).Draw(rt, "path")
		method := rapid.SampledFrom(allMethods).Draw(rt, "method")
		body := rapid.SampledFrom(bodies()).Draw(rt, "body")
		headers := []string{rapid.SampledFrom([]string{"Depth: 0", "Depth: 1", "X: x", "If-Match: *", "If-None-Match: *"}).Draw(rt, "header")}
		if method == "COPY" || method == "MOVE" {
			headers = append(headers, "Destination: "+rapid.SampledFrom([]string{annCal + "stolen.ics", "/dav/calendars/ann/stolen/", path}).Draw(rt, "to"))
		}
		real := s.call(method, path, body, headers...)
		fake := s.call(method, strings.Replace(path, "/bob/", "/nobody/", 1), body, headers...)
		if real.Status != fake.Status || string(real.Body) != string(fake.Body) || !slices.Equal(headerNames(real), headerNames(fake)) {
			rt.Fatalf("%s %s: %d %s\nas against %d %s", method, path, real.Status, real.Body, fake.Status, fake.Body)
		}
		if method != "OPTIONS" && (real.Status < 400 || real.Status > 499) {
			rt.Fatalf("%s %s: %d", method, path, real.Status)
		}
		if strings.Contains(string(real.Body), "Secret") {
			rt.Fatalf("%s %s: %s", method, path, real.Body)
		}
	})
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
