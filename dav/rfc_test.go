package dav_test

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Rules that no client of ours leans on, so that only a test of their own keeps them.

// RFC 4918 9.2: in the order of the document, so that the last word on a property counts.
func TestProppatchInOrder(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	set := func(v string) string {
		return "<D:set><D:prop><X:own>" + v + "</X:own><D:displayname>" + v + "</D:displayname></D:prop></D:set>"
	}
	remove := "<D:remove><D:prop><X:own/></D:prop></D:remove>"
	patch := func(inner string) {
		s.call("PROPPATCH", annCal, `<D:propertyupdate`+declarations+`>`+inner+`</D:propertyupdate>`).want(207)
	}
	for inner, want := range map[string]string{set("a") + set("b"): "b", set("a") + remove + set("c"): "c", set("d") + remove: ""} {
		patch(inner)
		r := s.propfind(annCal, 0, "X:own", "D:displayname").at(annCal)
		got := ""
		if n := r.found["own"]; n != nil {
			got = n.Text
		}
		if got != want {
			t.Errorf("%s: %q", inner, got)
		}
	}
	s.call("PROPPATCH", calHome+"none/", proppatch("<X:own/>")).want(404)
}

// RFC 4918 9.2.1, 4.3: language and names of another namespace come back.
func TestDeadPropertiesKeepTheirLanguage(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call("PROPPATCH", annCal, `<D:propertyupdate`+declarations+` xml:lang="nb"><D:set><D:prop><X:own>hei</X:own><own xmlns="">bare</own></D:prop></D:set></D:propertyupdate>`).want(207)
	m := s.call("PROPFIND", annCal, `<D:propfind`+declarations+`><D:prop><X:own/></D:prop></D:propfind>`, "Depth: 0").multi().at(annCal)
	n := m.found["own"]
	if n == nil || n.Text != "hei" || !slices.ContainsFunc(n.Attrs, func(a xml.Attr) bool { return a.Name.Local == "lang" && a.Value == "nb" }) {
		t.Errorf("%+v", n)
	}
}

// RFC 4791 5.3.1: what keeps a calendar from being made, and that nothing is made then.
func TestMkcalendarPreconditions(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	make := func(inner string) string {
		return `<C:mkcalendar` + declarations + `><D:set><D:prop>` + inner + `</D:prop></D:set></C:mkcalendar>`
	}
	s.call("MKCALENDAR", annCal, "").want(403).condition(nsD, "resource-must-be-null")
	s.call("MKCALENDAR", annCal+"in/", "").want(403).condition(nsC, "calendar-collection-location-ok")
	s.call("MKCALENDAR", calHome+"new/", "<D:mkcol xmlns:D=\"DAV:\"/>").want(400)
	for inner, condition := range map[string]string{
		"<C:calendar-timezone>rubbish</C:calendar-timezone>":                                               "<C:valid-calendar-data/>",
		"<C:calendar-timezone-id>Mars/Olympus</C:calendar-timezone-id>":                                    "<C:valid-timezone/>",
		"<D:sync-token>1</D:sync-token>":                                                                   "<D:cannot-modify-protected-property/>",
		`<C:supported-calendar-component-set><C:comp name="VPARTY"/></C:supported-calendar-component-set>`: "<C:supported-calendar-component/>",
		`<D:displayname>Fine</D:displayname><C:max-resource-size>1</C:max-resource-size>`:                  "424 Failed Dependency",
		`<D:resourcetype><D:collection/><C:calendar/></D:resourcetype><CS:getctag>1</CS:getctag>`:          "<D:cannot-modify-protected-property/>",
	} {
		r := s.call("MKCALENDAR", calHome+"new/", make(inner)).want(207)
		if !strings.Contains(string(r.Body), condition) {
			t.Errorf("%s: %s", inner, r.Body)
		}
		s.call("PROPFIND", calHome+"new/", "", "Depth: 0").want(404)
	}
	r := s.call("MKCALENDAR", calHome+"new/", make("<D:displayname>New</D:displayname><C:calendar-description>D</C:calendar-description>")).want(201)
	if r.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("%v", r.Header)
	}
}

