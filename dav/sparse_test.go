package dav_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/dav"
)

// withSparse is a server with plain events before and after series that are long to follow and have no occurrence.
func withSparse(t *testing.T, limits ...dav.Limits) *server {
	t.Helper()
	s := newServer(t, limits...)
	s.put(annCal+"a.ics", event("a", "A"))
	for i := range 20 {
		s.put(fmt.Sprintf("%sn%02d.ics", annCal, i), strings.Replace(event(fmt.Sprint("n", i), "Never", "RRULE:FREQ=HOURLY;BYMINUTE=0;BYSETPOS=2"),
			"DTSTART:20260110T100000Z\r\nDTEND:20260110T110000Z", "DTSTART:20200130T100000Z\r\nDTEND:20200130T110000Z", 1))
	}
	s.put(annCal+"weekly.ics", event("weekly", "Weekly", "RRULE:FREQ=WEEKLY"))
	s.put(annCal+"past.ics", strings.ReplaceAll(event("past", "Past", "RRULE:FREQ=WEEKLY;COUNT=3"), "20260110T", "20230110T"))
	s.put(annCal+"z.ics", event("z", "Z"))
	return s
}

func yearQuery(data, more string) string {
	return `<C:calendar-query` + declarations + `><D:prop><D:getetag/>` + data + `</D:prop><C:filter><C:comp-filter name="VCALENDAR">
		<C:comp-filter name="VEVENT"><C:time-range start="20251201T000000Z" end="20261201T000000Z"/>` + more + `</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`
}

// A client takes what an answer leaves out for deleted. So what is too long to follow is in it, and all else is judged.
func TestSparseRulesLeaveNothingOut(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]dav.Limits{
		"steps": {},
		"time":  {Query: 1, Time: time.Minute}, // a nanosecond: spent by the first object
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := withSparse(t, limits)
			for what, data := range map[string]string{"etags": "", "texts": "<C:calendar-data/>", "part": `<C:calendar-data><C:limit-recurrence-set start="20251201T000000Z" end="20261201T000000Z"/></C:calendar-data>`} {
				m := s.call("REPORT", annCal, yearQuery(data, ""), "Depth: 1").multi()
				for _, name := range []string{"a", "z", "weekly", "n19"} {
					if !slices.Contains(m.order, annCal+name+".ics") {
						t.Errorf("%s: %s is missing in %v", what, name, m.order)
					}
				}
				if slices.Contains(m.order, annCal+"past.ics") || slices.Contains(m.order, annCal) {
					t.Errorf("%s: %v", what, m.order)
				}
			}
			// Conditions on texts hold all the same.
			m := s.call("REPORT", annCal, yearQuery("", `<C:prop-filter name="SUMMARY"><C:text-match>Z</C:text-match></C:prop-filter>`), "Depth: 1").multi()
			if !slices.Equal(m.order, []string{annCal + "z.ics"}) {
				t.Errorf("%v", m.order)
			}
		})
	}
}

// Who wants the occurrences themselves cannot be given what is not known.
func TestSparseRulesExpanded(t *testing.T) {
	t.Parallel()
	s := withSparse(t)
	year := `start="20251201T000000Z" end="20261201T000000Z"`
	r := s.call("REPORT", annCal, yearQuery(`<C:calendar-data><C:expand `+year+`/></C:calendar-data>`, ""), "Depth: 1")
	if r.Status == 207 {
		if m := r.multi(); m.at(annCal).status != "HTTP/1.1 507 Insufficient Storage" {
			t.Errorf("%v", m.order)
		}
		return
	}
	r.want(403).condition(nsD, "number-of-matches-within-limits")
}
