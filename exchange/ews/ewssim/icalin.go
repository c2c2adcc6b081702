package ewssim

import (
	"bytes"
	"mime"
	"net/mail"
	"strings"
	"time"

	"crmbridge/pim/tz"
)

// fromMIME fills a draft from an uploaded MIME document: a message, or an appointment's iCalendar text.
func (c *call) fromMIME(d *draft) error {
	switch d.class {
	case "CalendarItem":
		return c.fromCalendar(d, string(d.mime))
	case "Message":
		return c.fromMessage(d)
	case "Contact", "Task":
		return fail("ErrorUnsupportedMimeConversion", "The conversion from MIME is not supported for this kind of item.")
	}
	return nil
}

// fromMessage reads a message's head and text.
func (c *call) fromMessage(d *draft) error {
	m, err := mail.ReadMessage(bytes.NewReader(d.mime))
	if err != nil {
		return fail("ErrorMimeContentInvalid", "The MIME content is invalid.")
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err == nil {
		d.setDefault("Subject", subject)
	}
	for head, prop := range map[string]string{"To": "ToRecipients", "Cc": "CcRecipients", "Bcc": "BccRecipients", "From": "From"} {
		list, err := m.Header.AddressList(head)
		if err != nil || d.props[prop] != nil {
			continue
		}
		n := el("t:" + prop)
		for _, a := range list {
			n.kids = append(n.kids, mailboxNode(orText(a.Name, a.Address), a.Address))
		}
		d.props[prop] = n
	}
	if id := m.Header.Get("Message-Id"); id != "" {
		d.setDefault("InternetMessageId", id)
	}
	r := &mimeReader{c: c, d: d}
	if r.entity(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), "", "", m.Body, 0); r.bad {
		return fail("ErrorMimeContentInvalid", "The MIME content is invalid.")
	}
	return nil
}

// icalLine is one content line.
type icalLine struct {
	name   string
	params map[string]string
	value  string
}

// icalLines unfolds and splits iCalendar text.
func icalLines(text string) []icalLine {
	text = strings.NewReplacer("\r\n", "\n").Replace(text)
	text = strings.NewReplacer("\n ", "", "\n\t", "").Replace(text)
	var out []icalLine
	for line := range strings.Lines(text) {
		head, value, ok := cutOutside(strings.TrimRight(line, "\n"), ':')
		if !ok {
			continue
		}
		l := icalLine{params: map[string]string{}, value: value}
		for i, part := range splitOutside(head, ';') {
			if i == 0 {
				l.name = strings.ToUpper(part)
				continue
			}
			k, v, _ := strings.Cut(part, "=")
			l.params[strings.ToUpper(k)] = strings.Trim(v, `"`)
		}
		out = append(out, l)
	}
	return out
}

func cutOutside(text string, sep byte) (string, string, bool) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == sep && !quoted:
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

func splitOutside(text string, sep byte) []string {
	var out []string
	for {
		part, rest, ok := cutOutside(text, sep)
		out = append(out, part)
		if !ok {
			return out
		}
		text = rest
	}
}

func icalUnescape(text string) string {
	return strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(text)
}

// fromCalendar reads the first VEVENT. Exceptions in the text are not imported, as the product does not either.
func (c *call) fromCalendar(d *draft, text string) error {
	depth, seen := "", false
	rrule := ""
	for _, l := range icalLines(text) {
		switch {
		case l.name == "BEGIN":
			if l.value == "VEVENT" && seen {
				return c.fromRule(d, rrule)
			}
			depth += "/" + l.value
		case l.name == "END":
			depth = strings.TrimSuffix(depth, "/"+l.value)
			seen = seen || l.value == "VEVENT"
		case strings.HasSuffix(depth, "/VEVENT") && l.name == "RRULE":
			rrule = l.value
		case strings.HasSuffix(depth, "/VEVENT"):
			if err := c.fromLine(d, l); err != nil {
				return err
			}
		}
	}
	if !seen {
		return fail("ErrorMimeContentInvalid", "The MIME content has no event.")
	}
	return c.fromRule(d, rrule)
}

func (c *call) fromLine(d *draft, l icalLine) error {
	simple := map[string]string{"SUMMARY": "Subject", "LOCATION": "Location", "UID": "UID"}
	switch {
	case simple[l.name] != "":
		d.set(simple[l.name], icalUnescape(l.value))
	case l.name == "DESCRIPTION":
		d.props["Body"] = el("t:Body", attr{"BodyType", "Text"}, crlf(icalUnescape(l.value)))
	case l.name == "CLASS":
		if s := map[string]string{"PRIVATE": "Private", "CONFIDENTIAL": "Confidential"}[l.value]; s != "" {
			d.set("Sensitivity", s)
		}
	case l.name == "TRANSP" && l.value == "TRANSPARENT":
		d.set("LegacyFreeBusyStatus", "Free")
	case l.name == "DTSTART" || l.name == "DTEND":
		return c.fromTime(d, l)
	case l.name == "CATEGORIES":
		n := el("t:Categories")
		for _, v := range strings.Split(l.value, ",") {
			n.kids = append(n.kids, el("t:String", icalUnescape(v)))
		}
		return c.put(d, n)
	case l.name == "ATTENDEE":
		address := l.value
		if i := strings.IndexByte(address, ':'); i >= 0 {
			address = address[i+1:]
		}
		name := "RequiredAttendees"
		if l.params["ROLE"] == "OPT-PARTICIPANT" {
			name = "OptionalAttendees"
		}
		a := el("t:Attendee", mailboxNode(orText(l.params["CN"], address), address), el("t:ResponseType", "Unknown"))
		d.props[name] = el("t:"+name, d.props[name].all(), a)
	}
	return nil
}

