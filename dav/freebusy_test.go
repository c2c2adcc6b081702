package dav_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/dav"
	"crmbridge/pim/ics"
)

func freeBusyBody(start, end string) string {
	attrs := ""
	if start != "" {
		attrs += ` start="` + start + `"`
	}
	if end != "" {
		attrs += ` end="` + end + `"`
	}
	return `<C:free-busy-query` + declarations + `><C:time-range` + attrs + `/></C:free-busy-query>`
}

// busyLines are the FREEBUSY lines of an answer, as TYPE start/end.
func busyLines(r *reply) []string {
	r.t.Helper()
	o, err := ics.Parse(r.want(200).Body, ics.DefaultLimits())
	if err != nil {
		r.t.Fatalf("%v\n%s", err, r.Body)
	}
	if o.Component() != "VFREEBUSY" || o.Master().First("METHOD") != nil || o.UID() == "" {
		r.t.Fatalf("not a VFREEBUSY: %s", r.Body)
	}
	var out []string
	for _, l := range o.Master().All("FREEBUSY") {
		out = append(out, l.Param("FBTYPE")+" "+l.Value)
	}
	return out
}

// timed is an event from one hour of 10 January 2026 to another.
func timed(uid, from, until string, extra ...string) string {
	return strings.NewReplacer("T100000Z", "T"+from+"0000Z", "T110000Z", "T"+until+"0000Z").Replace(event(uid, uid, extra...))
}

func TestFreeBusyQuery(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"a.ics", timed("a", "08", "10"))
	s.put(annCal+"b.ics", timed("b", "09", "11", "TRANSP:OPAQUE", "STATUS:CONFIRMED"))
	s.put(annCal+"maybe.ics", timed("maybe", "10", "13", "STATUS:TENTATIVE"))
	s.put(annCal+"away.ics", timed("away", "12", "14", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"))
	s.put(annCal+"free.ics", timed("free", "15", "16", "TRANSP:TRANSPARENT"))
	s.put(annCal+"off.ics", timed("off", "16", "17", "STATUS:CANCELLED"))
	s.put(annCal+"moment.ics", timed("moment", "18", "18"))
	s.put(annCal+"daily.ics", strings.Replace(timed("daily", "20", "21", "RRULE:FREQ=DAILY;COUNT=5", "EXDATE:20260111T200000Z"), "SUMMARY", "X-A", 1))
	// An occurrence that was called off, and one that was moved.
	s.put(annCal+"series.ics", crlf("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:series", "DTSTART:20260112T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3", "END:VEVENT",
		"BEGIN:VEVENT", "UID:series", "RECURRENCE-ID:20260113T080000Z", "DTSTART:20260113T080000Z", "DURATION:PT1H", "STATUS:CANCELLED", "END:VEVENT",
		"BEGIN:VEVENT", "UID:series", "RECURRENCE-ID:20260114T080000Z", "DTSTART:20260114T093000Z", "DURATION:PT1H", "END:VEVENT", "END:VCALENDAR"))
	// A day is read in the zone of the calendar's owner: Berlin.
	s.put(annCal+"day.ics", crlf("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:day", "DTSTART;VALUE=DATE:20260120", "END:VEVENT", "END:VCALENDAR"))

	for name, c := range map[string]struct {
		start, end string
		want       []string
	}{
		"merged, by importance": {"20260110T000000Z", "20260111T000000Z", []string{
			"BUSY 20260110T080000Z/20260110T110000Z", "BUSY-TENTATIVE 20260110T110000Z/20260110T120000Z",
			"BUSY-UNAVAILABLE 20260110T120000Z/20260110T140000Z", "BUSY 20260110T200000Z/20260110T210000Z"}},
		"cut to the range": {"20260110T093000Z", "20260110T100000Z", []string{"BUSY 20260110T093000Z/20260110T100000Z"}},
		"touching is free": {"20260110T140000Z", "20260110T200000Z", nil},
		"overrides":        {"20260112T000000Z", "20260112T120000Z", []string{"BUSY 20260112T080000Z/20260112T090000Z"}},
		"cancelled one":    {"20260113T000000Z", "20260113T120000Z", nil},
		"moved one":        {"20260114T000000Z", "20260114T120000Z", []string{"BUSY 20260114T093000Z/20260114T103000Z"}},
		"excluded":         {"20260111T000000Z", "20260112T000000Z", nil},
		"a day":            {"20260119T000000Z", "20260122T000000Z", []string{"BUSY 20260119T230000Z/20260120T230000Z"}},
		"nothing":          {"20270101T000000Z", "20270201T000000Z", nil},
	} {
		for _, depth := range []string{"X: x", "Depth: 0", "Depth: 1", "Depth: infinity"} {
			r := s.call("REPORT", annCal, freeBusyBody(c.start, c.end), depth)
			if got := busyLines(r); !slices.Equal(got, c.want) {
				t.Errorf("%s, %s: %q, want %q", name, depth, got, c.want)
			}
			if ct := r.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/calendar") {
				t.Errorf("Content-Type %q", ct)
			}
		}
	}
	// An open end is closed, since a VFREEBUSY has both.
	open := s.call("REPORT", annCal, freeBusyBody("20260120T000000Z", "")).want(200)
	if !strings.Contains(string(open.Body), "DTEND:20310120T000000Z") || len(busyLines(open)) != 1 {
		t.Errorf("%s", open.Body)
	}
	s.call("REPORT", annCal, freeBusyBody("20260120T000000Z", "20260119T000000Z")).want(400)
	s.call("REPORT", annBook, freeBusyBody("20260110T000000Z", "20260111T000000Z")).want(403).condition(nsD, "supported-report")
	s.call("REPORT", calHome+"none/", freeBusyBody("20260110T000000Z", "20260111T000000Z")).want(404)
}

