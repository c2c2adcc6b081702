package dav_test

import (
	"slices"
	"strings"
	"testing"

	"crmbridge/dav"
	"crmbridge/store"
)

func TestAllpropAndPropname(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"a.ics", event("a", "A"))
	s.call("PROPPATCH", annCal, proppatch("<X:own>1</X:own>")).want(207)
	body := func(inner string) string { return `<D:propfind` + declarations + `>` + inner + `</D:propfind>` }

	all := s.call("PROPFIND", annCal, body("<D:allprop/>"), "Depth: 1").multi()
	for _, name := range []string{"resourcetype", "displayname", "creationdate", "getlastmodified", "own"} {
		if all.at(annCal).found[name] == nil {
			t.Errorf("allprop lacks %s", name)
		}
	}
	for _, name := range []string{"getetag", "getcontenttype", "getcontentlength", "resourcetype"} {
		if all.at(annCal + "a.ics").found[name] == nil {
			t.Errorf("allprop of an object lacks %s", name)
		}
	}
	// RFC 4791 5.2 and RFC 6578 4 keep theirs out of it.
	for _, name := range []string{"sync-token", "calendar-data", "supported-calendar-component-set", "max-resource-size"} {
		if all.at(annCal).found[name] != nil || all.at(annCal + "a.ics").found[name] != nil {
			t.Errorf("allprop has %s", name)
		}
	}
	more := s.call("PROPFIND", annCal, body("<D:allprop/><D:include><D:sync-token/><X:none/></D:include>"), "Depth: 0").multi().at(annCal)
	if more.found["sync-token"] == nil || !slices.Contains(more.gone, "none") && len(more.gone) > 0 {
		t.Errorf("include: %v %v", more.found, more.gone)
	}

	names := s.call("PROPFIND", annCal, body("<D:propname/>"), "Depth: 1").multi()
	for href, want := range map[string][]string{
		annCal: {"sync-token", "getctag", "displayname", "own", "supported-report-set"}, annCal + "a.ics": {"getetag", "getcontenttype"},
	} {
		r := names.at(href)
		for _, name := range want {
			if n := r.found[name]; n == nil || n.Text != "" || len(n.Children) > 0 {
				t.Errorf("propname of %s: %s is %v", href, name, n)
			}
		}
		if len(r.gone) > 0 || r.found["calendar-data"] != nil {
			t.Errorf("propname of %s: %v", href, r.gone)
		}
	}
}

func TestPreferMinimal(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, prefer := range []string{"return=minimal", `return="minimal"`, "respond-async, return = minimal; x=1"} {
		r := s.call("PROPFIND", annCal, ask("D:propfind", "D:displayname", "X:none"), "Depth: 0", "Prefer: "+prefer).want(207)
		if strings.Contains(string(r.Body), "404") || r.Header.Get("Preference-Applied") != "return=minimal" {
			t.Errorf("%s: %s", prefer, r.Body)
		}
	}
	if r := s.call("PROPFIND", annCal, ask("D:propfind", "X:none"), "Depth: 0", "Prefer: return=representation"); !strings.Contains(string(r.Body), "404 Not Found") {
		t.Errorf("%s", r.Body)
	}
	r := s.call("PROPFIND", annCal, ask("D:propfind", "X:none"), "Depth: 0", "Prefer: return=minimal").multi()
	if r.at(annCal).first != "HTTP/1.1 200 OK" {
		t.Errorf("%+v", r.at(annCal))
	}
}

func TestPrincipalReports(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	search := func(test, prop, match string) *multi {
		return s.call("REPORT", "/dav/principals/", `<D:principal-property-search`+declarations+test+`><D:property-search><D:prop>`+prop+`</D:prop>
			<D:match>`+match+`</D:match></D:property-search><D:prop><D:displayname/></D:prop></D:principal-property-search>`, "Depth: 0").multi()
	}
	me := "/dav/principals/ann/"
	for _, c := range []struct {
		prop, match string
		found       bool
	}{
		{"<D:displayname/>", "EXAMPLE", true},
		{"<C:calendar-user-address-set/>", "mailto:ann@example.org", true},
		{"<CS:email-address-set/>", "ann@", true},
		{"<D:displayname/>", "Bob", false},
		{"<D:displayname/><X:none/>", "Ann", false},
	} {
		m := search("", c.prop, c.match)
		if (len(m.order) == 1 && m.order[0] == me) != c.found {
			t.Errorf("%s %s: %v", c.prop, c.match, m.order)
		}
	}
	apple := func(tokens string) int {
		return len(s.call("REPORT", "/dav/principals/", `<CS:calendarserver-principal-search`+declarations+` context="attendee">`+tokens+
			`<D:prop><D:displayname/></D:prop></CS:calendarserver-principal-search>`, "Depth: 0").multi().order)
	}
	if apple("<CS:search-token>ann</CS:search-token><CS:search-token>example</CS:search-token>") != 1 ||
		apple("<CS:search-token>ann</CS:search-token><CS:search-token>bob</CS:search-token>") != 0 {
		t.Error("calendarserver-principal-search")
	}
	match := func(path, inner string) []string {
		return s.call("REPORT", path, `<D:principal-match xmlns:D="DAV:">`+inner+`<D:prop><D:displayname/></D:prop></D:principal-match>`, "Depth: 0").multi().order
	}
	if got := match("/dav/principals/", "<D:self/>"); !slices.Equal(got, []string{me}) {
		t.Errorf("%v", got)
	}
	s.put(annCal+"a.ics", event("a", "A"))
	if got := match(annCal, "<D:principal-property><D:owner/></D:principal-property>"); !slices.Equal(got, []string{annCal + "a.ics"}) {
		t.Errorf("%v", got)
	}
}

// Provision may run again and leaves what people made of it alone.
func TestProvisionTwice(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call("PROPPATCH", annCal, proppatch("<D:displayname>Renamed</D:displayname>")).want(207)
	s.call("DELETE", annTasks, "").want(204)
	err := s.store.Update(t.Context(), func(tx *store.Tx) error { return dav.Provision(t.Context(), tx, s.auth.users["ann"]) })
	if err != nil {
		t.Fatal(err)
	}
	m := s.propfind(calHome, 1, "D:displayname")
	if m.text(annCal, "displayname") != "Renamed" || m.text(annTasks, "displayname") != "Tasks" || len(m.order) != 3 {
		t.Errorf("%v", m.order)
	}
}
