package ics

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// Item is the typed view of the master component: *pim.Event for VEVENT, *pim.Task
// for VTODO. pim.ErrUnsupported for other components and for a series without end that an
// EXRULE without end thins out, pim.ErrInvalid when there is no
// component or an event's start cannot be read. A property that is broken or unknown is
// left out of the view, not of the text.
//
// A TZID that neither names nor defines a zone gives an instant in z.Local, or a
// floating time when z.Local is nil. An event that Exchange marks as lasting all day
// (X-MICROSOFT-CDO-ALLDAYEVENT) has dates, though it is written from midnight to midnight.
func (o *Object) Item(z Zones) (pim.Item, error) {
	const op = "ics: item"
	m := o.Master()
	if m == nil {
		return nil, pim.Errorf(op, pim.ErrInvalid, "the calendar object is empty")
	}
	it := o.view(m, z)
	switch v := it.(type) {
	case nil:
		return nil, pim.Errorf(op, pim.ErrUnsupported, "only events and tasks can be synchronised")
	case *pim.Event:
		if v.Start.IsZero() {
			return nil, pim.Errorf(op, pim.ErrInvalid, "line %d: the event has no start that can be read", m.No())
		}
	}
	r := o.reader(m, z)
	rec, err := r.recurrence()
	if err != nil {
		return nil, err
	}
	pim.ActivityOf(it).Recurrence = rec
	pim.ActivityOf(it).Attachments = r.attachments()
	return it, nil
}

// view reads one component without its recurrence and its files, which are the master's; nil for what is neither event nor
// task.
func (o *Object) view(c *line.Block, z Zones) pim.Item {
	r := o.reader(c, z)
	switch c.Name {
	case event:
		e := &pim.Event{Activity: r.activity(), Free: r.free()}
		e.Start, e.End = r.span()
		return e
	case todo:
		return r.task()
	}
	return nil
}

// reader reads one component of an object.
type reader struct {
	o      *Object
	c      *line.Block
	z      Zones
	allDay bool // times are midnights that mean dates
}

func (o *Object) reader(c *line.Block, z Zones) reader {
	return reader{o: o, c: c, z: z, allDay: marksAllDay(c)}
}

// marksAllDay recognises the all-day events of Exchange, which are written with times.
func marksAllDay(c *line.Block) bool {
	if !strings.EqualFold(trim(c.Value("X-MICROSOFT-CDO-ALLDAYEVENT")), "TRUE") {
		return false
	}
	start, ok := stampOf(c.First("DTSTART"))
	end, hasEnd := stampOf(c.First("DTEND"))
	return ok && start.kind != dateOnly && start.midnight() && (!hasEnd || end.midnight())
}

func (r reader) when(s stamp) pim.When {
	if r.allDay && s.midnight() {
		s = s.dated()
	}
	return s.when(r.o.tzs, r.z)
}

func (r reader) at(name string) pim.When {
	if s, ok := stampOf(r.c.First(name)); ok {
		return r.when(s)
	}
	return pim.When{}
}

// span is the start and the exclusive end of an event (RFC 5545 3.6.1).
func (r reader) span() (start, end pim.When) {
	s, ok := stampOf(r.c.First("DTSTART"))
	if !ok {
		return pim.When{}, pim.When{}
	}
	start = r.when(s)
	end = defaultEnd(start)
	if l := r.c.First("DTEND"); l != nil {
		// Programs write an all-day event of one day with its end on the same day.
		if e, ok := stampOf(l); ok {
			if w := r.when(e); w.Date == start.Date && !w.Before(end) {
				end = w
			}
		}
		return start, end
	}
	if sp, ok := parseSpan(r.c.Value("DURATION")); ok && sp.total() > 0 {
		end = r.after(s, sp)
	}
	return start, end
}

// defaultEnd is the end of an event that names none.
func defaultEnd(start pim.When) pim.When {
	if start.Date {
		start.Time = start.Time.AddDate(0, 0, 1)
	}
	return start
}

// after is the time a span after s, in the form that s has.
func (r reader) after(s stamp, sp span) pim.When {
	w := r.when(s)
	switch {
	case w.Date:
		// RFC 5545 3.8.2.5: only whole days; a started one counts.
		days := int((sp.total() + 24*time.Hour - 1) / (24 * time.Hour))
		w.Time = w.Time.AddDate(0, 0, days)
	case w.Floating:
		w.Time = sp.add(w.Time)
	default:
		w.Time = sp.after(s.wall, s.location(r.o.tzs, r.z))
	}
	return w
}