// A home answers for its calendars but those that do not count (RFC 6638 9.1).
func TestFreeBusyOfHome(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"a.ics", timed("a", "08", "10"))
	for _, slug := range []string{"second/", "hobby/"} {
		s.call("MKCALENDAR", calHome+slug, "").want(201)
	}
	s.put(calHome+"second/b.ics", timed("b", "09", "11"))
	s.put(calHome+"hobby/c.ics", timed("c", "12", "13"))
	s.call("PROPPATCH", calHome+"hobby/", proppatch("<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>")).want(207)
	body := freeBusyBody("20260110T000000Z", "20260111T000000Z")
	if got := busyLines(s.call("REPORT", calHome, body, "Depth: 1")); !slices.Equal(got, []string{"BUSY 20260110T080000Z/20260110T110000Z"}) {
		t.Errorf("home: %q", got)
	}
	if got := busyLines(s.call("REPORT", calHome, body, "Depth: 0")); got != nil {
		t.Errorf("home alone: %q", got)
	}
	if got := busyLines(s.call("REPORT", calHome+"hobby/", body)); len(got) != 1 {
		t.Errorf("asked itself: %q", got)
	}
}

// SECURITY.md 5: what a query may expand is bounded for each object and for the request.
func TestFreeBusyBudget(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Limits{Steps: 100, TotalSteps: 150, Time: time.Minute})
	year := freeBusyBody("20260101T000000Z", "20270101T000000Z")
	s.put(annCal+"a.ics", event("a", "A", "RRULE:FREQ=DAILY"))
	s.call("REPORT", annCal, year).want(403).condition(nsD, "number-of-matches-within-limits")
	s.call("DELETE", annCal+"a.ics", "").want(204)
	for _, name := range []string{"b", "c"} {
		s.put(annCal+name+".ics", event(name, name, "RRULE:FREQ=DAILY;COUNT=90"))
	}
	s.call("REPORT", annCal, year).want(403).condition(nsD, "number-of-matches-within-limits")
	s.call("DELETE", annCal+"c.ics", "").want(204)
	if got := busyLines(s.call("REPORT", annCal, year)); len(got) != 90 {
		t.Errorf("%d", len(got))
	}
}
