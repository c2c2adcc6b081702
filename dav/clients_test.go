package dav_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The rows of the table of server behaviour that clients need. A name per row, so that a row without a test shows.

// Row 1: OPTIONS without login, with what is done and nothing else.
func TestClientsRow01(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, path := range []string{"/", "/dav/", "/dav/principals/ann/", calHome, bookHome, annCal, annBook, annCal + "x.ics", "/dav/calendars/nobody/x/"} {
		r := s.call("OPTIONS", path, "", "User:").want(200)
		var classes []string
		for c := range strings.SplitSeq(r.Header.Get("DAV"), ",") {
			classes = append(classes, strings.TrimSpace(c))
		}
		for _, want := range []string{"1", "3", "access-control", "calendar-access", "addressbook", "extended-mkcol", "calendar-proxy",
			"calendarserver-principal-property-search"} {
			if !slices.Contains(classes, want) {
				t.Errorf("%s: DAV lacks %s", path, want)
			}
		}
		for _, no := range []string{"2", "calendar-auto-schedule", "calendar-schedule"} {
			if slices.Contains(classes, no) {
				t.Errorf("%s: DAV promises %s", path, no)
			}
		}
		if allow := r.Header.Get("Allow"); !strings.Contains(allow, "PROPFIND") || strings.Contains(allow, "LOCK") {
			t.Errorf("%s: Allow: %s", path, allow)
		}
	}
	if allow := s.call("OPTIONS", annCal, "").Header.Get("Allow"); !strings.Contains(allow, "MKCALENDAR") || !strings.Contains(allow, "REPORT") {
		t.Errorf("Allow: %s", allow)
	}
}

// Row 2: discovery.
func TestClientsRow02(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, method := range []string{"GET", "HEAD", "PROPFIND", "OPTIONS", "REPORT", "PUT", "X-ANY"} {
		for _, path := range []string{"/.well-known/caldav", "/.well-known/carddav", "/.well-known/caldav/"} {
			for _, user := range []string{"User:", "User: ann"} {
				r := s.call(method, path, "", user).want(301, 302, 307)
				if r.Header.Get("Location") != "/dav/" || r.Header.Get("Cache-Control") != "no-cache" { // RFC 6764 5
					t.Errorf("%s %s: %v", method, path, r.Header)
				}
			}
		}
	}
	for _, path := range []string{"/", "/principals/", "/principals", "/dav/", "/dav", "/dav/principals/", "/dav/calendars/", "/dav/principals/ann/", calHome} {
		m := s.propfind(path, 0, "D:current-user-principal", "C:calendar-home-set", "CR:addressbook-home-set", "D:resourcetype")
		r := m.at(m.order[0])
		for prop, want := range map[string]string{
			"current-user-principal": "/dav/principals/ann/", "calendar-home-set": calHome, "addressbook-home-set": bookHome,
		} {
			if got := r.found[prop].child(nsD, "href"); got == nil || got.Text != want {
				t.Errorf("%s: %s is %v", path, prop, got)
			}
		}
	}
	// One realm for all, before anything else.
	realm := ""
	for _, path := range []string{"/", "/principals/", "/dav/", calHome, "/dav/calendars/bob/calendar/", "/dav/nothing", "/%zz", annCal + "a.ics"} {
		for _, method := range []string{"PROPFIND", "GET", "PUT", "DELETE", "REPORT", "X-ANY", "MKCALENDAR"} {
			if path == "/%zz" {
				continue // net/http refuses it itself
			}
			r := s.call(method, path, "rubbish", "User:").want(401)
			got := r.Header.Get("WWW-Authenticate")
			if realm == "" {
				realm = got
			}
			if got != realm || !strings.HasPrefix(got, `Basic realm="`) {
				t.Errorf("%s %s: challenge %q, want %q", method, path, got, realm)
			}
		}
	}
	s.call("PROPFIND", "/", "", "User: mallory", "Depth: 0").want(401)
}

