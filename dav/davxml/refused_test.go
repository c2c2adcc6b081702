package davxml

import (
	"errors"
	"testing"
)

// TestRefused gives bodies that are wrong and the kind of error each has to have.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		want       error
	}{
		{"attribute twice", `<D:propfind xmlns:D="DAV:" xmlns:E="DAV:" D:a="1" E:a="2"><D:allprop/></D:propfind>`, ErrMalformed},
		{"card collation", cardQuery(`<CR:filter><CR:prop-filter name="FN"><CR:text-match collation="i;basic">a</CR:text-match></CR:prop-filter></CR:filter>`), &Precondition{Name: CR("supported-collation")}},
		{"card limit", cardQuery(`<CR:filter/><CR:limit><CR:nresults>-1</CR:nresults></CR:limit>`), ErrMalformed},
		{"card match type", cardQuery(`<CR:filter><CR:prop-filter name="FN"><CR:text-match match-type="regex">a</CR:text-match></CR:prop-filter></CR:filter>`), ErrMalformed},
		{"card test", cardQuery(`<CR:filter test="some"><CR:prop-filter name="FN"/></CR:filter>`), ErrMalformed},
		{"card time range", cardQuery(`<CR:filter><CR:prop-filter name="BDAY"><CR:time-range start="20260101T000000Z"/></CR:prop-filter></CR:filter>`), &Precondition{Name: CR("supported-filter")}},
		{"colons", `<a:b:c xmlns:a="DAV:"/>`, ErrMalformed},
		{"control", "<propfind xmlns=\"DAV:\"><prop><a>\x01</a></prop></propfind>", ErrMalformed},
		{"cs search nothing", `<calendarserver-principal-search xmlns="http://calendarserver.org/ns/"/>`, ErrMalformed},
		{"data comp no name", calendarData(`<C:comp/>`), ErrMalformed},
		{"data expand and limit", calendarData(`<C:expand start="20260101T000000Z" end="20260201T000000Z"/><C:limit-recurrence-set start="20260101T000000Z" end="20260201T000000Z"/>`), ErrMalformed},
		{"data expand open", calendarData(`<C:expand start="20260101T000000Z"/>`), ErrMalformed},
		{"data novalue", calendarData(`<C:comp name="VCALENDAR"><C:prop name="UID" novalue="1"/></C:comp>`), ErrMalformed},
		{"doctype", `<?xml version="1.0"?><!DOCTYPE propfind [<!ENTITY a "x">]><propfind xmlns="DAV:"><allprop/></propfind>`, ErrMalformed},
		{"empty prefix", `<D:propfind xmlns:D="DAV:" xmlns:E=""><D:allprop/></D:propfind>`, ErrMalformed},
		{"entity", `<propfind xmlns="DAV:"><prop><a>&nbsp;</a></prop></propfind>`, ErrMalformed},
		{"expand name", `<expand-property xmlns="DAV:"><property name="a&gt;b"/></expand-property>`, ErrMalformed},
		{"free busy no range", `<free-busy-query xmlns="urn:ietf:params:xml:ns:caldav"/>`, ErrMalformed},
		{"free busy reversed", `<free-busy-query xmlns="urn:ietf:params:xml:ns:caldav"><time-range start="20260102T000000Z" end="20260101T000000Z"/></free-busy-query>`, ErrMalformed},
		{"late declaration", `<propfind xmlns="DAV:"><?xml version="1.0"?><allprop/></propfind>`, ErrMalformed},
		{"latin1", `<?xml version="1.0" encoding="iso-8859-1"?><propfind xmlns="DAV:"><allprop/></propfind>`, ErrEncoding},
		{"mismatch", `<propfind xmlns="DAV:"><allprop></propfind></allprop>`, ErrMalformed},
		{"prefix twice", `<D:propfind xmlns:D="DAV:" xmlns:D="DAV:"><D:allprop/></D:propfind>`, ErrMalformed},
		{"principal match nothing", `<principal-match xmlns="DAV:"/>`, ErrMalformed},
		{"principal search no match", `<principal-property-search xmlns="DAV:"><property-search><prop/></property-search></principal-property-search>`, ErrMalformed},
		{"principal search nothing", `<principal-property-search xmlns="DAV:"><prop/></principal-property-search>`, ErrMalformed},
		{"propertyupdate empty", `<propertyupdate xmlns="DAV:"/>`, ErrMalformed},
		{"propfind empty", `<propfind xmlns="DAV:"/>`, ErrMalformed},
		{"propfind two kinds", `<propfind xmlns="DAV:"><allprop/><prop><getetag/></prop></propfind>`, ErrMalformed},
		{"query alarm misplaced", query(`<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VALARM"/></C:comp-filter></C:filter>`), &Precondition{Name: C("valid-filter")}},
		{"query collation", inEvent(`<C:prop-filter name="UID"><C:text-match collation="i;basic">a</C:text-match></C:prop-filter>`), &Precondition{Name: C("supported-collation")}},
		{"query empty filter", query(`<C:filter/>`), &Precondition{Name: C("valid-filter")}},
		{"query negate", inEvent(`<C:prop-filter name="UID"><C:text-match negate-condition="maybe">a</C:text-match></C:prop-filter>`), &Precondition{Name: C("valid-filter")}},
		{"query no filter", query(``), &Precondition{Name: C("valid-filter")}},
		{"query no name", query(`<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter/></C:comp-filter></C:filter>`), &Precondition{Name: C("valid-filter")}},
		{"query not defined and more", inEvent(`<C:is-not-defined/><C:prop-filter name="UID"/>`), &Precondition{Name: C("valid-filter")}},
		{"query outer vevent", query(`<C:filter><C:comp-filter name="VEVENT"/></C:filter>`), &Precondition{Name: C("valid-filter")}},
		{"query param not defined and more", inEvent(`<C:prop-filter name="UID"><C:param-filter name="X"><C:is-not-defined/><C:text-match>a</C:text-match></C:param-filter></C:prop-filter>`), &Precondition{Name: C("valid-filter")}},
		{"query prop not defined and more", inEvent(`<C:prop-filter name="UID"><C:is-not-defined/><C:text-match>a</C:text-match></C:prop-filter>`), &Precondition{Name: C("valid-filter")}},
		{"query range date", inEvent(`<C:time-range start="20260102"/>`), &Precondition{Name: C("valid-filter")}},
		{"query range empty", inEvent(`<C:time-range/>`), &Precondition{Name: C("valid-filter")}},
		{"query range fraction", inEvent(`<C:time-range start="20260102T000000.5Z"/>`), &Precondition{Name: C("valid-filter")}},
		{"query range impossible", inEvent(`<C:time-range start="20260230T000000Z"/>`), &Precondition{Name: C("valid-filter")}},
		{"query range local", inEvent(`<C:time-range start="20260102T000000"/>`), &Precondition{Name: C("valid-filter")}},
		{"query range on summary", inEvent(`<C:prop-filter name="SUMMARY"><C:time-range start="20260102T000000Z"/></C:prop-filter>`), &Precondition{Name: C("valid-filter")}},
		{"query range reversed", inEvent(`<C:time-range start="20260102T000000Z" end="20260101T000000Z"/>`), &Precondition{Name: C("valid-filter")}},
		{"query range zero", inEvent(`<C:time-range start="20260102T000000Z" end="20260102T000000Z"/>`), &Precondition{Name: C("valid-filter")}},
		{"query stray filter", query(`<C:filter><C:comp-filter name="VCALENDAR"/><C:prop-filter name="UID"/></C:filter>`), &Precondition{Name: C("supported-filter")}},
		{"query two filters", query(`<C:filter><C:comp-filter name="VCALENDAR"/></C:filter><C:filter><C:comp-filter name="VCALENDAR"/></C:filter>`), &Precondition{Name: C("valid-filter")}},
		{"query two outer", query(`<C:filter><C:comp-filter name="VCALENDAR"/><C:comp-filter name="VCALENDAR"/></C:filter>`), &Precondition{Name: C("valid-filter")}},
		{"query two ranges", inEvent(`<C:time-range start="20260102T000000Z"/><C:time-range end="20270102T000000Z"/>`), &Precondition{Name: C("valid-filter")}},
		{"query two texts", inEvent(`<C:prop-filter name="UID"><C:text-match>a</C:text-match><C:text-match>b</C:text-match></C:prop-filter>`), &Precondition{Name: C("valid-filter")}},
		{"query unknown condition", inEvent(`<C:prop-filter name="UID"><C:sounds-like>a</C:sounds-like></C:prop-filter>`), &Precondition{Name: C("supported-filter")}},
		{"query vcalendar range", query(`<C:filter><C:comp-filter name="VCALENDAR"><C:time-range start="20260101T000000Z"/></C:comp-filter></C:filter>`), &Precondition{Name: C("valid-filter")}},
		{"query vtodo in vevent", inEvent(`<C:comp-filter name="VTODO"/>`), &Precondition{Name: C("valid-filter")}},
		{"reserved prefix", `<propfind xmlns="DAV:" xmlns:xml="urn:x"><allprop/></propfind>`, ErrMalformed},
		{"same name other prefix", `<a:propfind xmlns:a="DAV:" xmlns:b="DAV:"></b:propfind>`, ErrMalformed},
		{"sync level", `<sync-collection xmlns="DAV:"><sync-token/><sync-level>2</sync-level><prop/></sync-collection>`, ErrMalformed},
		{"sync limit", `<sync-collection xmlns="DAV:"><sync-token/><limit><nresults>0</nresults></limit><prop/></sync-collection>`, ErrMalformed},
		{"text after root", `<propfind xmlns="DAV:"><allprop/></propfind>junk`, ErrMalformed},
		{"text only", `BEGIN:VCALENDAR`, ErrMalformed},
		{"two roots", `<propfind xmlns="DAV:"><allprop/></propfind><propfind xmlns="DAV:"><allprop/></propfind>`, ErrMalformed},
		{"unclosed", `<propfind xmlns="DAV:"><allprop/>`, ErrMalformed},
		{"undeclared attribute prefix", `<propfind xmlns="DAV:" q:a="1"><allprop/></propfind>`, ErrMalformed},
		{"undeclared prefix", `<D:propfind xmlns="DAV:"><allprop/></D:propfind>`, ErrMalformed},
		{"unknown report namespace", `<calendar-query xmlns="DAV:"/>`, ErrUnsupportedReport},
		{"unknown report", `<version-tree xmlns="DAV:"/>`, ErrUnsupportedReport},
		{"unopened", `<propfind xmlns="DAV:"><allprop/></propfind></propfind>`, ErrMalformed},
		{"utf16", "\xff\xfe<\x00a\x00/\x00>\x00", ErrEncoding},
		{"utf8", "<propfind xmlns=\"DAV:\"><prop><a>\xfc</a></prop></propfind>", ErrMalformed},
		{"version", `<?xml version="1.1"?><propfind xmlns="DAV:"><allprop/></propfind>`, ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := parseAny([]byte(tt.body), Limits{})
			var want, got *Precondition
			if errors.As(tt.want, &want) {
				if !errors.As(err, &got) || got.Name != want.Name {
					t.Fatalf("got %v, want precondition %s", err, nameString(want.Name))
				}
				if got.Msg == "" {
					t.Error("no message")
				}
				return
			}
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if tt.want == ErrEncoding && !errors.Is(err, ErrMalformed) {
				t.Errorf("%v is not ErrMalformed", err)
			}
		})
	}
}

func query(rest string) string {
	return `<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><D:getetag/></D:prop>` +
		rest + `</C:calendar-query>`
}

func inEvent(conditions string) string {
	return query(`<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">` + conditions +
		`</C:comp-filter></C:comp-filter></C:filter>`)
}

func calendarData(selection string) string {
	return `<C:calendar-multiget xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><C:calendar-data>` +
		selection + `</C:calendar-data></D:prop><D:href>/a</D:href></C:calendar-multiget>`
}

func cardQuery(rest string) string {
	return `<CR:addressbook-query xmlns:CR="urn:ietf:params:xml:ns:carddav" xmlns:D="DAV:">` + rest +
		`</CR:addressbook-query>`
}
