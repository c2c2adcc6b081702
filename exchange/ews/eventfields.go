package ews

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// eventTable is the fields of calendar items. The recurrence is read and
// written by series.go.
var eventTable = slices.Concat(activityRows(), table{
	oneText(pim.FieldLocation, "calendar:Location", "t:Location", func(x *item) *string { return &x.Location }, func(it pim.Item) *string { return &pim.ActivityOf(it).Location }),
	{
		fields: pim.Set(pim.FieldTime),
		asks:   []path{uri("calendar:Start"), uri("calendar:End"), uri("calendar:IsAllDayEvent"), uri("calendar:StartTimeZone"), uri("calendar:EndTimeZone")},
		read:   readTime, write: writeTime,
	},
	{
		fields: pim.Set(pim.FieldFree, pim.FieldStatus), asks: []path{uri("calendar:LegacyFreeBusyStatus"), uri("calendar:IsCancelled")},
		read: readBusy,
		write: func(w *writing) {
			w.set(uri("calendar:LegacyFreeBusyStatus"), leaf("t:LegacyFreeBusyStatus", busyStatus(w.event())))
		},
	},
	{
		fields: pim.Set(pim.FieldReminders), asks: []path{uri("item:ReminderIsSet"), uri("item:ReminderMinutesBeforeStart")},
		read: func(x *item, it pim.Item, _ *zones) {
			if x.Remind.bool() {
				it.(*pim.Event).Reminders = []pim.Reminder{{Before: x.RemindMins.minutes()}}
			}
		},
		write: writeReminder,
	},
	{
		fields: pim.Set(pim.FieldAttendees), asks: []path{uri("calendar:RequiredAttendees"), uri("calendar:OptionalAttendees"), uri("calendar:MyResponseType")},
		read: readAttendees, write: writeAttendees,
	},
	{
		fields: pim.Set(pim.FieldOrganizer), readOnly: true, asks: []path{uri("calendar:Organizer"), uri("calendar:IsMeeting")},
		read: readOrganizer,
	},
	{
		fields: pim.Set(pim.FieldRecurrence),
		asks:   []path{uri("calendar:CalendarItemType"), uri("calendar:Recurrence"), uri("calendar:ModifiedOccurrences"), uri("calendar:DeletedOccurrences"), uri("calendar:LastOccurrence")},
	},
})

func readTime(x *item, it pim.Item, z *zones) {
	e := it.(*pim.Event)
	if x.AllDay.bool() {
		e.Start, e.End = z.day(x.Start, x.StartZone), z.day(x.End, x.EndZone)
		return
	}
	e.Start, e.End = z.when(x.Start, x.StartZone), z.when(x.End, x.EndZone)
}

// writeTime sets the zones first: a change of the zone alone would move the times, which are set after it.
func writeTime(w *writing) {
	e := w.event()
	if e.Start.IsZero() {
		return
	}
	start, end := w.zones.instant(e.Start), w.zones.instant(endOf(e))
	if !w.occurrence {
		w.set(uri("calendar:StartTimeZone"), leaf("t:StartTimeZone", "", "Id", w.zones.windows(w.zones.zoneOf(e.Start))))
		w.set(uri("calendar:EndTimeZone"), leaf("t:EndTimeZone", "", "Id", w.zones.windows(w.zones.zoneOf(endOf(e)))))
	}
	w.set(uri("calendar:IsAllDayEvent"), leaf("t:IsAllDayEvent", strconv.FormatBool(e.AllDay())))
	w.set(uri("calendar:Start"), leaf("t:Start", stamp(start)))
	w.set(uri("calendar:End"), leaf("t:End", stamp(end)))
}

// endOf is the end of an event, never before its start; a day lasts to the next.
func endOf(e *pim.Event) pim.When {
	end := e.End
	if end.IsZero() || end.Time.Before(e.Start.Time) {
		end = e.Start
	}
	if e.Start.Date {
		end.Date, end.Zone, end.Floating = true, "", false
		if !end.Time.After(e.Start.Time) {
			end = pim.On(e.Start.Time.AddDate(0, 0, 1).Date())
		}
	}
	return end
}

// readBusy knows three of Exchange's states: free, tentative, and busy in some way (Busy, OOF, WorkingElsewhere).
func readBusy(x *item, it pim.Item, _ *zones) {
	e := it.(*pim.Event)
	switch x.Busy.text() {
	case "Free":
		e.Free = true
	case "Tentative":
		e.Status = pim.Tentative
	}
	if x.Cancelled.bool() {
		e.Status = pim.Cancelled
	}
}

