package graph

import (
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
)

// eventFields is the table of events. Its rows are written in this order.
func (c *connector) eventFields() fields[*event, *pim.Event] {
	return fields[*event, *pim.Event]{
		{id: pim.FieldTitle, props: []string{"subject"},
			read: func(e *event, it *pim.Event) { it.Title = e.Subject },
			write: func(d *draft[*event], it *pim.Event) error {
				d.put("subject", cut(it.Title, pim.FieldTitle))
				return nil
			}},
		{id: pim.FieldNotes, props: []string{"body", "isOnlineMeeting"},
			read: func(e *event, it *pim.Event) { it.Notes = e.Body.text() }, write: writeNotes},
		{id: pim.FieldLocation, props: []string{"location"},
			read: func(e *event, it *pim.Event) { it.Location = e.Location.DisplayName },
			write: func(d *draft[*event], it *pim.Event) error {
				d.put("location", location{cut(it.Location, pim.FieldLocation)})
				return nil
			}},
		{id: pim.FieldTime, required: true, props: []string{"start", "end", "isAllDay", "originalStartTimeZone"}, read: c.readTime, write: c.writeTime},
		{id: pim.FieldCategories, props: []string{"categories"},
			read:  func(e *event, it *pim.Event) { it.Categories = e.Categories },
			write: func(d *draft[*event], it *pim.Event) error { d.put("categories", list(it.Categories)); return nil }},
		{id: pim.FieldPriority, props: []string{"importance"},
			read: func(e *event, it *pim.Event) { it.Priority = priorityOf(e.Importance) },
			write: func(d *draft[*event], it *pim.Event) error {
				d.put("importance", importanceOf(it.Priority))
				return nil
			}},
		{id: pim.FieldClass, props: []string{"sensitivity"},
			read:  func(e *event, it *pim.Event) { it.Class = classOf(e.Sensitivity) },
			write: func(d *draft[*event], it *pim.Event) error { d.put("sensitivity", sensitivityOf(it.Class)); return nil }},
		// Whether the time is blocked and whether that is certain are one property.
		{id: pim.FieldFree, props: []string{"showAs"}, read: func(e *event, it *pim.Event) { it.Free = e.ShowAs == "free" }, write: writeShowAs},
		{id: pim.FieldStatus, props: []string{"showAs", "isCancelled"}, read: readStatus, write: writeShowAs},
		{id: pim.FieldReminders, props: []string{"isReminderOn", "reminderMinutesBeforeStart"}, read: readReminder, write: writeReminder},
		{id: pim.FieldOrganizer, props: []string{"organizer"}, readOnly: true, read: readOrganizer},
		{id: pim.FieldAttendees, props: []string{"attendees", "isOrganizer", "responseStatus"}, read: c.readAttendees, write: writeAttendees},
		// Written apart, as each is a request.
		{id: pim.FieldAttachments, props: []string{"hasAttachments"}, read: func(e *event, it *pim.Event) { it.Attachments = attachmentsOf(e.files) }},
		// The rule of a series; its occurrences are read and written apart.
		{id: pim.FieldRecurrence, props: []string{"recurrence"}, read: c.readRule, write: c.writeRule},
	}
}

// carriedByOccurrence is what an occurrence of a series can have of its own.
func (c *connector) carriedByOccurrence() pim.FieldSet {
	var s pim.FieldSet
	for _, f := range c.eventTable {
		if !f.readOnly {
			s = s.Or(pim.Set(f.id))
		}
	}
	// Categories and privacy are those of the series; whom to invite is decided for all of it.
	return s.Minus(pim.Set(pim.FieldRecurrence, pim.FieldCategories, pim.FieldClass, pim.FieldAttendees, pim.FieldAttachments))
}

func writeNotes(d *draft[*event], it *pim.Event) error {
	if !d.fresh && d.now.Online {
		// The text of an online meeting holds what makes it one, and a plain text would take that away (Microsoft Graph, "Update event").
		d.lost(pim.FieldNotes, it.Notes, "the text of an online meeting is changed in Outlook only")
		return nil
	}
	d.put("body", textBody(it.Notes))
	return nil
}

func (c *connector) readTime(e *event, it *pim.Event) {
	zone := c.zoneNamed(e.Zone)
	if e.AllDay {
		loc := c.location(pim.When{Zone: zone})
		it.Start, it.End = e.Start.day(loc), e.End.day(loc)
		return
	}
	it.Start, it.End = pim.At(e.Start.instant(), zone), pim.At(e.End.instant(), zone)
}

func (c *connector) writeTime(d *draft[*event], it *pim.Event) error {
	start, end := it.Start, it.End
	if start.IsZero() {
		return pim.Errorf("graph: write", pim.ErrRefused, "an event needs a start")
	}
	if end.IsZero() || !start.Before(end) && start.Date {
		end = start
		if start.Date {
			end.Time = end.Time.AddDate(0, 0, 1)
		}
	}
	d.put("start", c.written(start))
	d.put("end", c.written(end))
	d.put("isAllDay", start.Date)
	return nil
}

