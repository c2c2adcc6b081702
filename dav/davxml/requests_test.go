package davxml

import (
	"encoding/xml"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestWrongRoot: each method refuses the body of another one with an error of its own (RFC 4918 9.3).
func TestWrongRoot(t *testing.T) {
	t.Parallel()
	body := `<D:other xmlns:D="DAV:"/>`
	_, err1 := ParsePropFind(strings.NewReader(body), Limits{})
	_, err2 := ParsePropertyUpdate(strings.NewReader(body), Limits{})
	_, err3 := ParseMkCol(strings.NewReader(body), Limits{})
	_, err4 := ParseMkCalendar(strings.NewReader(body), Limits{})
	for i, err := range []error{err1, err2, err3, err4} {
		if !errors.Is(err, ErrUnexpectedRoot) || !errors.Is(err, ErrMalformed) {
			t.Errorf("%d: %v", i, err)
		}
	}
	_, err := ParseReport(strings.NewReader(body), Limits{})
	var unsupported *UnsupportedReport
	if !errors.As(err, &unsupported) || unsupported.Root != D("other") || !strings.Contains(err.Error(), "{DAV:}other") {
		t.Errorf("%v", err)
	}
}

// TestEmptyBody: only PROPFIND, MKCOL and MKCALENDAR may come without one.
func TestEmptyBody(t *testing.T) {
	t.Parallel()
	none := func() *strings.Reader { return strings.NewReader("") }
	if m, err := ParseMkCol(none(), Limits{}); err != nil || m.Props != nil || m.ResourceTypes() != nil {
		t.Errorf("MKCOL: %+v, %v", m, err)
	}
	if m, err := ParseMkCalendar(none(), Limits{}); err != nil || m.Props != nil {
		t.Errorf("MKCALENDAR: %+v, %v", m, err)
	}
	if _, err := ParsePropertyUpdate(none(), Limits{}); !errors.Is(err, ErrMalformed) {
		t.Errorf("PROPPATCH: %v", err)
	}
	if _, err := ParseReport(none(), Limits{}); !errors.Is(err, ErrMalformed) {
		t.Errorf("REPORT: %v", err)
	}
}

func TestResourceTypes(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][]xml.Name{
		"testdata/davx5-mkcalendar.xml": {D("collection"), C("calendar")},
		"testdata/vdirsyncer-mkcol.xml": {D("collection"), CR("addressbook")},
		"testdata/macos-mkcalendar.xml": nil,
	} {
		_, view, err := parseAny(readFile(t, file), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := view.(MkCol).ResourceTypes(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v", file, got)
		}
	}
}

// TestOddReports gives REPORT bodies at the edges of what is understood.
func TestOddReports(t *testing.T) {
	t.Parallel()
	sync := func(rest string) string { return `<sync-collection xmlns="DAV:">` + rest + `</sync-collection>` }
	for _, tt := range []struct {
		name, body string
		want       Report
	}{
		{"sync-level in words of a draft", sync(`<sync-level>infinity</sync-level>`), &SyncCollection{Infinite: true}},
		{"sync-level empty", sync(`<sync-level/>`), &SyncCollection{}},
		{"limit beyond int32", sync(`<limit><nresults> 99999999999999999999 </nresults></limit>`), &SyncCollection{Limit: math.MaxInt32}},
		{"limit of another namespace", sync(`<limit xmlns="urn:x"/>`), &SyncCollection{}},
		{"token around a comment and an element", sync(`<sync-token> a<!-- b -->c<x/>d </sync-token>`), &SyncCollection{Token: "acd"}},
		{"no hrefs", `<calendar-multiget xmlns="` + NSCalDAV + `"/>`, &CalendarMultiget{}},
		{"empty href", `<calendar-multiget xmlns="` + NSCalDAV + `"><href xmlns="DAV:"/><href xmlns="DAV:"> /a </href></calendar-multiget>`,
			&CalendarMultiget{Hrefs: []string{"/a"}}},
		{"filter in capitals and with unknown parts",
			query(`<C:filter xmlns:x="urn:x"><x:a/><C:comp-filter name=" vcalendar "><C:comp-filter name="vtimezone"><x:b/><C:comp-filter name="Standard"/></C:comp-filter>` +
				`<C:comp-filter name="VAVAILABILITY"><C:comp-filter name="AVAILABLE"/></C:comp-filter></C:comp-filter></C:filter>`),
			&CalendarQuery{Prop: PropFind{Names: []xml.Name{D("getetag")}}, Filter: CompFilter{Name: "VCALENDAR", Comps: []CompFilter{
				{Name: "VTIMEZONE", Comps: []CompFilter{{Name: "STANDARD"}}}, {Name: "VAVAILABILITY", Comps: []CompFilter{{Name: "AVAILABLE"}}}}}}},
		{"default collation by name", cardQuery(`<CR:filter><CR:prop-filter name="fn"><CR:text-match collation="default"> a </CR:text-match></CR:prop-filter></CR:filter>`),
			&AddressbookQuery{Filter: AddressFilter{Test: AnyOf, Props: []PropFilter{{Name: "FN", Test: AnyOf,
				Texts: []TextMatch{{Text: " a ", Collation: CollationUnicode, Match: MatchContains}}}}}}},
		{"half-open free-busy", `<free-busy-query xmlns="` + NSCalDAV + `"><time-range end="20260101T000000Z"/></free-busy-query>`,
			&FreeBusyQuery{TimeRange: TimeRange{End: mustUTC(t, "20260101T000000Z")}}},
	} {
		got, err := ParseReport(strings.NewReader(tt.body), Limits{})
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v\ngot  %+v\nwant %+v", tt.name, err, got, tt.want)
		}
	}
}

