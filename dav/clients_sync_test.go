package dav_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/dav"
)

// Row 10: sync-collection.
func TestClientsRow10(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	a, b := annCal+"a.ics", annCal+"b.ics"
	s.put(a, event("a", "A"))
	s.put(b, event("b", "B"))
	bare := `<D:sync-collection xmlns:D="DAV:"><D:sync-token/><D:prop><D:getetag/></D:prop></D:sync-collection>`
	for _, headers := range [][]string{nil, {"Depth: 0"}, {"Depth: 1"}} {
		if m := s.call("REPORT", annCal, bare, headers...).multi(); !slices.Equal(m.order, []string{a, b}) {
			t.Errorf("%v: %v", headers, m.order)
		}
	}
	m := s.call("REPORT", annCal, syncBody("", "D:getetag", "D:getcontenttype", "D:resourcetype", "C:calendar-data")).multi()
	if !strings.HasPrefix(m.text(a, "getcontenttype"), "text/calendar") || m.text(a, "calendar-data") != event("a", "A") || len(m.at(a).gone) != 0 {
		t.Errorf("%v", m.at(a))
	}
	if prop := s.propfind(annCal, 0, "D:sync-token").text(annCal, "sync-token"); prop != m.token || !strings.Contains(prop, ":") {
		t.Errorf("property %q, report %q", prop, m.token)
	}
	s.put(a, event("a", "A2"))
	s.call("DELETE", b, "").want(204)
	next := s.call("REPORT", annCal, syncBody(m.token, "D:getetag")).multi()
	if len(next.order) != 2 || next.at(b).status != "HTTP/1.1 404 Not Found" || next.at(a).found["getetag"] == nil {
		t.Errorf("%v", next.order)
	}
}

// Row 11: tokens never expire; one that is none is refused in the way each client understands.
func TestClientsRow11(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	token := s.call("REPORT", annCal, syncBody("", "D:getetag")).multi().token
	for i := range 50 {
		path := fmt.Sprintf("%s%d.ics", annCal, i)
		s.put(path, event(fmt.Sprint(i), "E"))
		if i%2 == 0 {
			s.call("DELETE", path, "").want(204)
		}
	}
	if m := s.call("REPORT", annCal, syncBody(token, "D:getetag")).multi(); len(m.order) != 50 {
		t.Errorf("%d of 50 changes", len(m.order))
	}
	thunderbird := "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0"
	other := s.propfind(annTasks, 0, "D:sync-token").text(annTasks, "sync-token")
	for _, bad := range []string{"rubbish", "urn:crmbridge:sync:aaaa:1", token + "9999", other, strings.Replace(token, "urn", "URN", 1)} {
		s.call("REPORT", annCal, syncBody(bad, "D:getetag")).want(403).condition(nsD, "valid-sync-token")
		s.call("REPORT", annCal, syncBody(bad, "D:getetag"), thunderbird).want(403).condition(nsD, "valid-sync-token")
		s.call("REPORT", annBook, syncBody(bad, "D:getetag")).want(403).condition(nsD, "valid-sync-token")
		s.call("REPORT", annBook, syncBody(bad, "D:getetag"), thunderbird).want(400).condition(nsD, "valid-sync-token")
	}
}

// Row 12: an answer is cut short only for those who asked for it.
func TestClientsRow12(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for i := range 7 {
		s.put(fmt.Sprintf("%s%d.ics", annCal, i), event(fmt.Sprint(i), "E"))
	}
	limited := func(token string) *multi {
		body := askMore("D:sync-collection", "<D:sync-token>"+token+"</D:sync-token><D:sync-level>1</D:sync-level><D:limit><D:nresults>3</D:nresults></D:limit>", "D:getetag")
		return s.call("REPORT", annCal, body).multi()
	}
	seen := map[string]bool{}
	token, rounds := "", 0
	for more := true; more; rounds++ {
		m := limited(token)
		more = false
		for _, href := range m.order {
			if href != annCal {
				seen[href] = true
				continue
			}
			r := m.at(href)
			if r.status != "HTTP/1.1 507 Insufficient Storage" || !slices.Contains(r.errors, "number-of-matches-within-limits") {
				t.Fatalf("%v", r)
			}
			more = true
		}
		token = m.token
	}
	if len(seen) != 7 || rounds != 3 {
		t.Errorf("%d objects in %d rounds", len(seen), rounds)
	}
	if m := s.call("REPORT", annCal, syncBody("", "D:getetag")).multi(); len(m.order) != 7 || m.token != token {
		t.Errorf("%v", m.order)
	}
}

