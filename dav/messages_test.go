package dav_test

import (
	"strings"
	"testing"
)

// Who is refused reads why, and what to do instead.
func TestRefusalsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	filter := func(inside string) string {
		return askMore("C:calendar-query", "<C:filter>"+inside+"</C:filter>", "D:getetag")
	}
	for name, c := range map[string]struct{ method, body, says string }{
		"another calendar":  {"PUT", event("a", "A", "RRULE:RSCALE=CHINESE;FREQ=YEARLY"), "another calendar than the Gregorian one"},
		"moved days":        {"PUT", event("a", "A", "RRULE:RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD"), "(RSCALE, SKIP)"},
		"every minute":      {"PUT", event("a", "A", "RRULE:FREQ=MINUTELY"), "every minute or second"},
		"filter of events":  {"REPORT", filter(`<C:comp-filter name="VEVENT"/>`), "the outermost comp-filter is for VCALENDAR; the one for \"VEVENT\" stands inside of it"},
		"filter of alarms":  {"REPORT", filter(`<C:comp-filter name="VCALENDAR"><C:comp-filter name="VALARM"/></C:comp-filter>`), "inside of one for VEVENT or VTODO"},
		"filter in another": {"REPORT", filter(`<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:comp-filter name="VTODO"/></C:comp-filter></C:comp-filter>`), "directly inside of the one for VCALENDAR"},
	} {
		path := annCal
		if c.method == "PUT" {
			path += "a.ics"
		}
		r := s.call(c.method, path, c.body).want(403)
		if got := parseXML(t, r.Body).child("urn:crmbridge:dav", "message"); got == nil || !strings.Contains(got.Text, c.says) {
			t.Errorf("%s: %s", name, r.Body)
		}
	}
	s.put(annCal+"a.ics", event("a", "A"))
	s.put(annCal+"b.ics", event("b", "B"))
	part := s.call("REPORT", annCal, askMore("D:sync-collection", "<D:sync-token/><D:sync-level>1</D:sync-level><D:limit><D:nresults>1</D:nresults></D:limit>", "D:getetag")).want(207)
	if !strings.Contains(string(part.Body), "<D:responsedescription>There is more than this answer holds.") {
		t.Errorf("%s", part.Body)
	}
}

// RFC 4918 15: what is protected on some resources cannot be given to others as a property of the client's own.
func TestProtectedNamesAreNobodysOwn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, name := range []string{"D:getetag", "D:getcontentlength", "D:getcontenttype", "C:calendar-data", "CR:max-resource-size", "D:principal-URL"} {
		body := `<D:propertyupdate` + declarations + `><D:set><D:prop><` + name + `>x</` + name + `></D:prop></D:set></D:propertyupdate>`
		r := string(s.call("PROPPATCH", annCal, body).want(207).Body)
		if !strings.Contains(r, "403 Forbidden") || !strings.Contains(r, "<D:cannot-modify-protected-property/>") {
			t.Errorf("%s: %s", name, r)
		}
		if got := s.call("PROPFIND", annCal, ask("D:propfind", name), "Depth: 0").want(207); strings.Contains(string(got.Body), ">x</") {
			t.Errorf("%s was stored: %s", name, got.Body)
		}
	}
}
