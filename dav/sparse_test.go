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

// What is too much for one answer is told in parts where the report has parts, and marked as cut short where it has none; the
// connection is never cut.
func TestOccurrencesBeyondOneAnswer(t *testing.T) {
	t.Parallel()
	const objects, each = 200, 30
	s := newServer(t, dav.Limits{TotalSteps: objects * each * 2 / 3})
	s.fill(objects, func(i int) (string, int64, int64) {
		return event(fmt.Sprint(i), "Daily "+strings.Repeat("x", 500), fmt.Sprintf("RRULE:FREQ=DAILY;COUNT=%d", each)), 0, 1 << 40
	})
	expand := `<D:prop><D:getetag/><C:calendar-data><C:expand start="20260101T000000Z" end="20270101T000000Z"/></C:calendar-data></D:prop>`
	cut := func(m *multi) int {
		n := 0
		for _, href := range m.order {
			if r := m.at(href); href == annCal {
				if n++; r.status != "HTTP/1.1 507 Insufficient Storage" || !slices.Contains(r.errors, "number-of-matches-within-limits") {
					t.Errorf("%+v", r)
				}
			}
		}
		return n
	}
	var hrefs strings.Builder
	for i := range objects {
		fmt.Fprintf(&hrefs, "<D:href>%s%d.ics</D:href>", annCal, i)
	}
	m := s.call("REPORT", annCal, `<C:calendar-multiget`+declarations+`>`+expand+hrefs.String()+`</C:calendar-multiget>`).multi()
	if n := cut(m); n != 1 || len(m.order) < objects/2 {
		t.Errorf("multiget: %d marks in %d responses", n, len(m.order))
	}
	known := map[string]bool{}
	token, rounds := "", 0
	for more := true; more; rounds++ {
		m := s.call("REPORT", annCal, `<D:sync-collection`+declarations+`><D:sync-token>`+token+`</D:sync-token><D:sync-level>1</D:sync-level>`+expand+`</D:sync-collection>`).multi()
		if more = cut(m) > 0; m.token == token || rounds > 5 {
			t.Fatalf("round %d does not go on from %s", rounds, token)
		}
		token = m.token
		for _, href := range m.order {
			if href != annCal {
				if known[href] {
					t.Errorf("%s is told twice", href)
				}
				known[href] = true
				if n := strings.Count(m.text(href, "calendar-data"), "BEGIN:VEVENT"); n != each {
					t.Errorf("%s: %d occurrences", href, n)
				}
			}
		}
	}
	if len(known) != objects || rounds != 2 || token != s.propfind(annCal, 0, "D:sync-token").text(annCal, "sync-token") {
		t.Errorf("%d objects in %d rounds", len(known), rounds)
	}
}
