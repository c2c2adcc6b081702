package creatio

import (
	"context"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

func (a *activities) made(key string) guid { return madeID("activity", key) }

func (a *activities) create(ctx context.Context, k *looking, e remote.Entry, key string) (remote.Record, error) {
	const op = "creatio: create"
	if rec := pim.RecurrenceOf(e.Item); rec != nil {
		return remote.Record{}, pim.Errorf(op, pim.ErrUnsupported, "Creatio keeps no repeating activities")
	}
	l, err := a.lists(ctx)
	if err != nil {
		return remote.Record{}, err
	}
	me, err := a.people.me(ctx)
	if err != nil {
		return remote.Record{}, err
	}
	id := a.made(key)
	carried := a.Traits().Carries[e.Item.Kind()]
	r, err := a.columns(ctx, k, activity{}, e.Item, carried, l)
	if err != nil {
		return remote.Record{}, err
	}
	r["Id"], r["OwnerId"], r["ShowInScheduler"] = id, me, e.Item.Kind() == pim.KindEvent
	if r["TypeId"] == nil {
		r["TypeId"] = l.types.ids[typeTask]
	}
	made, err := a.insertTied(ctx, a.entity(), r, e.Relations)
	if err != nil {
		return remote.Record{}, err
	}
	if want := pim.ActivityOf(e.Item).Attendees; len(want) > 0 && carried.Has(pim.FieldAttendees) {
		if err := a.completeParticipants(ctx, id, me, want, l, made); err != nil {
			return remote.Record{}, err
		}
	}
	x, err := a.single(ctx, a, op, id)
	x.rec.Notes = k.notes
	return x.rec, err
}

// completeParticipants adds those that are missing. A create that is repeated finds
// some of them there.
func (a *activities) completeParticipants(ctx context.Context, id, owner guid, want []pim.Attendee, l activityLists, made bool) error {
	var have []row
	if !made {
		kids, err := a.kids(ctx, participants(), []guid{id})
		if err != nil {
			return err
		}
		have = kids[id]
	}
	return a.syncParticipants(ctx, id, owner, have, want, l, false)
}

func (a *activities) update(ctx context.Context, k *looking, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	const op = "creatio: update"
	id, _ := parseGUID(string(old.ID))
	l, err := a.lists(ctx)
	if err != nil {
		return remote.Record{}, err
	}
	rows, _, err := a.rows(ctx, query{filter: anyID([]guid{id}), top: 1}, nil)
	if err != nil {
		return remote.Record{}, err
	}
	if len(rows) == 0 {
		return remote.Record{}, missing(op)
	}
	cur := rows[0]
	if err := unchanged(op, version(cur.row, cur.parts), old.Version); err != nil {
		return remote.Record{}, err
	}
	if cur.flag("ShowInScheduler") != (e.Item.Kind() == pim.KindEvent) {
		return remote.Record{}, pim.Errorf(op, pim.ErrConflict, "the item became a task or an event in Creatio meanwhile")
	}
	if changed.IsEmpty() {
		return a.load(cur, l).rec, nil
	}
	want, err := a.columns(ctx, k, cur, e.Item, changed, l)
	if err != nil {
		return remote.Record{}, err
	}
	if err := a.site.update(ctx, a.entity(), id, cur.differing(want)); err != nil {
		return remote.Record{}, gone(op, err)
	}
	if changed.Has(pim.FieldAttendees) {
		if err := a.syncParticipants(ctx, id, cur.ref("OwnerId"), cur.parts, pim.ActivityOf(e.Item).Attendees, l, true); err != nil {
			return remote.Record{}, err
		}
	}
	x, err := a.single(ctx, a, op, id)
	x.rec.Notes = k.notes
	return x.rec, err
}

// gone gives a 404 on a write the words for it.
func gone(op string, err error) error {
	if pim.ReasonOf(err) == pim.ErrNotFound {
		return missing(op)
	}
	return err
}

// unassign cuts the user's tie: as owner, and as participant.
func (a *activities) unassign(ctx context.Context, id guid) error {
	me, err := a.people.me(ctx)
	if err != nil {
		return err
	}
	r, found, err := a.site.one(ctx, a.entity(), id, query{sel: []string{"Id", "OwnerId"}})
	switch {
	case err != nil:
		return err
	case !found:
		return missing("creatio: unassign")
	case r.ref("OwnerId") == me:
		if err := a.site.update(ctx, a.entity(), id, row{"OwnerId": guid("")}); err != nil {
			return err
		}
	}
	kids, err := a.kids(ctx, participants(), []guid{id})
	if err != nil {
		return err
	}
	for _, p := range kids[id] {
		if p.ref("ParticipantId") != me {
			continue
		}
		if err := a.site.remove(ctx, "ActivityParticipant", p.id()); err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
			return err
		}
	}
	return nil
}

// columns is what the fields of set are in Creatio's columns; cur is empty for a new
// activity.
func (a *activities) columns(ctx context.Context, k *looking, cur activity, it pim.Item, set pim.FieldSet, l activityLists) (row, error) {
	w := &activityWrite{activities: a, ctx: ctx, k: k, cur: cur, it: it, v: pim.ActivityOf(it), set: set, l: l, out: row{}}
	err := a.activityFields().Write(it.Kind(), set, w)
	a.timing(w.out, cur, it, set)
	return w.out, err
}

func (w *activityWrite) title() error {
	if w.out["Title"] = clip(w.v.Title, titleLimit); w.v.Title == "" {
		w.out["Title"] = untitled(w.it, w.l)
	}
	return nil
}

func (w *activityWrite) priority() error {
	if id := w.l.priorities.ids[priorityWord(w.v.Priority)]; id != "" {
		w.out["PriorityId"] = id
	}
	return nil
}

