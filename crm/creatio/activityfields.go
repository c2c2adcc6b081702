package creatio

import (
	"context"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// activityRead is an activity with what it is read with, activityWrite one write of it:
// cur is empty for a new activity, out gets the columns.
type (
	activityRead struct {
		*activities
		activity
		l activityLists
	}
	activityWrite struct {
		*activities
		ctx context.Context
		k   *looking
		cur activity
		it  pim.Item
		v   *pim.Activity // of it
		set pim.FieldSet
		l   activityLists
		out row
	}
	activityField = crm.Field[activityRead, *activityWrite]
)

// activityFields is the table of events and tasks. Times and reminders depend on each
// other and are written by timing, participants by syncParticipants.
func activityFields() crm.Fields[activityRead, *activityWrite] {
	both, events, tasks := pim.Kinds(pim.KindEvent, pim.KindTask), pim.Kinds(pim.KindEvent), pim.Kinds(pim.KindTask)
	row := func(m remote.Mapping, k pim.KindSet, read func(activityRead, pim.Item), write func(*activityWrite) error) activityField {
		return activityField{Mapping: m, Kinds: k, Read: read, Write: write}
	}
	text := func(m remote.Mapping, limit int, at func(*pim.Activity) *string) activityField {
		return row(m, both,
			func(r activityRead, it pim.Item) { *at(pim.ActivityOf(it)) = lines(r.text(m.Columns[0])) },
			func(w *activityWrite) error {
				if w.out[m.Columns[0]] = *at(w.v); limit > 0 {
					w.out[m.Columns[0]] = clip(*at(w.v), limit)
				}
				return nil
			},
		)
	}
	named := func(m remote.Mapping, nav string, at func(*pim.Activity) *string, write func(*activityWrite) error) activityField {
		return row(m, both, func(r activityRead, it pim.Item) { *at(pim.ActivityOf(it)) = r.sub(nav).text("Name") }, write)
	}
	return crm.Fields[activityRead, *activityWrite]{
		row(crm.Required(crm.In(pim.FieldTitle, remote.TextColumn, "Title")), both, readTitle, (*activityWrite).title),
		row(crm.Of("ActivityCategory", crm.Required(crm.In(pim.FieldType, remote.ChoiceColumn, "ActivityCategoryId", "TypeId"))), both, readType, (*activityWrite).category),
		text(crm.In(pim.FieldNotes, remote.TextColumn, "Notes"), 0, func(v *pim.Activity) *string { return &v.Notes }),
		text(crm.In(pim.FieldLocation, remote.TextColumn, "Location"), nameLimit, func(v *pim.Activity) *string { return &v.Location }),
		row(crm.Of("ActivityPriority", crm.In(pim.FieldPriority, remote.ChoiceColumn, "PriorityId")), both, readPriority, (*activityWrite).priority),
		row(crm.Of("ActivityStatus", crm.In(pim.FieldStatus, remote.ChoiceColumn, "StatusId")), events, readEventStatus, (*activityWrite).status),
		row(crm.Of("ActivityStatus", crm.Required(crm.In(pim.FieldStatus, remote.ChoiceColumn, "StatusId"))), tasks, readTaskStatus, (*activityWrite).status),
		row(crm.Required(crm.In(pim.FieldTime, remote.TimeColumn, "StartDate", "DueDate")), events, readSpan, nil),
		row(crm.Tied(crm.In(pim.FieldStart, remote.TimeColumn, "StartDate")), tasks, readTaskSpan, nil),
		row(crm.Required(crm.In(pim.FieldDue, remote.TimeColumn, "DueDate")), tasks, nil, nil),
		row(crm.In(pim.FieldReminders, remote.TimeColumn, "RemindToOwnerDate", "RemindToOwner"), both, readReminders, nil),
		row(crm.Of("ActivityParticipant", crm.In(pim.FieldAttendees, remote.RowsColumn, "ParticipantId", "InviteResponseId")), both, readAttendees, nil),
		row(crm.Of("Contact", crm.ReadOnly(crm.In(pim.FieldOrganizer, remote.ReferenceColumn, "OrganizerId"))), both, readOrganizer, nil),
		named(crm.Of("Contact", crm.ReadOnly(crm.In(pim.FieldOwner, remote.ReferenceColumn, "OwnerId"))), "Owner", func(v *pim.Activity) *string { return &v.CRM.Owner }, nil),
		named(crm.Of("Account", crm.In(pim.FieldCompany, remote.ReferenceColumn, "AccountId")), "Account", func(v *pim.Activity) *string { return &v.CRM.Company }, (*activityWrite).company),
		named(crm.Of("Contact", crm.In(pim.FieldContact, remote.ReferenceColumn, "ContactId")), "Contact", func(v *pim.Activity) *string { return &v.CRM.Contact }, (*activityWrite).contact),
		row(crm.Of("ActivityResult", crm.In(pim.FieldResult, remote.ChoiceColumn, "ResultId")), both, readResult, (*activityWrite).result),
		text(crm.In(pim.FieldReport, remote.TextColumn, "DetailedResult"), 0, func(v *pim.Activity) *string { return &v.CRM.Report }),
	}
}

func readType(r activityRead, it pim.Item) {
	pim.ActivityOf(it).CRM.Type = r.l.categories.name(r.ref("ActivityCategoryId"))
}

func readTitle(r activityRead, it pim.Item) { pim.ActivityOf(it).Title = r.text("Title") }

func readPriority(r activityRead, it pim.Item) {
	pim.ActivityOf(it).Priority = priorityOf(r.l.priorities.word[r.ref("PriorityId")])
}

func readEventStatus(r activityRead, it pim.Item) {
	if r.l.statuses.word[r.ref("StatusId")] == statusCancelled {
		pim.ActivityOf(it).Status = pim.Cancelled
	}
}

func readTaskStatus(r activityRead, it pim.Item) {
	pim.ActivityOf(it).Status = taskStatus(r.l.statuses.word[r.ref("StatusId")])
}

func readSpan(r activityRead, it pim.Item) {
	e := it.(*pim.Event)
	e.Start, e.End = r.span(r.time("StartDate"), r.time("DueDate"))
}

// readTaskSpan reads start and due time together: each tells what the other means.
func readTaskSpan(r activityRead, it pim.Item) {
	t := it.(*pim.Task)
	t.Start, t.Due = r.taskSpan(r.time("StartDate"), r.time("DueDate"))
}

// readReminders stands behind the times in the table: a task without a start counts from
// its due time.
func readReminders(r activityRead, it pim.Item) {
	t, isTask := it.(*pim.Task)
	pim.ActivityOf(it).Reminders = reminders(r.row, isTask && (t.Start.IsZero() || r.leftOut(pim.KindTask, pim.FieldStart)))
}

func readAttendees(r activityRead, it pim.Item) {
	pim.ActivityOf(it).Attendees = attendees(r.activity, r.l)
}

// readOrganizer stands behind the attendees in the table. An organizer makes a meeting of
// an entry in clients; an entry without other people is none.
func readOrganizer(r activityRead, it pim.Item) {
	if v := pim.ActivityOf(it); len(v.Attendees) > 0 && !r.leftOut(it.Kind(), pim.FieldAttendees) {
		v.Organizer = organizer(r.activity)
	}
}

func readResult(r activityRead, it pim.Item) {
	pim.ActivityOf(it).CRM.Result = r.l.results.name(r.ref("ResultId"))
}