func busyStatus(e *pim.Event) string {
	switch {
	case e.Free || e.Status == pim.Cancelled: // what does not take place blocks nothing
		return "Free"
	case e.Status == pim.Tentative:
		return "Tentative"
	}
	return "Busy"
}

// mostAhead is the longest that Exchange reminds before the start (ReminderMinutesBeforeStartType): five years.
const mostAhead = 2629800 * time.Minute

// writeReminder writes the first reminder that is ahead of the start; Exchange keeps one. It is always written: Exchange gives new
// items a reminder of its own otherwise.
func writeReminder(w *writing) {
	e := w.event()
	for _, r := range e.Reminders {
		before := r.Before
		if r.End {
			before -= w.zones.instant(endOf(e)).Sub(w.zones.instant(e.Start))
		}
		if before < 0 {
			continue
		}
		w.set(uri("item:ReminderIsSet"), leaf("t:ReminderIsSet", "true"))
		w.set(uri("item:ReminderMinutesBeforeStart"), leaf("t:ReminderMinutesBeforeStart", strconv.Itoa(int(min(before, mostAhead)/time.Minute))))
		return
	}
	w.set(uri("item:ReminderIsSet"), leaf("t:ReminderIsSet", "false"))
}

// answers of attendees, as PARTSTAT has them.
var answers = map[string]string{"Accept": "accepted", "Organizer": "accepted", "Tentative": "tentative", "Decline": "declined"}

// readAttendees takes the mailbox's own answer from where it is when others invite.
func readAttendees(x *item, it pim.Item, z *zones) {
	e := it.(*pim.Event)
	add := func(all []attendee, optional bool) {
		for _, a := range all {
			e.Attendees = append(e.Attendees, pim.Attendee{Person: personOf(a.Mailbox), Answer: answers[a.Response.text()], Optional: optional})
		}
	}
	add(x.Required, false)
	add(x.Optional, true)
	for i := range e.Attendees {
		if own := answers[x.MyResponse.text()]; own != "" && z.self != "" && strings.EqualFold(e.Attendees[i].Email, z.self) {
			e.Attendees[i].Answer = own
		}
	}
}

// personOf leaves out addresses that are none of the internet: Exchange shows colleagues by their place in the directory
// (RoutingType EX) when it could not look them up.
func personOf(m mailbox) pim.Person {
	p := pim.Person{Name: m.Name, Email: m.Email}
	if !strings.Contains(p.Email, "@") || strings.EqualFold(m.Routing, "EX") {
		p.Email = ""
	}
	if strings.EqualFold(p.Name, p.Email) {
		p.Name = ""
	}
	return p
}

// writeAttendees leaves answers out: they are the server's to collect. So are people without an address, whom Exchange cannot
// invite. A meeting that somebody else invites to goes without them: Exchange makes the mailbox the organiser of whatever is made in
// it, and would invite them all once its owner edits it there.
func writeAttendees(w *writing) {
	if !organises(w.event(), w.zones.self) {
		if w.create && len(w.event().Attendees) > 0 {
			w.notes = append(w.notes, remote.Note{Field: pim.FieldAttendees, Says: "the attendees were left out: somebody else invites to this meeting"})
		}
		return
	}
	lists := map[bool]*el{false: {name: "t:RequiredAttendees"}, true: {name: "t:OptionalAttendees"}}
	for _, a := range w.event().Attendees {
		if !strings.Contains(a.Email, "@") {
			continue
		}
		box := node("t:Mailbox")
		if a.Name != "" {
			box.kids = append(box.kids, leaf("t:Name", a.Name))
		}
		box.kids = append(box.kids, leaf("t:EmailAddress", a.Email))
		lists[a.Optional].kids = append(lists[a.Optional].kids, node("t:Attendee", box))
	}
	for _, optional := range []bool{false, true} {
		l := lists[optional]
		p := uri("calendar:" + strings.TrimPrefix(l.name, "t:"))
		if len(l.kids) == 0 {
			w.clear(p)
			continue
		}
		w.set(p, *l)
	}
}

// readOrganizer tells the organiser of meetings only: every appointment has one there, its owner, and telling it would make a
// meeting of each.
func readOrganizer(x *item, it pim.Item, _ *zones) {
	if x.Meeting.bool() || len(x.Required)+len(x.Optional) > 0 {
		it.(*pim.Event).Organizer = personOf(x.Organizer)
	}
}