func (w *activityWrite) result() error {
	x, _ := w.l.results.named(w.v.CRM.Result)
	w.out["ResultId"] = x.id
	return nil
}

func (w *activityWrite) company() error {
	id, err := w.k.company(w.ctx, w.v.CRM.Company, false)
	w.out["AccountId"] = id
	return err
}

func (w *activityWrite) contact() error {
	id, err := w.people.named(w.ctx, w.v.CRM.Contact)
	w.out["ContactId"] = id
	return err
}

// category sets category and type. An item without one gets the default of its
// kind; a name that Creatio does not have is refused, since the category decides
// what people see of the activity.
func (w *activityWrite) category() error {
	name, word := w.settings["default_type"], categoryMeeting
	if w.it.Kind() == pim.KindTask {
		name, word = w.settings["default_task_type"], categoryToDo
	}
	if t := w.v.CRM.Type; t != "" {
		name = t
	} else if w.cur.row != nil {
		return nil
	}
	c, ok := w.l.categories.named(name)
	if name == "" {
		c, ok = w.l.categories.byID[w.l.categories.ids[word]]
		if !ok {
			return pim.Errorf("creatio: category", pim.ErrRefused, "no activity category of this site is recognised as %s; set default_type and default_task_type", word)
		}
	}
	if !ok {
		return pim.Errorf("creatio: category", pim.ErrRefused, "Creatio has no activity category %q", printable(name, 100))
	}
	w.out["ActivityCategoryId"] = c.id
	if c.typ != "" {
		if w.l.types.word[c.typ] == typeEmail {
			return pim.Errorf("creatio: category", pim.ErrRefused, "an activity cannot become an e-mail")
		}
		w.out["TypeId"] = c.typ
	}
	return nil
}

func untitled(it pim.Item, l activityLists) string {
	if t := pim.ActivityOf(it).CRM.Type; t != "" {
		return clip(t, titleLimit)
	}
	word := categoryMeeting
	if it.Kind() == pim.KindTask {
		word = categoryToDo
	}
	if name := l.categories.name(l.categories.ids[word]); name != "" {
		return name
	}
	return "–"
}

// status writes what the item's status means. For events Creatio's finer states stay
// as they are as long as both agree on whether the event is cancelled.
func (w *activityWrite) status() error {
	was, want := w.l.statuses.word[w.cur.ref("StatusId")], statusNew
	switch w.v.Status {
	case pim.Cancelled:
		want = statusCancelled
	case pim.Completed:
		want = statusDone
	case pim.InProcess:
		want = statusRunning
	}
	if w.it.Kind() == pim.KindEvent && w.cur.row != nil && want != statusCancelled && was != statusCancelled {
		return nil
	}
	if w.cur.row != nil && was == want {
		return nil // several states can mean the same
	}
	if w.cur.ref("ProcessElementId") != "" {
		return pim.Errorf("creatio: status", pim.ErrRefused, "this activity is a step of a business process; change its status in Creatio")
	}
	id := w.l.statuses.ids[want]
	if id == "" {
		return pim.Errorf("creatio: status", pim.ErrRefused, "no activity status of this site is recognised as %s", want)
	}
	w.out["StatusId"] = id
	return nil
}

// timing sets times and the reminder. A reminder is kept as a moment, so it moves
// with the start even when it is not changed itself.
func (a *activities) timing(r row, cur activity, it pim.Item, set pim.FieldSet) {
	start, due := cur.time("StartDate"), cur.time("DueDate")
	switch v := it.(type) {
	case *pim.Event:
		if set.Has(pim.FieldTime) {
			start, due = a.spanTimes(v)
			r["StartDate"], r["DueDate"] = start, due
		}
	case *pim.Task:
		if set.Has(pim.FieldStart) || set.Has(pim.FieldDue) {
			start, due = a.taskTimes(a.taskWith(cur, v, set))
			r["StartDate"], r["DueDate"] = start, due
		}
	}
	if start.IsZero() && cur.row == nil {
		start = a.env.Now().Truncate(time.Minute)
		r["StartDate"], r["DueDate"] = start, start.Add(30*time.Minute)
	}
	a.remind(r, cur, pim.ActivityOf(it), set, start, due)
}

// taskWith is the task's times with those that are not to change as they are.
func (a *activities) taskWith(cur activity, v *pim.Task, set pim.FieldSet) *pim.Task {
	t := &pim.Task{Start: v.Start, Due: v.Due}
	var start, due pim.When
	if cur.row != nil {
		start, due = a.taskSpan(cur.time("StartDate"), cur.time("DueDate"))
	}
	if !set.Has(pim.FieldStart) {
		t.Start = start
	}
	if !set.Has(pim.FieldDue) {
		t.Due = due
	}
	return t
}

func (a *activities) remind(r row, cur activity, v *pim.Activity, set pim.FieldSet, start, due time.Time) {
	switch {
	case set.Has(pim.FieldReminders) && len(v.Reminders) == 0:
		r["RemindToOwner"], r["RemindToOwnerDate"] = false, time.Time{}
	case set.Has(pim.FieldReminders):
		from := start
		if v.Reminders[0].End {
			from = due
		}
		r["RemindToOwner"], r["RemindToOwnerDate"] = true, from.Add(-v.Reminders[0].Before).Truncate(time.Second)
	case cur.flag("RemindToOwner") && !cur.time("RemindToOwnerDate").IsZero():
		before := cur.time("StartDate").Sub(cur.time("RemindToOwnerDate"))
		r["RemindToOwnerDate"] = start.Add(-before)
	}
}
