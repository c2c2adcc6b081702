package dav_test

import (
	"slices"
	"strings"
	"testing"
)

// privilegeNames are the privileges directly in an element.
func privilegeNames(n *node) []string {
	var out []string
	for _, p := range n.all(nsD, "privilege") {
		out = append(out, p.names()...)
	}
	return out
}

// RFC 3744 5: who may do what, as clients read it.
func TestAccessProperties(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"a.ics", event("a", "A"))
	s.put(annBook+"c.vcf", card("c", "Card Example"))
	s.call("MKCALENDAR", calHome+"linked/", "").want(201)
	s.setReadOnly(calHome + "linked/")
	read := []string{"read", "read-acl", "read-current-user-privilege-set"}
	timed := append(slices.Clone(read), "read-free-busy") // RFC 4791 6.1.1
	write := []string{"write", "write-content", "write-properties", "bind", "unbind"}
	me := "/dav/principals/ann/"
	for path, want := range map[string][]string{
		me: append(slices.Clone(read), "write-properties"), calHome: append(slices.Clone(timed), write...), annCal: append(slices.Clone(timed), write...),
		annCal + "a.ics": append(slices.Clone(timed), write...), calHome + "linked/": timed, annBook: append(slices.Clone(read), write...),
		annBook + "c.vcf": append(slices.Clone(read), write...),
	} {
		m := s.propfind(path, 0, "D:owner", "D:group", "D:current-user-privilege-set", "D:acl", "D:acl-restrictions", "D:inherited-acl-set", "D:principal-collection-set", "D:supported-privilege-set")
		r := m.at(path)
		if got := privilegeNames(r.found["current-user-privilege-set"]); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
		if got := r.found["owner"].child(nsD, "href").Text; got != me {
			t.Errorf("%s belongs to %s", path, got)
		}
		if got := r.found["principal-collection-set"].child(nsD, "href").Text; got != "/dav/principals/" {
			t.Errorf("%s: principals in %s", path, got)
		}
		// RFC 3744 5.5: one entry, that nobody can change, with just what may be done.
		aces := r.found["acl"].all(nsD, "ace")
		if len(aces) != 1 || aces[0].child(nsD, "protected") == nil || aces[0].child(nsD, "principal").child(nsD, "href").Text != me ||
			!slices.Equal(privilegeNames(aces[0].child(nsD, "grant")), want) {
			t.Errorf("%s: acl %+v", path, r.found["acl"])
		}
		if got := r.found["acl-restrictions"].names(); !slices.Equal(got, []string{"grant-only", "no-invert"}) || len(r.found["inherited-acl-set"].Children) != 0 {
			t.Errorf("%s: %v", path, got)
		}
		// RFC 3744 5.3: whatever is granted is in the tree of what there is.
		var known []string
		var walk func(n *node)
		walk = func(n *node) {
			known = append(known, privilegeNames(n)...)
			for _, c := range n.all(nsD, "supported-privilege") {
				if c.child(nsD, "description") == nil {
					t.Errorf("%s: a privilege without description", path)
				}
				walk(c)
			}
		}
		walk(r.found["supported-privilege-set"])
		for _, p := range want {
			if !slices.Contains(known, p) {
				t.Errorf("%s: %s is granted and not supported", path, p)
			}
		}
		if !slices.Contains(r.gone, "group") {
			t.Errorf("%s has a group", path)
		}
	}
	// RFC 3744 5, 8.1: protected, and no way round it.
	for _, prop := range []string{"owner", "acl", "acl-restrictions", "current-user-privilege-set", "supported-privilege-set", "inherited-acl-set", "principal-collection-set"} {
		r := s.call("PROPPATCH", annCal, proppatch("<D:"+prop+"/>")).want(207)
		if !strings.Contains(string(r.Body), "cannot-modify-protected-property") {
			t.Errorf("%s: %s", prop, r.Body)
		}
	}
	s.call("ACL", annCal, "").want(405)
	// A password that may not write shows it everywhere.
	s.auth.readOnly = true
	for _, path := range []string{me, calHome, annCal, annBook, annCal + "a.ics"} {
		got := privilegeNames(s.propfind(path, 0, "D:current-user-privilege-set").at(path).found["current-user-privilege-set"])
		if !slices.Contains(got, "read") || slices.ContainsFunc(got, func(p string) bool { return slices.Contains(write, p) }) {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// RFC 3744 4: what a principal says of itself.
func TestPrincipalProperties(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	me := "/dav/principals/ann/"
	r := s.propfind(me, 0, "D:alternate-URI-set", "D:principal-URL", "D:group-member-set", "D:group-membership", "D:displayname", "D:resourcetype", "D:current-user-principal").at(me)
	for _, empty := range []string{"alternate-URI-set", "group-member-set", "group-membership"} {
		if n := r.found[empty]; n == nil || len(n.Children) != 0 {
			t.Errorf("%s: %+v", empty, n)
		}
	}
	for _, self := range []string{"principal-URL", "current-user-principal"} { // RFC 3744 4.2, RFC 5397 3
		if got := r.found[self].child(nsD, "href"); got.Text != me {
			t.Errorf("%s: %+v", self, got)
		}
	}
	if r.found["displayname"].Text != "Ann Example" || !slices.Contains(r.found["resourcetype"].names(), "principal") {
		t.Errorf("%+v", r.found)
	}
	// RFC 5397 3: everywhere, without knowing anything.
	for _, path := range []string{"/", "/dav/", "/dav/principals/", "/dav/calendars/", calHome, annCal, annBook} {
		m := s.propfind(path, 0, "D:current-user-principal")
		if got := m.at(m.order[0]).found["current-user-principal"].child(nsD, "href"); got.Text != me {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

// RFC 3744 9: reports about principals find the caller, on every resource where they may be asked for, with depth 0.
func TestPrincipalReportsDepthAndPlaces(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"a.ics", event("a", "A"))
	me := []string{"/dav/principals/ann/"}
	set := `<D:acl-principal-prop-set xmlns:D="DAV:"><D:prop><D:displayname/></D:prop></D:acl-principal-prop-set>`
	match := `<D:principal-match xmlns:D="DAV:"><D:self/><D:prop><D:displayname/></D:prop></D:principal-match>`
	search := `<D:principal-property-search xmlns:D="DAV:"><D:property-search><D:prop><D:displayname/></D:prop><D:match>ann</D:match></D:property-search><D:prop><D:displayname/></D:prop></D:principal-property-search>`
	fields := `<D:principal-search-property-set xmlns:D="DAV:"/>`
	for _, c := range []struct {
		path, body string
		want       []string
	}{
		{annCal, set, me}, {annCal + "a.ics", set, me}, {calHome, set, me}, {me[0], set, me}, {"/dav/principals/", set, nil},
		{"/dav/principals/", match, me}, {"/dav/principals/", search, me}, {annCal, search, me},
	} {
		m := s.call("REPORT", c.path, c.body, "Depth: 0").multi()
		if !slices.Equal(m.order, c.want) {
			t.Errorf("%s: %v", c.path, m.order)
		}
		if c.want != nil && m.text(me[0], "displayname") != "Ann Example" {
			t.Errorf("%s: %+v", c.path, m.at(me[0]))
		}
		s.call("REPORT", c.path, c.body).want(207)
		s.call("REPORT", c.path, c.body, "Depth: 1").want(400)
	}
	s.call("REPORT", "/dav/principals/", fields, "Depth: 0").want(200)
	s.call("REPORT", "/dav/principals/", fields, "Depth: infinity").want(400)
	s.call("REPORT", calHome+"none/", set).want(404)
}

// RFC 3253 3.1.5: what is listed works, and what works is listed.
func TestSupportedReports(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"a.ics", event("a", "A"))
	all := map[string]string{
		"expand-property":                 `<D:expand-property xmlns:D="DAV:"><D:property name="owner"/></D:expand-property>`,
		"sync-collection":                 syncBody("", "D:getetag"),
		"calendar-query":                  calendarQuery(`<C:comp-filter name="VEVENT"/>`, "D:getetag"),
		"calendar-multiget":               askMore("C:calendar-multiget", "<D:href>"+annCal+"a.ics</D:href>", "D:getetag"),
		"free-busy-query":                 freeBusyBody("20260101T000000Z", "20260201T000000Z"),
		"addressbook-query":               askMore("CR:addressbook-query", `<CR:filter/>`, "D:getetag"),
		"addressbook-multiget":            askMore("CR:addressbook-multiget", "<D:href>"+annBook+"a.vcf</D:href>", "D:getetag"),
		"acl-principal-prop-set":          `<D:acl-principal-prop-set xmlns:D="DAV:"><D:prop><D:displayname/></D:prop></D:acl-principal-prop-set>`,
		"principal-match":                 `<D:principal-match xmlns:D="DAV:"><D:self/></D:principal-match>`,
		"principal-property-search":       `<D:principal-property-search xmlns:D="DAV:"><D:property-search><D:prop><D:displayname/></D:prop><D:match>a</D:match></D:property-search></D:principal-property-search>`,
		"principal-search-property-set":   `<D:principal-search-property-set xmlns:D="DAV:"/>`,
		"calendarserver-principal-search": `<CS:calendarserver-principal-search` + declarations + `><CS:search-token>a</CS:search-token><D:prop/></CS:calendarserver-principal-search>`,
	}
	s.put(annBook+"a.vcf", card("a", "Ada Example"))
	// RFC 4791 7, RFC 6352 8: on objects too.
	for _, path := range []string{"/dav/", "/dav/principals/", "/dav/principals/ann/", "/dav/calendars/", calHome, bookHome, annCal, annBook, annCal + "a.ics", annBook + "a.vcf"} {
		var listed []string
		for _, r := range s.propfind(path, 0, "D:supported-report-set").at(path).found["supported-report-set"].all(nsD, "supported-report") {
			listed = append(listed, r.child(nsD, "report").names()...)
		}
		for name, body := range all {
			r := s.call("REPORT", path, body, "Depth: 0")
			if slices.Contains(listed, name) {
				r.want(200, 207)
			} else {
				r.want(403).condition(nsD, "supported-report")
			}
		}
		for _, name := range listed {
			if all[name] == "" {
				t.Errorf("%s lists %s, which this test does not know", path, name)
			}
		}
	}
	s.call("REPORT", annCal, `<D:version-tree xmlns:D="DAV:"/>`).want(403).condition(nsD, "supported-report")
}