func readStatus(e *event, it *pim.Event) {
	switch {
	case e.Cancelled:
		it.Status = pim.Cancelled
	case e.ShowAs == "tentative":
		it.Status = pim.Tentative
	}
}

func writeShowAs(d *draft[*event], it *pim.Event) error {
	switch {
	case it.Free:
		d.put("showAs", "free")
	case it.Status == pim.Tentative:
		d.put("showAs", "tentative")
	case d.fresh || d.now.ShowAs == "free" || d.now.ShowAs == "tentative":
		d.put("showAs", "busy") // out of office and working elsewhere stay
	}
	if it.Status == pim.Cancelled && (d.fresh || !d.now.Cancelled) && d.set.Has(pim.FieldStatus) {
		d.lost(pim.FieldStatus, string(it.Status), "Microsoft 365 has no word for an event that is called off but stays; it is deleted there, or stays as it was")
	}
	return nil
}

func readReminder(e *event, it *pim.Event) {
	if e.ReminderOn {
		it.Reminders = []pim.Reminder{{Before: time.Duration(e.Reminder) * time.Minute}}
	}
}

// writeReminder keeps the first of the reminders that Exchange can have: one, before the start. Without any it has to be told so,
// for new events get one by themselves.
func writeReminder(d *draft[*event], it *pim.Event) error {
	i := slices.IndexFunc(it.Reminders, func(r pim.Reminder) bool { return !r.End && r.Before >= 0 })
	if d.put("isReminderOn", i >= 0); i >= 0 {
		d.put("reminderMinutesBeforeStart", int(it.Reminders[i].Before/time.Minute))
	}
	return nil
}

// readOrganizer leaves out that of an appointment, to which nobody is invited.
func readOrganizer(e *event, it *pim.Event) {
	if len(e.Attendees) > 0 || !e.Organising {
		it.Organizer = pim.Person{Name: e.Organizer.EmailAddress.Name, Email: e.Organizer.EmailAddress.Address}
	}
}

func (c *connector) readAttendees(e *event, it *pim.Event) {
	for _, a := range e.Attendees {
		response := a.Status.Response
		if !e.Organising && e.Answered.Response != "" && c.invited(a.EmailAddress.Address) {
			response = e.Answered.Response // the list is the organiser's, who may not have heard
		}
		it.Attendees = append(it.Attendees, pim.Attendee{
			Person: pim.Person{Name: nameBeside(a.EmailAddress), Email: a.EmailAddress.Address}, Answer: answerOf(response), Optional: a.Type == "optional",
		})
	}
}

// nameBeside is a name that is not only the address again, which Exchange fills in.
func nameBeside(a emailAddress) string {
	if strings.EqualFold(a.Name, a.Address) {
		return ""
	}
	return a.Name
}

func answerOf(response string) string {
	switch response {
	case "accepted", "declined":
		return response
	case "tentativelyAccepted":
		return "tentative"
	case "organizer":
		return "accepted"
	}
	return ""
}

// writeAttendees sends whom to invite. Only the organiser can: a mailbox that was invited itself, and one to which somebody
// else's meeting is mirrored, would invite them all anew.
func writeAttendees(d *draft[*event], it *pim.Event) error {
	if !d.fresh && !d.now.Organising {
		return nil
	}
	rooms := map[string]bool{}
	if !d.fresh {
		for _, a := range d.now.Attendees {
			rooms[strings.ToLower(a.EmailAddress.Address)] = a.Type == "resource"
		}
	}
	out := []invited{}
	for _, a := range it.Attendees {
		if a.Email == "" {
			d.lost(pim.FieldAttendees, a.Name, "somebody without an e-mail address cannot be invited")
			continue
		}
		one := invited{Type: "required", EmailAddress: emailAddress{Address: a.Email, Name: a.Name}}
		if rooms[strings.ToLower(a.Email)] {
			one.Type = "resource"
		} else if a.Optional {
			one.Type = "optional"
		}
		out = append(out, one)
	}
	d.put("attendees", out)
	return nil
}

// The words of both sides.

func priorityOf(importance string) int {
	switch importance {
	case "high":
		return 1
	case "low":
		return 9
	}
	return 0
}

// importanceOf follows RFC 5545 3.8.1.9: 1 to 4 are high, 6 to 9 low.
func importanceOf(priority int) string {
	switch {
	case priority >= 1 && priority <= 4:
		return "high"
	case priority >= 6:
		return "low"
	}
	return "normal"
}

func classOf(sensitivity string) pim.Class {
	switch sensitivity {
	case "personal", "private": // RFC 5545 has no third word; others must not see more than Exchange shows them
		return pim.Private
	case "confidential":
		return pim.Confidential
	}
	return pim.Public
}

func sensitivityOf(c pim.Class) string {
	switch c {
	case pim.Private:
		return "private"
	case pim.Confidential:
		return "confidential"
	}
	return "normal"
}

// list is never null: Graph refuses that for collections.
func list(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}

// cut shortens a text to what Exchange keeps.
func cut(s string, f pim.FieldID) string {
	if rs, n := []rune(s), textLimits()[f]; n > 0 && len(rs) > n {
		return string(rs[:n])
	}
	return s
}
