package ics

import (
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// noAddress stands for a person without an address, since ATTENDEE and ORGANIZER have to
// have a URI.
const noAddress = "invalid:nomail"

func personLine(name string, p pim.Person, params ...line.Param) *line.Line {
	v := noAddress
	if p.Email != "" {
		v = "mailto:" + p.Email
	}
	if p.Name != "" {
		params = append([]line.Param{line.P("CN", p.Name)}, params...)
	}
	return line.New(name, v, params...)
}

func rename(l *line.Line, name string) *line.Line {
	switch {
	case name == personOf(l).Name:
		return l
	case name == "":
		return l.WithoutParam("CN")
	}
	return l.WithParam(line.P("CN", name))
}

func (w *writer) organizer() {
	p := w.act().Organizer
	old := w.c.First("ORGANIZER")
	switch {
	case p.Email == "" && p.Name == "":
		w.put("ORGANIZER", nil)
	case old != nil && personKey(personOf(old)) == personKey(p):
		w.put("ORGANIZER", rename(old, p.Name))
	default:
		w.put("ORGANIZER", personLine("ORGANIZER", p))
	}
}

// attendees matches lines by address: what stays keeps its parameters.
func (w *writer) attendees() {
	w.touched = true
	want := map[string]pim.Attendee{}
	for _, a := range w.act().Attendees {
		if k := personKey(a.Person); k != "" {
			want[k] = a
		}
	}
	here := map[string]bool{}
	var last *line.Line
	for _, l := range w.c.All("ATTENDEE") {
		k := personKey(personOf(l))
		a, stays := want[k]
		if !stays || here[k] {
			w.c.Replace(l)
			continue
		}
		here[k] = true
		last = updated(l, a)
		w.c.Replace(l, last)
	}
	for _, a := range w.act().Attendees {
		k := personKey(a.Person)
		if k == "" || here[k] {
			continue
		}
		here[k] = true
		l := newAttendee(a)
		w.c.AddAfter(last, l)
		last = l
	}
}

func updated(l *line.Line, a pim.Attendee) *line.Line {
	old := attendeeOf(l)
	if old.Name != a.Name {
		l = rename(l, a.Name)
	}
	if old.Answer != strings.TrimPrefix(a.Answer, "needs-action") {
		l = l.WithParam(line.P("PARTSTAT", partstat(a)))
	}
	if old.Optional != a.Optional {
		l = l.WithParam(line.P("ROLE", role(a)))
	}
	return l
}

func newAttendee(a pim.Attendee) *line.Line {
	params := []line.Param{line.P("PARTSTAT", partstat(a)), line.P("ROLE", role(a))}
	if a.Email != "" {
		// RFC 6638 7.1: nobody mails people who come from the CRM, not even a client that would.
		params = append(params, line.P("SCHEDULE-AGENT", "NONE"))
	}
	return personLine("ATTENDEE", a.Person, params...)
}

func partstat(a pim.Attendee) string {
	if a.Answer == "" {
		return "NEEDS-ACTION"
	}
	return strings.ToUpper(a.Answer)
}

func role(a pim.Attendee) string {
	if a.Optional {
		return "OPT-PARTICIPANT"
	}
	return "REQ-PARTICIPANT"
}

// reminders removes and adds whole alarms of the kind that fields show; the others, and
// those that stay, keep every byte.
func (w *writer) reminders() {
	w.touched = true
	want := w.act().Reminders
	var here []pim.Reminder
	for _, b := range w.c.Blocks(alarm) {
		r, ok := reminderOf(b)
		switch {
		case !ok:
		case slices.Contains(want, r):
			here = append(here, r)
		default:
			w.c.RemoveBlock(b)
		}
	}
	for _, r := range want {
		if slices.Contains(here, r) {
			continue
		}
		here = append(here, r)
		if r.Before < -maxDays*24*time.Hour || r.Before > maxDays*24*time.Hour {
			w.fail("a reminder is too far away")
			return
		}
		w.c.AddBlock(w.newAlarm(r))
	}
}

func (w *writer) newAlarm(r pim.Reminder) *line.Block {
	text := w.act().Title
	if trim(text) == "" {
		text = "Reminder"
	}
	trigger := line.New("TRIGGER", duration(-r.Before, true))
	if r.End {
		trigger = trigger.WithParam(line.P("RELATED", "END"))
	}
	// RFC 5545 3.6.6: a DISPLAY alarm has a DESCRIPTION.
	return line.NewBlock(alarm, line.New("ACTION", "DISPLAY"), line.New("DESCRIPTION", line.Escape(text)), trigger)
}