// Row 3: hrefs are absolute paths in one spelling; collections end in a slash.
func TestClientsRow03(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"a%40b%20c%2B.ics", event("a@b c+", "Odd name"))
	want := annCal + "a@b%20c+.ics"
	for _, path := range []string{annCal, strings.TrimSuffix(annCal, "/"), "/dav/calendars/%61nn/calendar/"} {
		m := s.propfind(path, 1, "D:getetag")
		if m.order[0] != annCal || m.order[1] != want {
			t.Errorf("%s: %v", path, m.order)
		}
	}
	// The same in reports, whatever spelling was asked.
	body := askMore("C:calendar-multiget", "<D:href>"+annCal+"a%40b%20c%2b.ics</D:href><D:href>http://dav.test"+want+"</D:href>", "D:getetag")
	if m := s.call("REPORT", annCal, body).multi(); len(m.order) != 1 || m.order[0] != want {
		t.Errorf("multiget: %v", m.order)
	}
	if m := s.propfind(calHome, 1, "D:resourcetype"); slices.ContainsFunc(m.order, func(h string) bool { return !strings.HasSuffix(h, "/") }) {
		t.Errorf("home: %v", m.order)
	}
	for _, name := range []string{"current-user-principal", "owner", "principal-URL"} {
		r := s.propfind("/dav/principals/ann/", 0, "D:current-user-principal", "D:owner", "D:principal-URL").at("/dav/principals/ann/")
		if href := r.found[name].child(nsD, "href").Text; href != "/dav/principals/ann/" {
			t.Errorf("%s: %s", name, href)
		}
	}
}

// Row 4: the text of statuses, the found first.
func TestClientsRow04(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := s.call("PROPFIND", calHome, ask("D:propfind", "D:resourcetype", "X:unknown"), "Depth: 1").want(207)
	for _, el := range parseXML(t, r.Body).all(nsD, "response") {
		stats := el.all(nsD, "propstat")
		if len(stats) != 2 || stats[0].child(nsD, "status").Text != "HTTP/1.1 200 OK" || stats[1].child(nsD, "status").Text != "HTTP/1.1 404 Not Found" {
			t.Errorf("%s", r.Body)
		}
	}
}

// Row 5: strong entity tags that change with the bytes and are the same everywhere.
func TestClientsRow05(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annCal + "a.ics"
	first := s.put(path, event("a", "One"))
	again := s.put(path, event("a", "One"))
	second := s.put(path, event("a", "Two"))
	if first != again || first == second {
		t.Errorf("tags %s %s %s", first, again, second)
	}
	for what, got := range map[string]string{
		"GET":      s.call("GET", path, "").want(200).etag(),
		"HEAD":     s.call("HEAD", path, "").want(200).etag(),
		"gzip":     s.call("GET", path, "", "Accept-Encoding: gzip").want(200).etag(),
		"PROPFIND": s.propfind(annCal, 1, "D:getetag").text(path, "getetag"),
		"REPORT":   s.call("REPORT", annCal, syncBody("", "D:getetag")).multi().text(path, "getetag"),
		"multiget": s.call("REPORT", annCal, askMore("C:calendar-multiget", "<D:href>"+path+"</D:href>", "D:getetag")).multi().text(path, "getetag"),
	} {
		if got != second {
			t.Errorf("%s: %s, want %s", what, got, second)
		}
	}
	// Setting a property of the calendar does not touch its members.
	s.call("PROPPATCH", annCal, proppatch("<I:calendar-color>#112233</I:calendar-color>")).want(207)
	if got := s.call("GET", path, "").etag(); got != second {
		t.Errorf("after PROPPATCH: %s", got)
	}
}

func proppatch(props string) string {
	return `<D:propertyupdate` + declarations + `><D:set><D:prop>` + props + `</D:prop></D:set></D:propertyupdate>`
}