// Row 13: nothing found is an empty 207.
func TestClientsRow13(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for path, body := range map[string]string{
		annCal:  askMore("C:calendar-query", `<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter></C:filter>`, "D:getetag"),
		annBook: askMore("CR:addressbook-query", `<CR:filter><CR:prop-filter name="FN"/></CR:filter>`, "D:getetag"),
		calHome: syncBody(s.propfind(calHome, 0, "D:sync-token").text(calHome, "sync-token"), "D:getetag"),
	} {
		if m := s.call("REPORT", path, body, "Depth: 1").multi(); len(m.order) != 0 {
			t.Errorf("%s: %v", path, m.order)
		}
	}
}

// Row 14: too much at once is 503 with Retry-After.
func TestClientsRow14(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Limits{PerUser: 1, Retry: 3 * time.Second})
	s.auth.throttle = true
	if r := s.call("PROPFIND", "/", "", "Depth: 0").want(503); r.Header.Get("Retry-After") != "7" {
		t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
	}
	s.auth.throttle = false
	inside, leave := make(chan bool), make(chan bool)
	body := &slowBody{inside: inside, leave: leave}
	go func() {
		defer close(inside)
		r, err := http.NewRequest("PUT", "http://dav.test"+annCal+"a.ics", body)
		if err != nil {
			t.Error(err)
			return
		}
		r.SetBasicAuth("ann", "pw")
		s.serve(r)
	}()
	<-inside
	if r := s.call("PROPFIND", "/", "", "Depth: 0").want(503); r.Header.Get("Retry-After") != "3" {
		t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
	}
	s.call("PROPFIND", "/", "", "Depth: 0", "User: bob").want(207)
	close(leave)
	for range inside {
	}
	s.call("PROPFIND", "/", "", "Depth: 0").want(207)
	if s.metrics.throttled.Load() != 1 {
		t.Errorf("%d throttled", s.metrics.throttled.Load())
	}
}

// Row 15: multiget.
func TestClientsRow15(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var hrefs strings.Builder
	for i := range 520 {
		if i%2 == 0 {
			s.put(fmt.Sprintf("%s%d.ics", annCal, i), event(fmt.Sprint(i), "E"))
		}
		fmt.Fprintf(&hrefs, "<D:href>%s%d.ics</D:href>", annCal, i)
	}
	hrefs.WriteString("<D:href>https://dav.example.org" + annCal + "0.ics</D:href><D:href>/dav/calendars/bob/calendar/0.ics</D:href><D:href>rubbish</D:href>")
	for _, headers := range [][]string{nil, {"Depth: 0"}, {"Depth: 1"}} {
		m := s.call("REPORT", annCal, askMore("C:calendar-multiget", hrefs.String(), "D:getetag", "C:calendar-data", "D:displayname"), headers...).multi()
		if len(m.order) != 522 {
			t.Fatalf("%d responses", len(m.order))
		}
		if m.text(annCal+"0.ics", "calendar-data") != event("0", "E") || m.at(annCal+"1.ics").status != "HTTP/1.1 404 Not Found" ||
			m.at("/dav/calendars/bob/calendar/0.ics").status != "HTTP/1.1 404 Not Found" || m.at("rubbish").status != "HTTP/1.1 404 Not Found" {
			t.Error("wrong answers")
		}
	}
}