func (c *call) fromTime(d *draft, l icalLine) error {
	loc, id := c.zone, c.zoneID
	if z := l.params["TZID"]; z != "" {
		id = z
		if w, ok := tz.Windows(z); ok {
			id = w
		}
		zone, ok := zoneOf(id)
		if !ok {
			return fail("ErrorTimeZone", "The time zone %q is not supported.", z)
		}
		loc = zone
	}
	name := map[string]string{"DTSTART": "Start", "DTEND": "End"}[l.name]
	var t time.Time
	var err error
	switch {
	case len(l.value) == 8:
		t, err = time.ParseInLocation("20060102", l.value, loc)
		d.set("IsAllDayEvent", "true")
	case strings.HasSuffix(l.value, "Z"):
		t, err = time.Parse("20060102T150405Z", l.value)
	default:
		t, err = time.ParseInLocation("20060102T150405", l.value, loc)
	}
	if err != nil {
		return fail("ErrorMimeContentInvalid", "The time %q is invalid.", l.value)
	}
	d.set(name, stamp(t))
	if id != "" {
		d.props[name+"TimeZone"] = el("t:"+name+"TimeZone", attr{"Id", id})
	}
	return nil
}

// fromRule turns an RRULE into a recurrence, of those that the product has.
func (c *call) fromRule(d *draft, text string) error {
	if text == "" {
		return nil
	}
	p := map[string]string{}
	for _, part := range strings.Split(text, ";") {
		k, v, _ := strings.Cut(part, "=")
		p[strings.ToUpper(k)] = v
	}
	loc := c.zone
	if zone, ok := zoneOf(d.props["StartTimeZone"].at("Id")); ok {
		loc = zone
	}
	start := d.time("Start").In(loc)
	pattern := ruleElement(p, start)
	if pattern == nil {
		return fail("ErrorUnsupportedRecurrence", "The recurrence %q is not supported.", text)
	}
	from := el("t:StartDate", start.Format(time.DateOnly))
	span := el("t:NoEndRecurrence", from)
	if n := p["COUNT"]; n != "" {
		span = el("t:NumberedRecurrence", from, el("t:NumberOfOccurrences", n))
	}
	if u := p["UNTIL"]; len(u) >= 8 {
		day := u[:4] + "-" + u[4:6] + "-" + u[6:8]
		if t, err := time.Parse("20060102T150405Z", u); err == nil {
			day = t.In(loc).Format(time.DateOnly)
		}
		span = el("t:EndDateRecurrence", from, el("t:EndDate", day))
	}
	return c.put(d, el("t:Recurrence", pattern, span))
}

// ruleElement is a pattern's element; nil for a rule that EWS cannot say.
func ruleElement(p map[string]string, start time.Time) *node {
	interval := el("t:Interval", orText(p["INTERVAL"], "1"))
	days, pos := p["BYDAY"], p["BYSETPOS"]
	if len(days) > 2 && !strings.Contains(days, ",") {
		pos, days = days[:len(days)-2], days[len(days)-2:]
	}
	names := dayNames(days)
	monthDay := el("t:DayOfMonth", orText(p["BYMONTHDAY"], itoa(start.Day())))
	month := el("t:Month", start.Month().String())
	if m := p["BYMONTH"]; m != "" {
		month = el("t:Month", time.Month(atoi(m)).String())
	}
	index := el("t:DayOfWeekIndex", map[string]string{"1": "First", "2": "Second", "3": "Third", "4": "Fourth", "-1": "Last"}[pos])
	switch {
	case p["FREQ"] == "DAILY":
		return el("t:DailyRecurrence", interval)
	case p["FREQ"] == "WEEKLY":
		return el("t:WeeklyRecurrence", interval, el("t:DaysOfWeek", orText(names, start.Weekday().String())))
	case p["FREQ"] == "MONTHLY" && days == "":
		return el("t:AbsoluteMonthlyRecurrence", interval, monthDay)
	case p["FREQ"] == "MONTHLY" && index.text != "":
		return el("t:RelativeMonthlyRecurrence", interval, el("t:DaysOfWeek", names), index)
	case p["FREQ"] == "YEARLY" && days == "":
		return el("t:AbsoluteYearlyRecurrence", monthDay, month)
	case p["FREQ"] == "YEARLY" && index.text != "":
		return el("t:RelativeYearlyRecurrence", el("t:DaysOfWeek", names), index, month)
	}
	return nil
}

func dayNames(codes string) string {
	var out []string
	for _, code := range strings.Split(codes, ",") {
		for i, c := range icalDays() {
			if c == code {
				out = append(out, time.Weekday(i).String())
			}
		}
	}
	return strings.Join(out, " ")
}