// Row 6: PUT.
func TestClientsRow06(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annCal + "a.ics"
	r := s.call("PUT", path, event("a", "One"), "If-None-Match: *", "Content-Type: text/calendar").want(201)
	tag := r.etag()
	if r.Header.Get("Location") != "" {
		t.Error("Location though nothing was renamed")
	}
	if got := s.call("GET", path, "").want(200); string(got.Body) != event("a", "One") || got.etag() != tag {
		t.Errorf("GET: %s", got.Body)
	}
	for _, headers := range [][]string{
		{"If-None-Match: *"}, {"If-Match: \"x\""}, {"If-Match: nothing"}, {"If-Match: W/" + tag}, {"If-Match: \"x\", \"y\""},
		{"If: (<urn:uuid:58f202ac-22cf-11d1-b12d-002035b29092>)"}, {"If: ([\"x\"])"}, {"If-None-Match: " + tag},
		{"If-Unmodified-Since: Mon, 05 Jan 2015 09:00:00 GMT"},
	} {
		s.call("PUT", path, event("a", "Two"), headers...).want(412).condition("urn:crmbridge:dav", "message")
	}
	r = s.call("PUT", path, event("a", "Two"), "If-Match: \"x\", "+tag).want(204)
	if r.etag() == tag {
		t.Error("the tag stays")
	}
	s.call("PUT", path, event("a", "Three"), "If: (["+r.etag()+"])", "Prefer: return=minimal").want(204)
	s.call("PUT", annCal+"none.ics", event("n", "None"), "If-Match: *").want(412)
	s.call("DELETE", path, "", "If-Match: \"x\"").want(412)
	s.call("DELETE", path, "", "If-None-Match: *").want(412)
	s.call("DELETE", path, "").want(204)
	s.call("GET", path, "").want(404)
}

// Row 7: everything that is asked of the collections of a home is answered, one way or the other.
func TestClientsRow07(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	names := []string{"D:resourcetype", "D:displayname", "CS:getctag", "D:sync-token", "D:supported-report-set",
		"C:supported-calendar-component-set", "D:current-user-privilege-set", "D:owner", "I:calendar-color", "I:calendar-order",
		"C:calendar-description", "C:calendar-timezone", "C:calendar-timezone-id", "C:schedule-calendar-transp", "C:max-resource-size",
		"C:supported-calendar-data", "CR:supported-address-data", "CR:addressbook-description", "CR:max-image-size", "CR:max-resource-size",
		"D:quota-available-bytes", "D:quota-used-bytes", "D:resource-id", "D:add-member", "CS:source", "CS:push-transports", "CS:pushkey",
		"C:default-alarm-vevent-date", "C:schedule-default-calendar-URL", "D:getetag", "D:getcontenttype", "D:creationdate", "D:getlastmodified"}
	for home, want := range map[string][]string{
		calHome: {"resourcetype", "displayname", "getctag", "sync-token", "supported-report-set", "supported-calendar-component-set",
			"current-user-privilege-set", "owner", "schedule-calendar-transp", "max-resource-size", "supported-calendar-data", "resource-id"},
		bookHome: {"resourcetype", "displayname", "getctag", "sync-token", "supported-report-set", "current-user-privilege-set", "owner",
			"supported-address-data", "max-resource-size", "max-image-size", "resource-id"},
	} {
		m := s.propfind(home, 1, names...)
		if len(m.order) < 2 {
			t.Fatalf("%s: %v", home, m.order)
		}
		for _, href := range m.order[1:] {
			r := m.at(href)
			for _, name := range want {
				if r.found[name] == nil {
					t.Errorf("%s: no %s", href, name)
				}
			}
			// max-resource-size is asked for in both namespaces.
			if n := len(r.found) + len(r.gone); n != len(names) {
				t.Errorf("%s: %d answers to %d properties", href, n, len(names))
			}
		}
	}
	comps := s.propfind(annTasks, 0, "C:supported-calendar-component-set").at(annTasks).found["supported-calendar-component-set"]
	if len(comps.Children) != 1 || comps.Children[0].Attrs[0].Value != "VTODO" {
		t.Errorf("components: %v", comps)
	}
	reports := s.propfind(annCal, 0, "D:supported-report-set").at(annCal).found["supported-report-set"]
	var kinds []string
	for _, r := range reports.all(nsD, "supported-report") {
		kinds = append(kinds, r.child(nsD, "report").names()...)
	}
	for _, want := range []string{"sync-collection", "calendar-query", "calendar-multiget", "expand-property"} {
		if !slices.Contains(kinds, want) {
			t.Errorf("supported-report-set lacks %s: %v", want, kinds)
		}
	}
}

