package ewssim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// calendarText is an appointment as the iCalendar text (MS-OXCICAL) that stands in its MimeContent.
func (c *call) calendarText(v view) string {
	var b icalWriter
	loc, id := v.zone()
	b.line("BEGIN:VCALENDAR")
	b.line("METHOD:PUBLISH")
	b.line("PRODID:Microsoft Exchange Server 2010")
	b.line("VERSION:2.0")
	b.zone(id, loc, v.start().Year())
	b.event(v, loc, id)
	if v.occ == nil && v.it.series != nil {
		for _, key := range slices.Sorted(maps.Keys(v.it.series.changed)) {
			if o, err := v.it.series.at(key); err == nil {
				b.event(view{v.it, &o}, loc, id)
			}
		}
	}
	b.line("END:VCALENDAR")
	return b.String()
}

type icalWriter struct{ strings.Builder }

// line writes a line, folded at 75 octets (RFC 5545 3.1).
func (b *icalWriter) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	room := 75
	for len(text) > room {
		cut := room
		for cut > 0 && text[cut]&0xC0 == 0x80 {
			cut--
		}
		b.WriteString(text[:cut] + "\r\n ")
		text, room = text[cut:], 74
	}
	b.WriteString(text + "\r\n")
}

func icalEscape(text string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`).Replace(text)
}

// zone writes a VTIMEZONE with the rules of a year.
func (b *icalWriter) zone(id string, loc *time.Location, year int) {
	b.line("BEGIN:VTIMEZONE")
	b.line("TZID:%s", id)
	t := time.Date(year, 1, 1, 0, 0, 0, 0, loc)
	_, base := t.Zone()
	var changes []time.Time
	for {
		_, next := t.ZoneBounds()
		if next.IsZero() || next.Year() > year {
			break
		}
		changes = append(changes, next)
		t = next
	}
	if len(changes) != 2 {
		b.observance("STANDARD", base, base, "", "16010101T000000")
	} else {
		for _, at := range changes {
			_, after := at.Zone()
			_, before := at.Add(-time.Second).Zone()
			kind := "STANDARD"
			if after > before {
				kind = "DAYLIGHT"
			}
			w := at.UTC().Add(time.Duration(before) * time.Second)
			n := (w.Day()-1)/7 + 1
			if w.AddDate(0, 0, 7).Month() != w.Month() {
				n = -1
			}
			rule := fmt.Sprintf("FREQ=YEARLY;INTERVAL=1;BYDAY=%d%s;BYMONTH=%d", n, icalDays()[w.Weekday()], int(w.Month()))
			b.observance(kind, before, after, rule, "16010101T"+w.Format("150405"))
		}
	}
	b.line("END:VTIMEZONE")
}

func (b *icalWriter) observance(kind string, from, to int, rule, start string) {
	b.line("BEGIN:%s", kind)
	b.line("DTSTART:%s", start)
	b.line("TZOFFSETFROM:%s", offsetText(from))
	b.line("TZOFFSETTO:%s", offsetText(to))
	if rule != "" {
		b.line("RRULE:%s", rule)
	}
	b.line("END:%s", kind)
}

func offsetText(seconds int) string {
	return time.Unix(0, 0).In(time.FixedZone("", seconds)).Format("-0700")
}

func icalDays() []string { return []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"} }

// event writes one VEVENT.
func (b *icalWriter) event(v view, loc *time.Location, id string) {
	at := func(name string, t time.Time) {
		if v.text("IsAllDayEvent") == "true" {
			b.line("%s;VALUE=DATE:%s", name, t.In(loc).Format("20060102"))
			return
		}
		b.line("%s;TZID=%s:%s", name, id, t.In(loc).Format("20060102T150405"))
	}
	b.line("BEGIN:VEVENT")
	if v.occ == nil && v.it.series != nil {
		b.line("RRULE:%s", v.it.series.rule.ical(v.it.series))
		for _, key := range slices.Sorted(maps.Keys(v.it.series.deleted)) {
			at("EXDATE", time.Unix(key, 0))
		}
	}
	b.line("UID:%s", v.text("UID"))
	if v.occ != nil {
		at("RECURRENCE-ID", v.occ.orig)
	}
	b.line("SUMMARY:%s", icalEscape(v.text("Subject")))
	at("DTSTART", v.start())
	at("DTEND", v.end())
	if body := v.prop("Body"); body != nil && body.text != "" {
		text := body.text
		if body.at("BodyType") == "HTML" {
			text = plainText(text)
		}
		b.line("DESCRIPTION:%s", icalEscape(text))
	}
	b.line("CLASS:%s", map[string]string{"Private": "PRIVATE", "Confidential": "CONFIDENTIAL", "Personal": "PERSONAL"}[v.text("Sensitivity")]+
		map[bool]string{true: "PUBLIC"}[v.text("Sensitivity") == "Normal"])
	b.line("PRIORITY:5")
	b.line("DTSTAMP:%s", v.modified().UTC().Format("20060102T150405Z"))
	b.line("TRANSP:%s", map[bool]string{true: "TRANSPARENT", false: "OPAQUE"}[v.text("LegacyFreeBusyStatus") == "Free"])
	b.line("STATUS:CONFIRMED")
	b.line("SEQUENCE:%s", orText(v.text("AppointmentSequenceNumber"), "0"))
	if l := v.text("Location"); l != "" {
		b.line("LOCATION:%s", icalEscape(l))
	}
	b.people(v)
	b.line("X-MICROSOFT-CDO-BUSYSTATUS:%s", strings.ToUpper(orText(v.text("LegacyFreeBusyStatus"), "Busy")))
	b.line("X-MICROSOFT-CDO-ALLDAYEVENT:%s", strings.ToUpper(orText(v.text("IsAllDayEvent"), "false")))
	if v.text("ReminderIsSet") == "true" {
		b.line("BEGIN:VALARM")
		b.line("DESCRIPTION:REMINDER")
		b.line("TRIGGER;RELATED=START:-PT%sM", orText(v.text("ReminderMinutesBeforeStart"), "15"))
		b.line("ACTION:DISPLAY")
		b.line("END:VALARM")
	}
	b.line("END:VEVENT")
}

func (b *icalWriter) people(v view) {
	if !v.isMeeting() {
		return
	}
	org := v.prop("Organizer").path("Mailbox")
	if org == nil {
		org = mailboxNode(v.it.box.Name, v.it.box.Address)
	}
	b.line("ORGANIZER;CN=\"%s\":mailto:%s", org.str("Name"), org.str("EmailAddress"))
	for name, role := range map[string]string{"RequiredAttendees": "REQ-PARTICIPANT", "OptionalAttendees": "OPT-PARTICIPANT"} {
		for _, a := range v.prop(name).all() {
			b.line("ATTENDEE;ROLE=%s;PARTSTAT=NEEDS-ACTION;CN=\"%s\":mailto:%s", role, a.str("Mailbox", "Name"), a.str("Mailbox", "EmailAddress"))
		}
	}
}

// ical is the rule as RRULE's value.
func (r rule) ical(s *series) string {
	codes := func() string {
		var out []string
		for _, d := range r.days {
			switch d {
			case "Day":
				out = append(out, icalDays()...)
			case "Weekday":
				out = append(out, icalDays()[1:6]...)
			case "WeekendDay":
				out = append(out, "SU", "SA")
			default:
				out = append(out, icalDays()[weekdayNamed(d)])
			}
		}
		return strings.Join(out, ",")
	}
	pos := map[string]int{"First": 1, "Second": 2, "Third": 3, "Fourth": 4, "Last": -1}[r.index]
	out := ""
	switch r.kind {
	case "DailyRecurrence":
		out = fmt.Sprintf("FREQ=DAILY;INTERVAL=%d", r.interval)
	case "WeeklyRecurrence":
		out = fmt.Sprintf("FREQ=WEEKLY;INTERVAL=%d;BYDAY=%s;WKST=%s", r.interval, codes(), icalDays()[r.firstDay])
	case "AbsoluteMonthlyRecurrence":
		out = fmt.Sprintf("FREQ=MONTHLY;INTERVAL=%d;BYMONTHDAY=%d", r.interval, r.monthDay)
	case "RelativeMonthlyRecurrence":
		out = fmt.Sprintf("FREQ=MONTHLY;INTERVAL=%d;BYDAY=%s;BYSETPOS=%d", r.interval, codes(), pos)
	case "AbsoluteYearlyRecurrence":
		out = fmt.Sprintf("FREQ=YEARLY;BYMONTHDAY=%d;BYMONTH=%d", r.monthDay, int(r.month))
	case "RelativeYearlyRecurrence":
		out = fmt.Sprintf("FREQ=YEARLY;BYDAY=%s;BYMONTH=%d;BYSETPOS=%d", codes(), int(r.month), pos)
	}
	if r.count > 0 {
		out += fmt.Sprintf(";COUNT=%d", r.count)
	}
	if !r.until.IsZero() {
		out += ";UNTIL=" + wall(r.until, s.start, s.loc).UTC().Format("20060102T150405Z")
	}
	return out
}
