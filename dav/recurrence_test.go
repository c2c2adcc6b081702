package dav_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// enough is far more than any answer here takes, and far less than following a rule for ever would: tests share
// their machine.
const enough = 30 * time.Second

// hardSeries are taken at PUT, since they break no rule, and are made to cost much when somebody asks for them.
var hardSeries = map[string]string{
	"30 February":            "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
	"30 February every hour": "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
	"against itself":         "RRULE:FREQ=HOURLY\r\nEXRULE:FREQ=HOURLY",
	"many at once":           "RRULE:FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYMONTHDAY=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15;BYHOUR=" + upTo(23) + ";BYMINUTE=" + upTo(59) + ";BYSECOND=" + upTo(59),
	"the last of many":       "RRULE:FREQ=YEARLY;BYYEARDAY=" + upTo(366)[2:] + ";BYHOUR=" + upTo(23) + ";BYMINUTE=" + upTo(59) + ";BYSETPOS=-1,-2",
	"no such month":          "RRULE:FREQ=MONTHLY;BYMONTH=2,4,6,9,11;BYMONTHDAY=31;BYHOUR=" + upTo(23),
	"many exceptions":        "RRULE:FREQ=HOURLY\r\nEXDATE:" + strings.TrimSuffix(strings.Repeat("20260110T100000Z,", 9_000), ","),
}

func upTo(n int) string {
	var b strings.Builder
	for i := range n + 1 {
		fmt.Fprintf(&b, ",%d", i)
	}
	return b.String()[1:]
}

// TestHardSeriesEndInAnswers: whatever is asked of them, the answer comes soon, and one that cannot be whole says so.
func TestHardSeriesEndInAnswers(t *testing.T) {
	t.Parallel()
	const far = `start="20260101T000000Z" end="29990101T000000Z"`
	inRange := func(r string) string {
		return `<C:comp-filter name="VEVENT"><C:time-range ` + r + `/></C:comp-filter>`
	}
	data := func(inner string) string {
		return `<?xml version="1.0"?><C:calendar-query` + declarations + `><D:prop><C:calendar-data>` + inner + `</C:calendar-data></D:prop><C:filter><C:comp-filter name="VCALENDAR">` +
			`<C:comp-filter name="VEVENT"/></C:comp-filter></C:filter></C:calendar-query>`
	}
	for name, rule := range hardSeries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			for i := range 4 {
				uid := fmt.Sprint(i)
				s.put(annCal+uid+".ics", event(uid, "Hard", rule, "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M", "END:VALARM"))
			}
			for what, body := range map[string]string{
				"a month":   calendarQuery(inRange(`start="20270201T000000Z" end="20270301T000000Z"`)),
				"from then": calendarQuery(inRange(`start="20270201T000000Z"`)),
				"until":     calendarQuery(inRange(`end="20270201T000000Z"`)),
				"alarms":    calendarQuery(`<C:comp-filter name="VEVENT"><C:comp-filter name="VALARM"><C:time-range ` + far + `/></C:comp-filter></C:comp-filter>`),
				"expand":    data(`<C:expand ` + far + `/>`),
				"limited":   data(`<C:limit-recurrence-set ` + far + `/>`),
				"free-busy": `<?xml version="1.0"?><C:free-busy-query` + declarations + `><C:time-range ` + far + `/></C:free-busy-query>`,
			} {
				began := time.Now()
				r := s.call("REPORT", annCal, body, "Depth: 1").want(200, 207, 403, 507)
				if took := time.Since(began); took > enough {
					t.Errorf("%s: took %v", what, took)
				}
				switch r.Status {
				case 403, 507:
					r.condition("DAV:", "number-of-matches-within-limits")
				case 207:
					root := parseXML(t, r.Body)
					if cut := strings.Contains(string(r.Body), "507 Insufficient Storage"); cut && !strings.Contains(string(r.Body), "number-of-matches-within-limits") || root.Name != (xml.Name{Space: "DAV:", Local: "multistatus"}) {
						t.Errorf("%s: %.300s", what, r.Body)
					}
				}
			}
		})
	}
}

// TestPlainSeriesPass: a calendar of very many series, none of them strange, is no matter of budgets.
func TestPlainSeriesPass(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const n = 500
	rules := []string{"RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR", "RRULE:FREQ=DAILY", "RRULE:FREQ=MONTHLY;BYDAY=2TU", "RRULE:FREQ=YEARLY", "RRULE:FREQ=DAILY;COUNT=2000"}
	s.fill(n, func(i int) (string, int64, int64) {
		return event(fmt.Sprint(i), "Plain", rules[i%len(rules)]), time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC).Unix(), 1 << 40
	})
	for _, month := range []string{"2027", "2032"} {
		m := s.call("REPORT", annCal, calendarQuery(`<C:comp-filter name="VEVENT"><C:time-range start="`+month+`0601T000000Z" end="`+month+`0701T000000Z"/></C:comp-filter>`), "Depth: 1").multi()
		if got, want := len(m.order), n*4/5; got != want && month == "2027" || got != want-n/5 && month == "2032" {
			t.Errorf("%s: %d", month, got)
		}
	}
}

// fill stores objects without going through PUT.
func (s *server) fill(n int, text func(i int) (text string, start, end int64)) {
	s.t.Helper()
	err := s.store.Update(s.t.Context(), func(tx *store.Tx) error {
		c, err := tx.CollectionBySlug(s.auth.users["ann"].ID, store.Calendars, "calendar")
		if err != nil {
			return err
		}
		for i := range n {
			body, start, end := text(i)
			_, err := tx.PutObject(store.Put{
				Collection: c.ID, Name: fmt.Sprintf("%d.ics", i), UID: fmt.Sprint(i), Kind: pim.KindEvent, Component: "VEVENT",
				Text: []byte(body), Start: start, End: end, By: "test",
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestMonthReadsCandidatesOnly: all but 30 of many events lie outside the month by the index, though their texts do
// not. Who looked at them would list them, so a month is found without reading the rest.
func TestMonthReadsCandidatesOnly(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const n, inside = 5_000, 30
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	s.fill(n, func(i int) (string, int64, int64) {
		start := begin + int64(i%inside)*24*3600
		if i >= inside {
			start = begin - int64(i)*3600 - 3600
		}
		return event(fmt.Sprint(i), "Meeting"), start, start + 3600
	})
	query := calendarQuery(`<C:comp-filter name="VEVENT"><C:time-range start="20260101T000000Z" end="20260201T000000Z"/></C:comp-filter>`)
	began := time.Now()
	m := s.call("REPORT", annCal, query, "Depth: 1").multi()
	if len(m.order) != inside {
		t.Errorf("%d events", len(m.order))
	}
	if took := time.Since(began); took > enough {
		t.Errorf("took %v", took)
	}
}
