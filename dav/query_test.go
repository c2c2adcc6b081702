package dav_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"crmbridge/dav"
)

func TestCalendarQuery(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	cal := calHome + "all/"
	s.call("MKCALENDAR", cal, "").want(201)
	put := func(name, text string) { s.put(cal+name+".ics", text) }
	put("plain", event("plain", "Plain meeting", "LOCATION:Oslo", "CATEGORIES:Work", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ann@example.org"))
	put("weekly", strings.Replace(event("weekly", "Every week", "RRULE:FREQ=WEEKLY"), "20260110", "20250103", 2))
	put("far", strings.ReplaceAll(event("far", "Straße"), "20260110", "20270110"))
	put("allday", strings.NewReplacer("DTSTART:20260110T100000Z", "DTSTART;VALUE=DATE:20260110", "DTEND:20260110T110000Z\r\n", "").Replace(event("allday", "All day")))
	put("todo", todo("todo", "No dates at all"))
	put("due", todo("due", "Due", "DUE:20260111T100000Z", "STATUS:COMPLETED"))
	put("alarm", event("alarm", "With alarm", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-P10D", "DESCRIPTION:x", "END:VALARM"))

	event := func(inner string) string { return `<C:comp-filter name="VEVENT">` + inner + `</C:comp-filter>` }
	day := `<C:time-range start="20260110T000000Z" end="20260111T000000Z"/>`
	for name, c := range map[string]struct {
		filter string
		want   string
	}{
		"all":              {"", "plain weekly far allday todo due alarm"},
		"events":           {event(""), "plain weekly far allday alarm"},
		"tasks":            {`<C:comp-filter name="VTODO"/>`, "todo due"},
		"journal":          {`<C:comp-filter name="VJOURNAL"/>`, ""},
		"no events":        {`<C:comp-filter name="VEVENT"><C:is-not-defined/></C:comp-filter>`, "todo due"},
		"a day":            {event(day), "plain allday alarm"},
		"the weekly":       {event(`<C:time-range start="20260116T000000Z" end="20260117T000000Z"/>`), "weekly"},
		"from (KDE)":       {event(`<C:time-range start="20260601T000000Z"/>`), "weekly far"},
		"until":            {event(`<C:time-range end="20250201T000000Z"/>`), "weekly"},
		"tasks in time":    {`<C:comp-filter name="VTODO"><C:time-range start="20260111T000000Z" end="20260112T000000Z"/></C:comp-filter>`, "todo due"},
		"tasks before":     {`<C:comp-filter name="VTODO"><C:time-range start="20260101T000000Z" end="20260102T000000Z"/></C:comp-filter>`, "todo"},
		"open tasks":       {`<C:comp-filter name="VTODO"><C:prop-filter name="STATUS"><C:text-match negate-condition="yes">COMPLETED</C:text-match></C:prop-filter></C:comp-filter>`, ""},
		"without status":   {`<C:comp-filter name="VTODO"><C:prop-filter name="STATUS"><C:is-not-defined/></C:prop-filter></C:comp-filter>`, "todo"},
		"text, any case":   {event(`<C:prop-filter name="SUMMARY"><C:text-match>MEETING</C:text-match></C:prop-filter>`), "plain"},
		"octet":            {event(`<C:prop-filter name="SUMMARY"><C:text-match collation="i;octet">MEETING</C:text-match></C:prop-filter>`), ""},
		"unicode":          {event(`<C:prop-filter name="SUMMARY"><C:text-match collation="i;unicode-casemap">STRASSE</C:text-match></C:prop-filter>`), "far"},
		"negate":           {event(`<C:prop-filter name="LOCATION"><C:text-match negate-condition="yes">oslo</C:text-match></C:prop-filter>`), ""},
		"parameter":        {event(`<C:prop-filter name="ATTENDEE"><C:text-match>ann@</C:text-match><C:param-filter name="PARTSTAT"><C:text-match>NEEDS-ACTION</C:text-match></C:param-filter></C:prop-filter>`), "plain"},
		"no parameter":     {event(`<C:prop-filter name="ATTENDEE"><C:param-filter name="ROLE"><C:is-not-defined/></C:param-filter></C:prop-filter>`), "plain"},
		"alarm":            {event(`<C:comp-filter name="VALARM"><C:time-range start="20251231T000000Z" end="20260101T000000Z"/></C:comp-filter>`), "alarm"},
		"and":              {event(day + `<C:prop-filter name="CATEGORIES"><C:text-match>work</C:text-match></C:prop-filter>`), "plain"},
		"by UID":           {event(`<C:prop-filter name="UID"><C:text-match collation="i;octet">far</C:text-match></C:prop-filter>`), "far"},
		"lower-case names": {`<C:comp-filter name="vevent"><C:prop-filter name="location"/></C:comp-filter>`, "plain"},
	} {
		for _, props := range [][]string{{"D:getetag"}, {"D:getetag", "C:calendar-data"}} {
			m := s.call("REPORT", cal, calendarQuery(c.filter, props...), "Depth: 1").multi()
			want := []string{}
			for _, n := range strings.Fields(c.want) {
				want = append(want, cal+n+".ics")
			}
			if !slices.Equal(m.order, want) && len(m.order)+len(want) > 0 {
				t.Errorf("%s: %v, want %v", name, m.order, want)
			}
		}
	}
}

func TestBadQueries(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"a.ics", event("a", "A"))
	filter := func(inner string) string {
		return calendarQuery(`<C:comp-filter name="VEVENT">` + inner + `</C:comp-filter>`)
	}
	for name, c := range map[string]struct {
		path, body string
		space      string
		condition  string
	}{
		"no filter":     {annCal, ask("C:calendar-query", "D:getetag"), nsC, "valid-filter"},
		"odd time":      {annCal, filter(`<C:time-range start="yesterday"/>`), nsC, "valid-filter"},
		"collation":     {annCal, filter(`<C:prop-filter name="X"><C:text-match collation="i;klingon">x</C:text-match></C:prop-filter>`), nsC, "supported-collation"},
		"unknown part":  {annCal, filter(`<C:moon-phase/>`), nsC, "supported-filter"},
		"data type":     {annCal, askMore("C:calendar-query", `<D:prop><C:calendar-data content-type="application/json"/></D:prop><C:filter><C:comp-filter name="VCALENDAR"/></C:filter>`, "D:getetag"), nsC, "supported-calendar-data"},
		"card version":  {annBook, `<CR:addressbook-query` + declarations + `><D:prop><CR:address-data content-type="text/vcard" version="2.1"/></D:prop><CR:filter/></CR:addressbook-query>`, nsCR, "supported-address-data"},
		"timezone":      {annCal, askMore("C:calendar-query", `<C:filter><C:comp-filter name="VCALENDAR"/></C:filter><C:timezone>rubbish</C:timezone>`, "D:getetag"), nsC, "valid-calendar-data"},
		"wrong place":   {annBook, filter(""), nsD, "supported-report"},
		"on the home":   {calHome, filter(""), nsD, "supported-report"},
		"unknown":       {annCal, `<X:report xmlns:X="urn:example"/>`, nsD, "supported-report"},
		"cards on cal":  {annCal, askMore("CR:addressbook-query", "<CR:filter/>", "D:getetag"), nsD, "supported-report"},
		"sync infinite": {calHome, askMore("D:sync-collection", "<D:sync-token/><D:sync-level>infinite</D:sync-level>", "D:getetag"), nsD, "sync-traversal-supported"},
	} {
		t.Run(name, func(t *testing.T) {
			run := *s
			run.t = t
			run.call("REPORT", c.path, c.body, "Depth: 1").want(403).condition(c.space, c.condition)
		})
	}
}

func TestExpandAndPartialData(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Limits{Steps: 100, TotalSteps: 150})
	s.put(annCal+"w.ics", event("w", "Weekly", "RRULE:FREQ=WEEKLY", "EXDATE:20260117T100000Z", "X-OWN:1"))
	data := func(inner, comp string) *reply {
		return s.call("REPORT", annCal, `<C:calendar-query`+declarations+`><D:prop><D:getetag/><C:calendar-data>`+inner+`</C:calendar-data></D:prop>
			<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">`+comp+`</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`, "Depth: 1")
	}
	january := `start="20260101T000000Z" end="20260201T000000Z"`
	got := data(`<C:expand `+january+`/>`, `<C:time-range `+january+`/>`).multi().text(annCal+"w.ics", "calendar-data")
	if n := strings.Count(got, "BEGIN:VEVENT"); n != 3 || strings.Contains(got, "RRULE") || !strings.Contains(got, "RECURRENCE-ID:20260124T100000Z") {
		t.Errorf("%d occurrences in %s", n, got)
	}
	got = data(`<C:comp name="VCALENDAR"><C:prop name="VERSION"/><C:comp name="VEVENT"><C:prop name="UID"/><C:prop name="SUMMARY" novalue="yes"/></C:comp></C:comp>`, "").multi().text(annCal+"w.ics", "calendar-data")
	if got != crlf("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:w", "SUMMARY:", "END:VEVENT", "END:VCALENDAR") {
		t.Errorf("%s", got)
	}
	got = data(`<C:limit-recurrence-set `+january+`/>`, "").multi().text(annCal+"w.ics", "calendar-data")
	if !strings.Contains(got, "RRULE") {
		t.Errorf("%s", got)
	}
	// Too many for one object, then for one request.
	data(`<C:expand start="20260101T000000Z" end="20400101T000000Z"/>`, "").want(403).condition(nsD, "number-of-matches-within-limits")
	for i := range 3 {
		s.put(fmt.Sprintf("%s%d.ics", annCal, i), event(fmt.Sprint(i), "Daily", "RRULE:FREQ=DAILY"))
	}
	data(`<C:expand start="20260101T000000Z" end="20260401T000000Z"/>`, "").want(403).condition(nsD, "number-of-matches-within-limits")
	data(`<C:expand `+january+`/>`, "").want(207)
}

func TestAddressbookQuery(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annBook+"ada.vcf", card("ada", "Ada Lane", "EMAIL;TYPE=work:ada@example.org", "NICKNAME:Countess"))
	s.put(annBook+"bo.vcf", card("bo", "Bo Åsen", "EMAIL;TYPE=home:bo@example.org", "TEL:+47 1"))
	s.put(annBook+"cy.vcf", card("cy", "Cy Lane", "TEL:+47 2"))
	query := func(filter string) *multi {
		return s.call("REPORT", annBook, askMore("CR:addressbook-query", filter, "D:getetag", "CR:address-data"), "Depth: 1").multi()
	}
	prop := func(name, inner string) string {
		return `<CR:prop-filter name="` + name + `">` + inner + `</CR:prop-filter>`
	}
	text := func(how, t string) string { return `<CR:text-match match-type="` + how + `">` + t + `</CR:text-match>` }
	for name, c := range map[string]struct{ filter, want string }{
		"all":         {`<CR:filter/>`, "ada bo cy"},
		"contains":    {`<CR:filter>` + prop("FN", text("contains", "LANE")) + `</CR:filter>`, "ada cy"},
		"equals":      {`<CR:filter>` + prop("FN", text("equals", "ada lane")) + `</CR:filter>`, "ada"},
		"starts-with": {`<CR:filter>` + prop("FN", text("starts-with", "bo")) + `</CR:filter>`, "bo"},
		"ends-with":   {`<CR:filter>` + prop("FN", text("ends-with", "ÅSEN")) + `</CR:filter>`, "bo"},
		"anyof":       {`<CR:filter test="anyof">` + prop("NICKNAME", "") + prop("TEL", text("contains", "2")) + `</CR:filter>`, "ada cy"},
		"allof":       {`<CR:filter test="allof">` + prop("EMAIL", "") + prop("TEL", "") + `</CR:filter>`, "bo"},
		"without":     {`<CR:filter>` + prop("EMAIL", `<CR:is-not-defined/>`) + `</CR:filter>`, "cy"},
		"parameter":   {`<CR:filter>` + prop("EMAIL", `<CR:param-filter name="TYPE">`+text("equals", "home")+`</CR:param-filter>`) + `</CR:filter>`, "bo"},
	} {
		var want []string
		for _, n := range strings.Fields(c.want) {
			want = append(want, annBook+n+".vcf")
		}
		if m := query(c.filter); !slices.Equal(m.order, want) {
			t.Errorf("%s: %v, want %v", name, m.order, want)
		}
	}
	m := query(`<CR:filter/><CR:limit><CR:nresults>2</CR:nresults></CR:limit>`)
	if len(m.order) != 3 || m.at(annBook).status != "HTTP/1.1 507 Insufficient Storage" {
		t.Errorf("%v", m.order)
	}
	part := s.call("REPORT", annBook, `<CR:addressbook-query`+declarations+`><D:prop><CR:address-data><CR:prop name="FN"/></CR:address-data></D:prop>
		<CR:filter>`+prop("UID", text("equals", "ada"))+`</CR:filter></CR:addressbook-query>`).multi()
	if got := part.text(annBook+"ada.vcf", "address-data"); got != crlf("BEGIN:VCARD", "VERSION:3.0", "FN:Ada Lane", "END:VCARD") {
		t.Errorf("%q", got)
	}
}

func TestExpandProperty(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := s.call("REPORT", annCal, `<D:expand-property xmlns:D="DAV:"><D:property name="owner"><D:property name="displayname"/>
		<D:property name="calendar-home-set" namespace="`+nsC+`"><D:property name="displayname"/></D:property><D:property name="none"/></D:property>
		<D:property name="getctag" namespace="`+nsCS+`"/><D:property name="never"/></D:expand-property>`).multi().at(annCal)
	owner := r.found["owner"].child(nsD, "response")
	if owner == nil || owner.child(nsD, "href").Text != "/dav/principals/ann/" || r.found["getctag"] == nil || !slices.Equal(r.gone, []string{"never"}) {
		t.Fatalf("%+v", r)
	}
	props := owner.all(nsD, "propstat")[0].child(nsD, "prop")
	if props.child(nsD, "displayname").Text != "Ann Example" {
		t.Errorf("%v", props)
	}
	home := props.child(nsC, "calendar-home-set").child(nsD, "response")
	if home == nil || home.child(nsD, "href").Text != calHome {
		t.Errorf("%v", home)
	}
}