// Row 16: making collections.
func TestClientsRow16(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call("MKCALENDAR", calHome+"work/", `<C:mkcalendar`+declarations+`><D:set><D:prop><D:displayname>Work</D:displayname>
		<I:calendar-color symbolic-color="custom">#FF2968FF</I:calendar-color><I:calendar-order>3</I:calendar-order>
		<C:calendar-free-busy-set><C:YES/></C:calendar-free-busy-set>
		<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>`).want(201)
	m := s.propfind(calHome, 1, "D:displayname", "I:calendar-color", "I:calendar-order", "D:resourcetype", "C:supported-calendar-component-set")
	work := calHome + "work/"
	if m.text(work, "displayname") != "Work" || m.text(work, "calendar-color") != "#FF2968FF" || m.text(work, "calendar-order") != "3" ||
		m.at(work).found["resourcetype"].child(nsC, "calendar") == nil {
		t.Errorf("%v", m.at(work))
	}
	s.call("PUT", work+"e.ics", event("e", "E")).want(403).condition(nsC, "supported-calendar-component")
	s.call("MKCALENDAR", work, "").want(403).condition(nsD, "resource-must-be-null")
	s.call("MKCOL", work, "").want(405)
	// Outlook CalDav Synchronizer: resource type only, then PROPPATCH; vdirsyncer: without the final slash.
	s.call("MKCOL", calHome+"ocs", `<D:mkcol`+declarations+`><D:set><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype></D:prop></D:set></D:mkcol>`).want(201)
	s.call("PROPPATCH", calHome+"ocs/", proppatch("<D:displayname>From Outlook</D:displayname>")).want(207)
	if got := s.propfind(calHome+"ocs/", 0, "D:displayname").text(calHome+"ocs/", "displayname"); got != "From Outlook" {
		t.Errorf("%s", got)
	}
	s.call("MKCOL", bookHome+"team/", `<D:mkcol`+declarations+`><D:set><D:prop><D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype>
		<D:displayname>Team</D:displayname><CR:addressbook-description>All of us</CR:addressbook-description></D:prop></D:set></D:mkcol>`).want(201)
	if got := s.propfind(bookHome+"team/", 0, "CR:addressbook-description").text(bookHome+"team/", "addressbook-description"); got != "All of us" {
		t.Errorf("%s", got)
	}
	// macOS keeps its subscriptions on the server.
	s.call("MKCALENDAR", calHome+"sub/", `<C:mkcalendar`+declarations+`><D:set><D:prop><D:resourcetype><D:collection/><CS:subscribed/></D:resourcetype>
		<CS:source><D:href>https://example.org/feed.ics</D:href></CS:source><D:displayname>Feed</D:displayname></D:prop></D:set></C:mkcalendar>`).want(201)
	sub := s.propfind(calHome+"sub/", 0, "D:resourcetype", "CS:source").at(calHome + "sub/")
	if sub.found["resourcetype"].child(nsCS, "subscribed") == nil || sub.found["source"].child(nsD, "href").Text != "https://example.org/feed.ics" {
		t.Errorf("%v", sub.found)
	}
	// What cannot be made.
	s.call("MKCOL", calHome+"odd/", `<D:mkcol`+declarations+`><D:set><D:prop><D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>`).want(403)
	s.call("MKCALENDAR", calHome+"odd/", `<C:mkcalendar`+declarations+`><D:set><D:prop><C:supported-calendar-component-set><C:comp name="VPARTY"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>`).want(207)
	s.call("MKCALENDAR", work+"inside/", "").want(403).condition(nsC, "calendar-collection-location-ok")
	s.call("MKCALENDAR", bookHome+"cal/", "").want(403).condition(nsC, "calendar-collection-location-ok")
	s.call("MKCALENDAR", calHome+"none/inside/", "").want(409)
	s.call("PROPFIND", calHome+"odd/", "", "Depth: 0").want(404)
}