// RFC 5689 3, 5.2: one that cannot be made says of each property why.
func TestExtendedMkcolFailures(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := s.call("MKCOL", bookHome+"new/", `<D:mkcol`+declarations+`><D:set><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:displayname>N</D:displayname></D:prop></D:set></D:mkcol>`).want(403)
	root := parseXML(t, r.Body)
	if root.Name != (xml.Name{Space: nsD, Local: "mkcol-response"}) {
		t.Fatalf("%s", r.Body)
	}
	status := map[string]string{}
	for _, ps := range root.all(nsD, "propstat") {
		for _, name := range ps.child(nsD, "prop").names() {
			status[name] = ps.child(nsD, "status").Text
		}
	}
	if status["resourcetype"] != "HTTP/1.1 403 Forbidden" || status["displayname"] != "HTTP/1.1 424 Failed Dependency" || !strings.Contains(string(r.Body), "<D:valid-resourcetype/>") {
		t.Errorf("%s", r.Body)
	}
	s.call("PROPFIND", bookHome+"new/", "", "Depth: 0").want(404)
	s.call("MKCOL", calHome+"x/", `<D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>`).want(415)
	s.call("MKCOL", "/dav/calendars/ann/none/inner/", "").want(409)
	s.call("MKCOL", annCal, "").want(405)
}

// RFC 6578 5: a sync token as a condition, so that nothing is written into a collection that has changed.
func TestSyncTokenAsCondition(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	token := func() string { return s.propfind(annCal, 0, "D:sync-token").text(annCal, "sync-token") }
	old := token()
	s.call("PUT", annCal+"a.ics", event("a", "A"), "If: <"+annCal+"> (<"+old+">)").want(201)
	s.call("PUT", annCal+"b.ics", event("b", "B"), "If: <"+annCal+"> (<"+old+">)").want(412)
	s.call("PUT", annCal+"b.ics", event("b", "B"), "If: <http://dav.test"+annCal+"> (<"+token()+">)").want(201)
	s.call("DELETE", annCal, "", "If: (<"+old+">)").want(412)
	s.call("PROPPATCH", annCal, proppatch("<D:displayname>N</D:displayname>"), "If: (<"+token()+">)").want(207)
	s.call("POST", annCal, event("c", "C"), "If: (<"+token()+">)").want(201)
}

// RFC 9110 13.2: which condition counts before which.
func TestOrderOfConditions(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	etag := s.put(annCal+"a.ics", event("a", "A"))
	modified := s.call("GET", annCal+"a.ics", "").Header.Get("Last-Modified")
	past, future := "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
	for _, c := range []struct {
		method  string
		headers []string
		want    int
	}{
		{"GET", []string{"If-Match: " + etag, "If-Unmodified-Since: " + past}, 200},
		{"GET", []string{"If-Unmodified-Since: " + past}, 412},
		{"GET", []string{"If-Unmodified-Since: " + modified}, 200},
		{"GET", []string{"If-None-Match: " + etag, "If-Modified-Since: " + past}, 304},
		{"GET", []string{`If-None-Match: "x"`, "If-Modified-Since: " + future}, 200},
		{"GET", []string{`If-Match: "x"`, "If-None-Match: " + etag}, 412},
		{"GET", []string{`If-None-Match: W/` + etag}, 304},
		{"GET", []string{`If-Match: W/` + etag}, 412},
		{"GET", []string{"If-None-Match: *"}, 304},
		{"GET", []string{"If-Modified-Since: rubbish"}, 200},
		{"PUT", []string{"If-Match: " + etag, "If-Unmodified-Since: " + past}, 204},
		{"PUT", []string{"If-Unmodified-Since: " + past}, 412},
		{"DELETE", []string{`If-Match: "x", ` + etag}, 204},
	} {
		body := ""
		if c.method == "PUT" {
			body = event("a", "A")
		}
		if r := s.call(c.method, annCal+"a.ics", body, c.headers...); r.Status != c.want {
			t.Errorf("%s %v: %d", c.method, c.headers, r.Status)
		}
	}
}

