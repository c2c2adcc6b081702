package creatio

import (
	"context"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// activities are events and tasks: one entity, told apart by ShowInScheduler.
type activities struct{ *connector }

func (a *activities) entity() string { return "Activity" }

func (a *activities) children() []child {
	return []child{{entity: "ActivityParticipant", nav: "Activity"}}
}

// activityColumns are read of every activity: those of the fields, and those that tell
// what the row is.
func (a *activities) activityColumns() []string {
	return append([]string{"Id", "CreatedOn", "ModifiedOn", "ShowInScheduler", "ProcessElementId"}, a.activityFields().Asked()...)
}

func activityExpand() []string {
	return []string{"Owner($select=Id,Name,Email)", "Organizer($select=Id,Name,Email)", "Contact($select=Id,Name)", "Account($select=Id,Name)"}
}

// activity is a row with its participants.
type activity struct {
	row
	parts []row
}

// activityLists are the pick-lists that activities are read and written with.
type activityLists struct {
	types, categories, statuses, priorities, results, roles, answers *table
}

func (a *activities) lists(ctx context.Context) (l activityLists, err error) {
	for _, x := range []struct {
		entity string
		into   **table
	}{
		{"ActivityType", &l.types}, {"ActivityCategory", &l.categories}, {"ActivityStatus", &l.statuses},
		{"ActivityPriority", &l.priorities}, {"ActivityResult", &l.results},
		{"ActivityParticipantRole", &l.roles}, {"ParticipantResponse", &l.answers},
	} {
		if *x.into, err = a.lookups.get(ctx, x.entity); err != nil {
			return l, err
		}
	}
	return l, nil
}

// rows asks for activities with their participants. E-mails are left out.
func (a *activities) rows(ctx context.Context, q query, skip func(row) bool) (out []activity, b batch, err error) {
	l, err := a.lists(ctx)
	if err != nil {
		return nil, b, err
	}
	q.sel, q.expand = a.activityColumns(), a.expand(activityExpand(), pim.KindEvent, pim.KindTask)
	rows, more, err := a.site.rows(ctx, a.entity(), q)
	if err != nil {
		return nil, b, err
	}
	b.more = more
	var ids []guid
	for _, r := range rows {
		b.stamps = append(b.stamps, r.time("ModifiedOn"))
		if isEmail(r, l) || skip != nil && skip(r) {
			continue
		}
		out = append(out, activity{row: r})
		ids = append(ids, r.id())
	}
	parts, err := a.kids(ctx, participants(), ids)
	if err != nil {
		return nil, b, err
	}
	for i := range out {
		out[i].parts = parts[out[i].id()]
	}
	return out, b, nil
}

// isEmail tells e-mails, which Creatio keeps among the activities.
func isEmail(r row, l activityLists) bool {
	mail := l.types.ids[typeEmail]
	return mail != "" && r.ref("TypeId") == mail
}

func (a *activities) records(ctx context.Context, q query, skip func(row) bool) (batch, error) {
	l, err := a.lists(ctx)
	if err != nil {
		return batch{}, err
	}
	rows, b, err := a.rows(ctx, q, skip)
	if err != nil {
		return batch{}, err
	}
	for _, r := range rows {
		b.items = append(b.items, a.load(r, l))
	}
	return b, nil
}

func (a *activities) load(r activity, l activityLists) loaded {
	x := loaded{
		id: r.id(), modified: r.time("ModifiedOn"), owner: r.ref("OwnerId"),
		types: []guid{r.ref("ActivityCategoryId"), r.ref("TypeId")},
		start: r.time("StartDate"), due: r.time("DueDate"),
	}
	for _, p := range r.parts {
		x.people = append(x.people, p.ref("ParticipantId"))
	}
	x.rec = remote.Record{
		Ref:  remote.Ref{ID: remote.ItemID(x.id), Version: version(r.row, r.parts)},
		Item: a.item(r, l), URL: a.page("ActivityPageV2", x.id), Modified: x.modified,
		Untouched: untouched(r.row, r.parts),
	}
	for _, p := range r.parts {
		if t := p.time("ModifiedOn"); t.After(x.rec.Modified) {
			x.rec.Modified = t
		}
	}
	return x
}

// item is the activity as an event or a task.
func (a *activities) item(r activity, l activityLists) pim.Item {
	var it pim.Item = &pim.Task{}
	if r.flag("ShowInScheduler") {
		it = &pim.Event{}
	}
	pim.ActivityOf(it).URL = a.page("ActivityPageV2", r.id())
	a.activityFields().Read(activityRead{a, r, l}, it)
	return it
}

func taskStatus(word string) pim.Status {
	switch word {
	case statusRunning:
		return pim.InProcess
	case statusDone:
		return pim.Completed
	case statusCancelled:
		return pim.Cancelled
	}
	return pim.NeedsAction
}

// priorityOf: medium is what everything has in Creatio until somebody changes it,
// so it is no priority here (RFC 5545 3.8.1.9: 0 is undefined).
func priorityOf(word string) int {
	switch word {
	case priorityHigh:
		return 1
	case priorityLow:
		return 9
	}
	return 0
}

func priorityWord(n int) string {
	switch {
	case n >= 1 && n <= 4:
		return priorityHigh
	case n >= 6:
		return priorityLow
	}
	return priorityMedium
}

// reminders: Creatio has one per person, at a moment. toDue says that it counts
// from the due time, for tasks without a start.
func reminders(r row, toDue bool) []pim.Reminder {
	at := r.time("RemindToOwnerDate")
	if !r.flag("RemindToOwner") || at.IsZero() {
		return nil
	}
	from := r.time("StartDate")
	if toDue {
		from = r.time("DueDate")
	}
	return []pim.Reminder{{Before: from.Sub(at), End: toDue}}
}

func organizer(r activity) pim.Person {
	for _, nav := range []string{"Organizer", "Owner"} {
		if o := r.sub(nav); o.id() != "" {
			return pim.Person{Name: o.text("Name"), Email: o.text("Email"), ID: string(o.id())}
		}
	}
	return pim.Person{}
}

// lines gives texts the line ends of package pim.
func lines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}