// TestRequestLimits: the limits on what is asked for, each with a body just over it.
func TestRequestLimits(t *testing.T) {
	t.Parallel()
	lim := Limits{Hrefs: 1, Props: 1, Filters: 3}
	for name, body := range map[string]string{
		"names":      `<propfind xmlns="DAV:"><prop><a/><b/></prop></propfind>`,
		"include":    `<propfind xmlns="DAV:"><allprop/><include><a/><b/></include></propfind>`,
		"hrefs":      `<C:calendar-multiget xmlns:C="` + NSCalDAV + `" xmlns="DAV:"><href>/a</href><href>/b</href></C:calendar-multiget>`,
		"filters":    inEvent(`<C:prop-filter name="UID"><C:text-match>a</C:text-match></C:prop-filter>`),
		"parameters": cardQuery(`<CR:filter><CR:prop-filter name="FN"><CR:param-filter name="A"/><CR:param-filter name="B"/><CR:param-filter name="C"/></CR:prop-filter></CR:filter>`),
		"selection":  calendarData(`<C:comp name="A"><C:prop name="B"/><C:prop name="C"/><C:prop name="D"/></C:comp>`),
		"expand":     `<expand-property xmlns="DAV:"><property name="a"><property name="b"/></property></expand-property>`,
		"searches": `<principal-property-search xmlns="DAV:"><property-search><prop/><match/></property-search>` +
			`<property-search><prop/><match/></property-search></principal-property-search>`,
		"tokens": `<calendarserver-principal-search xmlns="` + NSCalendarServer + `"><search-token>a</search-token><search-token>b</search-token></calendarserver-principal-search>`,
	} {
		if _, _, err := parseAny([]byte(body), lim); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := parseAny([]byte(body), Limits{}); err != nil {
			t.Errorf("%s without limits: %v", name, err)
		}
	}
}

func TestElementAccess(t *testing.T) {
	t.Parallel()
	el, err := ParseElement([]byte(`<ICAL:calendar-color xmlns:ICAL="http://apple.com/ns/ical/" symbolic-color=" red " xml:lang="de" ICAL:x="y">#FF0000FF</ICAL:calendar-color>`))
	if err != nil {
		t.Fatal(err)
	}
	color, ok := el.Attr("symbolic-color")
	if el.Name != ICAL("calendar-color") || color != "red" || !ok || el.Lang() != "de" || el.Value() != "#FF0000FF" {
		t.Errorf("%+v", el)
	}
	if _, ok := el.Attr("x"); ok {
		t.Error("an attribute with a namespace passed for one without")
	}
	want := `<ICAL:calendar-color xmlns:ICAL="http://apple.com/ns/ical/" symbolic-color=" red " xml:lang="de" ICAL:x="y">#FF0000FF</ICAL:calendar-color>`
	if got := string(AppendStandalone(nil, el)); got != want {
		t.Errorf("printed again: %s", got)
	}
	if got := string(AppendElement(nil, el)); got != strings.Replace(want, ` xmlns:ICAL="http://apple.com/ns/ical/"`, "", 1) {
		t.Errorf("printed inside: %s", got)
	}
	if el.Child(D("none")) != nil || len(el.Names()) != 0 {
		t.Error("children out of nowhere")
	}
}

func TestPreconditionError(t *testing.T) {
	t.Parallel()
	_, err := ParseReport(strings.NewReader(query(``)), Limits{})
	var p *Precondition
	if !errors.As(err, &p) || p.Condition().Name != C("valid-filter") || !strings.Contains(err.Error(), "valid-filter") {
		t.Errorf("%v", err)
	}
	if errors.Is(err, ErrMalformed) || errors.Is(err, ErrTooLarge) {
		t.Errorf("%v has two kinds", err)
	}
}

func mustUTC(t *testing.T, s string) time.Time {
	t.Helper()
	v, ok := readUTC(s)
	if !ok {
		t.Fatalf("%q", s)
	}
	return v
}