// RFC 9110 9.3.7, 15.5.6: what is allowed where, in OPTIONS as in a 405.
func TestAllowIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"a.ics", event("a", "A"))
	for _, path := range []string{"/", "/principals/", "/dav/", "/dav/principals/", "/dav/principals/ann/", "/dav/calendars/", calHome, bookHome, annCal, annBook, annCal + "a.ics"} {
		options := s.call("OPTIONS", path, "").want(200)
		allow := options.Header.Get("Allow")
		if got := s.call("LOCK", path, "").want(405).Header.Get("Allow"); got != allow {
			t.Errorf("%s: %q, in OPTIONS %q", path, got, allow)
		}
		for _, method := range allMethods {
			listed := slices.Contains(strings.Split(allow, ", "), method)
			r := s.call(method, path, "", "Depth: 0", "If-Match: \"none\"", "Destination: http://dav.test/dav/calendars/bob/x/")
			if refused := r.Status == http.StatusMethodNotAllowed; refused == listed && !(listed && strings.HasPrefix(method, "MK")) {
				t.Errorf("%s %s: %d, listed %v", method, path, r.Status, listed)
			}
		}
		for _, class := range strings.Split(options.Header.Get("DAV"), ", ") {
			// RFC 4918 18.2: no locks; and nothing of what comes later.
			if class == "2" || strings.Contains(class, "schedule") || strings.Contains(class, "sharing") || strings.Contains(class, "push") {
				t.Errorf("%s announces %s", path, class)
			}
		}
	}
}

// RFC 5842 3.1 and RFC 4331 4.
func TestResourceIDAndQuota(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id := func(path string) string {
		return s.propfind(path, 0, "D:resource-id").at(path).found["resource-id"].child(nsD, "href").Text
	}
	ids := map[string]string{}
	for _, path := range []string{"/dav/principals/ann/", calHome, bookHome, annCal, annTasks, annBook} {
		if v := id(path); !strings.HasPrefix(v, "urn:uuid:") || ids[v] != "" {
			t.Errorf("%s: %s, as %s", path, v, ids[v])
		}
		ids[id(path)] = path
	}
	was := id(annCal)
	s.call("MOVE", annCal, "", "Destination: http://dav.test"+calHome+"moved/").want(201)
	s.call("COPY", calHome+"moved/", "", "Destination: http://dav.test"+annCal).want(201)
	if id(calHome+"moved/") != was || id(annCal) == was {
		t.Error("the id stayed with the name")
	}
	text := event("a", "A")
	s.put(annCal+"a.ics", text)
	r := s.propfind(annCal, 0, "D:quota-used-bytes", "D:quota-available-bytes").at(annCal)
	if r.found["quota-used-bytes"].Text != strconv.Itoa(len(text)) || !slices.Equal(r.gone, []string{"quota-available-bytes"}) {
		t.Errorf("%+v %v", r.found, r.gone)
	}
}