// Row 8: privileges, for those who may write and those who may not.
func TestClientsRow08(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	privileges := func(path string) []string {
		var out []string
		for _, p := range s.propfind(path, 0, "D:current-user-privilege-set").at(path).found["current-user-privilege-set"].all(nsD, "privilege") {
			out = append(out, p.names()...)
		}
		return out
	}
	s.put(annCal+"a.ics", event("a", "One"))
	writing := []string{"write", "write-content", "bind", "unbind", "write-properties"}
	for _, path := range []string{annCal, annBook, calHome, annCal + "a.ics"} {
		got := privileges(path)
		for _, want := range append(writing, "read") {
			if !slices.Contains(got, want) {
				t.Errorf("%s: no %s in %v", path, want, got)
			}
		}
	}
	readOnly := func(path string) {
		t.Helper()
		got := privileges(path)
		if !slices.Contains(got, "read") || slices.ContainsFunc(got, func(p string) bool { return slices.Contains(writing, p) || p == "all" }) {
			t.Errorf("%s is read-only: %v", path, got)
		}
		s.call("PUT", path+"b.ics", event("b", "B")).want(403).condition(nsD, "need-privileges")
		s.call("DELETE", path+"a.ics", "").want(403).condition(nsD, "need-privileges")
		s.call("PROPPATCH", path, proppatch("<D:displayname>x</D:displayname>")).want(403).condition(nsD, "need-privileges")
		s.call("GET", path+"a.ics", "").want(200)
	}
	s.auth.readOnly = true
	readOnly(annCal)
	s.auth.readOnly = false
	s.setReadOnly(annCal)
	readOnly(annCal)
}

// Row 9: ctag and sync token on collections and homes; sync on homes.
func TestClientsRow09(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, path := range []string{annCal, calHome} {
		m := s.propfind(path, 0, "CS:getctag", "D:sync-token")
		ctag, token := m.text(path, "getctag"), m.text(path, "sync-token")
		s.put(annCal+"a.ics", event("a", "At "+path))
		m = s.propfind(path, 0, "CS:getctag", "D:sync-token")
		if m.text(path, "getctag") == ctag || m.text(path, "sync-token") == token {
			t.Errorf("%s: ctag or token stay", path)
		}
		if after := s.propfind(path, 0, "CS:getctag").text(path, "getctag"); after != m.text(path, "getctag") {
			t.Errorf("%s: ctag moves by itself", path)
		}
	}
	first := s.call("REPORT", calHome, syncBody("", "D:resourcetype", "CS:getctag")).multi()
	if len(first.order) != 2 || first.token != s.propfind(calHome, 0, "D:sync-token").text(calHome, "sync-token") {
		t.Fatalf("%v %s", first.order, first.token)
	}
	s.put(annTasks+"t.ics", todo("t", "Task"))
	s.call("MKCALENDAR", calHome+"new/", "").want(201)
	next := s.call("REPORT", calHome, syncBody(first.token, "D:getetag")).multi()
	if !slices.Equal(next.order, []string{annTasks, calHome + "new/"}) {
		t.Errorf("changed: %v", next.order)
	}
	s.call("MOVE", calHome+"new/", "", "Destination: "+calHome+"renamed/").want(201)
	s.call("DELETE", annTasks, "").want(204)
	last := s.call("REPORT", calHome, syncBody(next.token, "D:displayname")).multi()
	for _, gone := range []string{annTasks, calHome + "new/"} {
		if last.at(gone).status != "HTTP/1.1 404 Not Found" {
			t.Errorf("%s: %v", gone, last.at(gone))
		}
	}
	if last.at(calHome + "renamed/").found["displayname"] == nil || len(last.order) != 3 {
		t.Errorf("%v", last.order)
	}
	if quiet := s.call("REPORT", calHome, syncBody(last.token, "D:displayname")).multi(); len(quiet.order) != 0 || quiet.token != last.token {
		t.Errorf("%v", quiet.order)
	}
	s.call("REPORT", calHome, syncBody("urn:crmbridge:home:1AAAA", "D:displayname")).want(403).condition(nsD, "valid-sync-token")
}

// slowBody says when it is read and waits.
type slowBody struct {
	inside chan bool
	leave  chan bool
	said   bool
}

func (b *slowBody) Read([]byte) (int, error) {
	if !b.said {
		b.said = true
		b.inside <- true
	}
	<-b.leave
	return 0, http.ErrBodyReadAfterClose
}