// Row 17: what a client stores is kept, known or not.
func TestClientsRow17(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	value := `<C:default-alarm-vevent-date>BEGIN:VALARM&#13;
X-WR-ALARMUID:1&#13;
END:VALARM</C:default-alarm-vevent-date>`
	for path, props := range map[string]string{
		annCal: `<I:calendar-order>7</I:calendar-order><C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>` + value +
			`<X:own a="1" X:b="2"><X:sub xml:lang="nb">tekst</X:sub> tail</X:own>`,
		"/dav/principals/ann/": `<CS:me-card><D:href>/x.vcf</D:href></CS:me-card><X:own/>`,
		calHome:                value,
		annBook:                `<CS:me-card><D:href>/x.vcf</D:href></CS:me-card>`,
	} {
		m := s.call("PROPPATCH", path, proppatch(props)).multi()
		if len(m.at(path).gone) != 0 || len(m.at(path).found) == 0 {
			t.Errorf("%s: %v", path, m.at(path))
		}
	}
	r := s.propfind(annCal, 0, "I:calendar-order", "C:schedule-calendar-transp", "C:default-alarm-vevent-date", "X:own").at(annCal)
	if len(r.gone) != 0 || r.found["calendar-order"].Text != "7" || r.found["schedule-calendar-transp"].child(nsC, "transparent") == nil ||
		r.found["default-alarm-vevent-date"].Text != "BEGIN:VALARM\r\nX-WR-ALARMUID:1\r\nEND:VALARM" {
		t.Errorf("%v %v", r.found, r.gone)
	}
	own := r.found["own"]
	if len(own.Attrs) != 2 || own.Children[0].Text != "tekst" || own.Children[0].Attrs[0].Value != "nb" || own.Text != " tail" {
		t.Errorf("%+v", own)
	}
	if all := s.call("PROPFIND", annCal, "", "Depth: 0").multi().at(annCal); all.found["own"] == nil {
		t.Error("allprop without dead properties")
	}
	s.call("PROPPATCH", annCal, `<D:propertyupdate`+declarations+`><D:remove><D:prop><X:own/><X:never/><I:calendar-order/></D:prop></D:remove></D:propertyupdate>`).want(207)
	if r := s.propfind(annCal, 0, "X:own", "I:calendar-order").at(annCal); len(r.gone) != 2 {
		t.Errorf("%v", r.found)
	}
	// One that fails keeps the others from happening.
	m := s.call("PROPPATCH", annCal, proppatch("<X:a>1</X:a><D:getetag>x</D:getetag><D:sync-token>x</D:sync-token>")).want(207)
	if body := string(m.Body); !strings.Contains(body, "424 Failed Dependency") || !strings.Contains(body, "cannot-modify-protected-property") {
		t.Errorf("%s", body)
	}
	if r := s.propfind(annCal, 0, "X:a").at(annCal); len(r.gone) != 1 {
		t.Error("half of a PROPPATCH")
	}
	// Limits.
	s.call("PROPPATCH", annCal, proppatch("<X:big>"+strings.Repeat("x", 9<<10)+"</X:big>")).want(207)
	if r := s.propfind(annCal, 0, "X:big").at(annCal); len(r.gone) != 1 {
		t.Error("a property over the limit was stored")
	}
}

// Row 18: what is unknown survives, byte for byte.
func TestClientsRow18(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	odd := "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:o\nDTSTAMP:20260101T000000Z\nDTSTART;X-P=\"a;b\":20260110T100000Z\n" +
		"X-MOZ-LASTACK:20260110T095500Z\nX-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=\"Caf\n é\":geo:1,2\nSUMMARY:fol\n ded\nX-EVOLUTION-CALDAV-HREF:x\nEND:VEVENT\nEND:VCALENDAR"
	vcard := "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:o\r\nFN:Odd One\r\nN:One;Odd;;;\r\nitem1.TEL;type=pref:+47 22 33 44 55\r\nitem1.X-ABLABEL:_$!<Mobile>!$_\r\nX-SOMETHING;A=b:c\\,d\r\nEND:VCARD\r\n"
	for path, text := range map[string]string{annCal + "o.ics": odd, annBook + "o.vcf": vcard} {
		s.put(path, text)
		if got := s.call("GET", path, "").want(200); string(got.Body) != text {
			t.Errorf("%q", got.Body)
		}
	}
}