// RFC 4791 7, RFC 6352 8: the reports work on a single object, and are about nothing else then.
func TestReportsOnObjects(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"a.ics", timed("a", "08", "10"))
	s.put(annCal+"b.ics", timed("b", "11", "12"))
	s.put(annBook+"a.vcf", card("a", "Ada Example"))
	s.put(annBook+"b.vcf", card("b", "Bea Example"))
	query := func(comp string) string { return calendarQuery(comp, "D:getetag", "C:calendar-data") }
	cards := func(text string) string {
		return askMore("CR:addressbook-query", `<CR:filter><CR:prop-filter name="FN"><CR:text-match>`+text+`</CR:text-match></CR:prop-filter></CR:filter>`, "D:getetag")
	}
	hrefs := "<D:href>" + annCal + "a.ics</D:href><D:href>" + annCal + "b.ics</D:href>"
	for name, c := range map[string]struct {
		path, body string
		found      bool
	}{
		"kind":        {annCal + "a.ics", query(`<C:comp-filter name="VEVENT"/>`), true},
		"other kind":  {annCal + "a.ics", query(`<C:comp-filter name="VTODO"/>`), false},
		"in time":     {annCal + "a.ics", query(`<C:comp-filter name="VEVENT"><C:time-range start="20260110T090000Z" end="20260110T093000Z"/></C:comp-filter>`), true},
		"out of time": {annCal + "a.ics", query(`<C:comp-filter name="VEVENT"><C:time-range start="20260110T110000Z" end="20260110T120000Z"/></C:comp-filter>`), false},
		"card":        {annBook + "a.vcf", cards("ada"), true},
		"other card":  {annBook + "a.vcf", cards("bea"), false},
	} {
		for _, depth := range []string{"0", "1"} {
			m := s.call("REPORT", c.path, c.body, "Depth: "+depth).multi()
			if want := []string{c.path}; slices.Equal(m.order, want) != c.found || !c.found && len(m.order) > 0 {
				t.Errorf("%s: %v", name, m.order)
			}
		}
	}
	m := s.call("REPORT", annCal+"a.ics", askMore("C:calendar-multiget", hrefs, "D:getetag")).multi()
	if m.at(annCal+"a.ics").status != "" || m.at(annCal+"b.ics").status != "HTTP/1.1 404 Not Found" {
		t.Errorf("%+v", m.responses)
	}
	if got := busyLines(s.call("REPORT", annCal+"a.ics", freeBusyBody("20260110T000000Z", "20260111T000000Z"))); !slices.Equal(got, []string{"BUSY 20260110T080000Z/20260110T100000Z"}) {
		t.Errorf("%v", got)
	}
	s.call("REPORT", annCal+"none.ics", query("")).want(404)
}

// RFC 4791 7.8, 9.9: a range may lie anywhere in time; programs mean "ever" by its edges. One that is none is refused.
func TestTimeRangesFromEver(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"a.ics", event("a", "A"))
	s.put(annCal+"old.ics", strings.ReplaceAll(event("old", "Old"), "20260110", "16010101"))
	s.put(annCal+"daily.ics", event("daily", "D", "RRULE:FREQ=DAILY;COUNT=3"))
	for attrs, want := range map[string]int{
		`start="00010101T000000Z"`:                        3, // DateTime.MinValue of .NET
		`start="00010101T000000Z" end="99991231T235959Z"`: 3,
		`end="99991231T235959Z"`:                          3,
		`start="15000101T000000Z" end="16010102T000000Z"`: 1,
		`start="16010101T000000Z" end="20260110T103000Z"`: 3,
		`start="20260112T000000Z"`:                        1,
		`start="99991231T000000Z" end="99991231T235959Z"`: 0,
		`start="20260110T110000Z" end="20260110T110001Z"`: 0, // an end is not in the event
		`start="20260110T105959Z" end="20260110T110000Z"`: 2,
		`start="20260109T000000Z" end="20260110T100000Z"`: 0,
	} {
		if got := s.call("REPORT", annCal, calendarQuery(`<C:comp-filter name="VEVENT"><C:time-range `+attrs+`/></C:comp-filter>`, "D:getetag"), "Depth: 1").multi().order; len(got) != want {
			t.Errorf("%s: %v", attrs, got)
		}
	}
	for _, attrs := range []string{"", `start="20260110"`, `start="20260110T100000"`, `start="20260110T100000Z" end="20260110T100000Z"`, `start="20260110T100000Z" end="20260109T000000Z"`,
		`start="20261310T100000Z"`, `start="2026-01-10T10:00:00Z"`} {
		s.call("REPORT", annCal, calendarQuery(`<C:comp-filter name="VEVENT"><C:time-range `+attrs+`/></C:comp-filter>`, "D:getetag"), "Depth: 1").want(403).condition(nsC, "valid-filter")
	}
}