func (r reader) free() bool {
	if l := r.c.First("TRANSP"); l != nil {
		return strings.EqualFold(trim(l.Value), "TRANSPARENT")
	}
	return strings.EqualFold(trim(r.c.Value("X-MICROSOFT-CDO-BUSYSTATUS")), "FREE")
}

func (r reader) task() *pim.Task {
	t := &pim.Task{
		Activity:  r.activity(),
		Start:     r.at("DTSTART"),
		Due:       r.at("DUE"),
		Completed: r.at("COMPLETED"),
		Percent:   r.number("PERCENT-COMPLETE", 100),
		Effort:    r.length("X-CRM-EFFORT"),
		Spent:     r.length("X-CRM-SPENT"),
	}
	if r.c.First("DUE") == nil {
		s, ok := stampOf(r.c.First("DTSTART"))
		if sp, ok2 := parseSpan(r.c.Value("DURATION")); ok && ok2 && sp.total() > 0 {
			t.Due = r.after(s, sp)
		}
	}
	return t
}

func (r reader) length(name string) time.Duration {
	sp, _ := parseSpan(r.c.Value(name))
	return max(sp.total(), 0)
}

// number is an integer from 0 to limit; anything else is 0.
func (r reader) number(name string, limit int) int {
	n, err := strconv.Atoi(trim(r.c.Value(name)))
	if err != nil || n < 0 || n > limit {
		return 0
	}
	return n
}

func (r reader) text(name string) string {
	l := r.c.First(name)
	if l == nil {
		return ""
	}
	return l.Text()
}

func (r reader) activity() pim.Activity {
	a := pim.Activity{
		UID:        trim(r.text("UID")),
		Title:      r.text("SUMMARY"),
		Notes:      r.text("DESCRIPTION"),
		Location:   r.text("LOCATION"),
		URL:        trim(r.c.Value("URL")),
		Categories: r.categories(),
		Priority:   r.number("PRIORITY", 9),
		Class:      classOf(trim(r.c.Value("CLASS"))),
		Status:     statusOf(r.c.Name, trim(r.c.Value("STATUS"))),
		Reminders:  r.reminders(),
		Attendees:  r.attendees(),
	}
	if l := r.c.First("ORGANIZER"); l != nil {
		a.Organizer = personOf(l)
	}
	for _, f := range relations {
		*f.at(&a.CRM) = r.text(f.prop)
	}
	if l := r.c.First("X-CRM-TYPE"); l != nil {
		a.CRM.Language = l.Param("LANGUAGE")
	}
	return a
}

// categories are those of every CATEGORIES line, each once.
func (r reader) categories() []string {
	var out []string
	seen := map[string]bool{}
	for _, l := range r.c.All("CATEGORIES") {
		for _, s := range line.Texts(l.Value) {
			if !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	return out
}

// relation ties a field of pim.Relations to its property.
type relation struct {
	field pim.FieldID
	prop  string
	at    func(*pim.Relations) *string
}

var relations = [...]relation{
	{pim.FieldType, "X-CRM-TYPE", func(c *pim.Relations) *string { return &c.Type }},
	{pim.FieldNumber, "X-CRM-NUMBER", func(c *pim.Relations) *string { return &c.Number }},
	{pim.FieldCompany, "X-CRM-COMPANY", func(c *pim.Relations) *string { return &c.Company }},
	{pim.FieldContact, "X-CRM-CONTACT", func(c *pim.Relations) *string { return &c.Contact }},
	{pim.FieldProject, "X-CRM-PROJECT", func(c *pim.Relations) *string { return &c.Project }},
	{pim.FieldOwner, "X-CRM-OWNER", func(c *pim.Relations) *string { return &c.Owner }},
	{pim.FieldResult, "X-CRM-RESULT", func(c *pim.Relations) *string { return &c.Result }},
	{pim.FieldReport, "X-CRM-REPORT", func(c *pim.Relations) *string { return &c.Report }},
}

func classOf(v string) pim.Class {
	switch {
	case v == "" || strings.EqualFold(v, "PUBLIC"):
		return pim.Public
	case strings.EqualFold(v, "CONFIDENTIAL"):
		return pim.Confidential
	}
	return pim.Private // RFC 5545 3.8.1.3: what is not known counts as PRIVATE
}

// statusOf reads STATUS as far as the component may have it (RFC 5545 3.8.1.11).
func statusOf(component, v string) pim.Status {
	s := pim.Status(strings.ToLower(v))
	allowed := []pim.Status{pim.Tentative, pim.Confirmed, pim.Cancelled}
	if component == todo {
		allowed = []pim.Status{pim.NeedsAction, pim.InProcess, pim.Completed, pim.Cancelled}
	}
	if slices.Contains(allowed, s) {
		return s
	}
	return ""
}
