package dav_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/dav"
)

// RFC 4791 5.2.5 to 5.2.9, 5.3.2.1 and RFC 6352 6.2.3: each limit is published, and what is over it names it.
func TestPublishedLimits(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Limits{Object: 4000, Attendees: 3, Steps: 10})
	m := s.propfind(annCal, 0, "C:max-resource-size", "C:min-date-time", "C:max-date-time", "C:max-instances", "C:max-attendees-per-instance")
	for name, want := range map[string]string{
		"max-resource-size": "4000", "min-date-time": "16010101T000000Z", "max-date-time": "99991231T235959Z", "max-instances": "10", "max-attendees-per-instance": "3",
	} {
		if got := m.text(annCal, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	guests := func(n int) string {
		var lines []string
		for i := range n {
			lines = append(lines, fmt.Sprintf("ATTENDEE:mailto:guest%d@example.org", i))
		}
		return event("a", "A", lines...)
	}
	at := func(start string) string {
		return crlf("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:a", "DTSTART"+start, "END:VEVENT", "END:VCALENDAR")
	}
	for name, c := range map[string]struct{ text, condition string }{
		"size, at it":             {event("a", strings.Repeat("x", 4000-len(event("a", "")))), ""},
		"size":                    {event("a", strings.Repeat("x", 4001-len(event("a", "")))), "max-resource-size"},
		"attendees, at it":        {guests(3), ""},
		"attendees":               {guests(4), "max-attendees-per-instance"},
		"earliest":                {at(":16010101T000000Z"), ""},
		"too early":               {at(":16001231T235959Z"), "min-date-time"},
		"too early a day":         {at(";VALUE=DATE:15000101"), "min-date-time"},
		"early in a zone's table": {strings.Replace(zoned("a", "Our Office", ownZone), "19700101T000000", "00010101T000000", 1), ""},
		"latest":                  {at(":99991231T235959Z"), ""},
		"too late":                {at(";TZID=America/New_York:99991231T200000"), "max-date-time"},
		"too late a single date":  {event("a", "A", "RDATE;TZID=America/New_York:99991231T200000"), "max-date-time"},
		".NET's unknown":          {event("a", "A", "CREATED:00010101T000000Z", "LAST-MODIFIED:00010101T000000Z", "EXDATE:00010101T000000Z"), ""},
		"instances, at it":        {event("a", "A", "RRULE:FREQ=DAILY;COUNT=10"), ""},
		"instances":               {event("a", "A", "RRULE:FREQ=DAILY;COUNT=11"), "max-instances"},
		"instances by until":      {event("a", "A", "RRULE:FREQ=DAILY;UNTIL=20260201T000000Z"), "max-instances"},
		"instances by dates":      {event("a", "A", "RDATE:20260201T100000Z,20260202T100000Z", "RRULE:FREQ=DAILY;COUNT=9"), "max-instances"},
		// A series without end has no number of instances; what a query may see of it is bounded there.
		"without end":    {event("a", "A", "RRULE:FREQ=DAILY"), ""},
		"every second":   {event("a", "A", "RRULE:FREQ=SECONDLY"), "supported-rrule"},
		"no such format": {strings.Replace(event("a", "A"), "VERSION:2.0", "VERSION:1.0", 1), "supported-calendar-data"},
	} {
		r := s.call("PUT", annCal+"a.ics", c.text)
		if c.condition == "" {
			if r.Status >= 300 {
				t.Errorf("%s: %d %s", name, r.Status, r.Body)
			}
			continue
		}
		if r.Status != 403 {
			t.Errorf("%s: %d", name, r.Status)
			continue
		}
		r.condition(nsC, c.condition)
	}
	book := s.propfind(annBook, 0, "CR:max-resource-size", "CR:supported-address-data")
	if book.text(annBook, "max-resource-size") == "" || len(book.at(annBook).found["supported-address-data"].Children) != 2 {
		t.Errorf("%v", book.at(annBook).found)
	}
}

// What is published where nobody has set anything, and kept: 10 000 occurrences of one series, 50 000 of a request.
func TestLimitsOfADefaultServer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	m := s.propfind(annCal, 0, "C:max-resource-size", "C:max-instances", "C:max-attendees-per-instance")
	for name, want := range map[string]string{"max-resource-size": "1048576", "max-instances": "10000", "max-attendees-per-instance": "500"} {
		if got := m.text(annCal, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	expand := func(hours int) *reply {
		end := time.Date(2026, 1, 10, 10, 0, 0, 0, time.UTC).Add(time.Duration(hours) * time.Hour).Format("20060102T150405Z")
		return s.call("REPORT", annCal, `<C:calendar-query`+declarations+`><D:prop><C:calendar-data><C:comp name="VCALENDAR"><C:comp name="VEVENT"><C:prop name="DTSTART"/></C:comp></C:comp>
			<C:expand start="20260110T100000Z" end="`+end+`"/></C:calendar-data></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter></C:filter></C:calendar-query>`, "Depth: 1")
	}
	s.put(annCal+"0.ics", event("0", "Hourly", "RRULE:FREQ=HOURLY"))
	if n := strings.Count(string(expand(10_000).want(207).Body), "BEGIN:VEVENT"); n != 10_000 {
		t.Errorf("%d occurrences", n)
	}
	expand(10_001).want(403).condition(nsD, "number-of-matches-within-limits")
	for i := range 5 { // six with the first
		uid := fmt.Sprint(i + 1)
		s.put(annCal+uid+".ics", event(uid, "Hourly", "RRULE:FREQ=HOURLY"))
	}
	m = expand(9_000).multi()
	if r := m.at(annCal); r.status != "HTTP/1.1 507 Insufficient Storage" || len(m.order) != 6 {
		t.Errorf("54 000 occurrences: %v", m.order)
	}
}

// RFC 4791 7.5.1, 7.8 and RFC 6352 8.3.1, 8.6: what is published of comparing is what works, and what does not is named.
func TestCollationsAndFilters(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"a.ics", event("a", "Straße"))
	s.put(annBook+"a.vcf", card("a", "Ada Straße"))
	ask := map[string]func(inner string) *reply{
		annCal: func(inner string) *reply {
			return s.call("REPORT", annCal, calendarQuery(`<C:comp-filter name="VEVENT">`+strings.ReplaceAll(strings.ReplaceAll(inner, "P:", "C:"), "NAME", "SUMMARY")+`</C:comp-filter>`, "D:getetag"), "Depth: 1")
		},
		annBook: func(inner string) *reply {
			return s.call("REPORT", annBook, askMore("CR:addressbook-query", `<CR:filter>`+strings.ReplaceAll(strings.ReplaceAll(inner, "P:", "CR:"), "NAME", "FN")+`</CR:filter>`, "D:getetag"), "Depth: 1")
		},
	}
	for path, query := range ask {
		space := map[string]string{annCal: nsC, annBook: nsCR}[path]
		prefix := map[string]string{annCal: "C", annBook: "CR"}[path]
		set := s.propfind(path, 0, prefix+":supported-collation-set").at(path).found["supported-collation-set"]
		hits := map[string]int{"i;ascii-casemap": 0, "i;octet": 0, "i;unicode-casemap": 1}
		if len(set.Children) != len(hits) {
			t.Errorf("%s: %v", path, set.names())
		}
		for _, c := range set.Children {
			want, known := hits[c.Text]
			r := query(`<P:prop-filter name="NAME"><P:text-match collation="` + c.Text + `">STRASSE</P:text-match></P:prop-filter>`)
			if got := len(r.multi().order); !known || got != want {
				t.Errorf("%s with %s: %d", path, c.Text, got)
			}
		}
		query(`<P:prop-filter name="NAME"><P:text-match collation="i;unknown">x</P:text-match></P:prop-filter>`).want(403).condition(space, "supported-collation")
		query(`<P:prop-filter name="NAME"><P:whatever/></P:prop-filter>`).want(403).condition(space, "supported-filter")
		query(`<P:prop-filter name="NAME"><P:param-filter name="X"><P:whatever/></P:param-filter></P:prop-filter>`).want(403).condition(space, "supported-filter")
		query(`<P:whatever/>`).want(403).condition(space, "supported-filter")
		// RFC 4918 17: what belongs to nobody's filter is passed over.
		if got := len(query(`<X:whatever/><P:prop-filter name="NAME"/>`).multi().order); got != 1 {
			t.Errorf("%s: %d", path, got)
		}
	}
}
