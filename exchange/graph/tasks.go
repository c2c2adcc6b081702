package graph

import (
	"context"
	"net/url"
	"slices"
	"time"

	"crmbridge/exchange/series"
	"crmbridge/pim"
	"crmbridge/pim/tz"
	"crmbridge/remote"
)

// task is Graph's todoTask.
type task struct {
	stamp
	Title      string      `json:"title"`
	Body       itemBody    `json:"body"`
	Categories []string    `json:"categories"`
	Importance string      `json:"importance"`
	Status     string      `json:"status"`
	Due        *dateTime   `json:"dueDateTime"`
	Start      *dateTime   `json:"startDateTime"`
	Completed  *dateTime   `json:"completedDateTime"`
	ReminderOn bool        `json:"isReminderOn"`
	Reminder   *dateTime   `json:"reminderDateTime"`
	Recurrence *recurrence `json:"recurrence"`
	Linked     []linked    `json:"linkedResources"`
}

// linked is a linkedResource: To Do has no extended properties, and what a task comes from is what these are for.
type linked struct {
	ID          string `json:"id,omitempty"`
	Application string `json:"applicationName"`
	Name        string `json:"displayName"`
	External    string `json:"externalId"`
}

// application is the name by which our linked resources are known.
const application = "CRM bridge"

func linkOf(key string) linked {
	return linked{Application: application, Name: application, External: key}
}

func (t *task) link() (linked, bool) {
	i := slices.IndexFunc(t.Linked, func(l linked) bool { return l.Application == application })
	if i < 0 {
		return linked{}, false
	}
	return t.Linked[i], true
}

// taskFields is the table of To Do tasks. To Do keeps dates, not times ("todoTask": "the date in the specified time zone").
func (c *connector) taskFields() fields[*task, *pim.Task] {
	return fields[*task, *pim.Task]{
		{id: pim.FieldTitle, props: []string{"title"},
			read:  func(t *task, it *pim.Task) { it.Title = t.Title },
			write: func(d *draft[*task], it *pim.Task) error { d.put("title", cut(it.Title, pim.FieldTitle)); return nil }},
		{id: pim.FieldNotes, props: []string{"body"},
			read:  func(t *task, it *pim.Task) { it.Notes = t.Body.text() },
			write: func(d *draft[*task], it *pim.Task) error { d.put("body", textBody(it.Notes)); return nil }},
		{id: pim.FieldCategories, props: []string{"categories"},
			read:  func(t *task, it *pim.Task) { it.Categories = t.Categories },
			write: func(d *draft[*task], it *pim.Task) error { d.put("categories", list(it.Categories)); return nil }},
		{id: pim.FieldPriority, props: []string{"importance"},
			read:  func(t *task, it *pim.Task) { it.Priority = priorityOf(t.Importance) },
			write: func(d *draft[*task], it *pim.Task) error { d.put("importance", importanceOf(it.Priority)); return nil }},
		{id: pim.FieldStatus, props: []string{"status"}, required: true,
			read: func(t *task, it *pim.Task) { it.Status = statusOf(t.Status) }, write: writeTaskStatus},
		{id: pim.FieldStart, props: []string{"startDateTime"},
			read:  func(t *task, it *pim.Task) { it.Start = t.Start.day(c.zone) },
			write: func(d *draft[*task], it *pim.Task) error { c.putDay(d, "startDateTime", it.Start); return nil }},
		{id: pim.FieldDue, props: []string{"dueDateTime"},
			read:  func(t *task, it *pim.Task) { it.Due = t.Due.day(c.zone) },
			write: func(d *draft[*task], it *pim.Task) error { c.putDay(d, "dueDateTime", it.Due); return nil }},
		{id: pim.FieldCompleted, props: []string{"completedDateTime", "status"}, read: c.readCompleted, write: c.writeCompleted},
		// After the dates: a reminder is told relative to them.
		{id: pim.FieldReminders, props: []string{"isReminderOn", "reminderDateTime"}, read: c.readTaskReminder, write: c.writeTaskReminder},
		{id: pim.FieldRecurrence, props: []string{"recurrence"}, read: c.readTaskRule, write: c.writeTaskRule},
	}
}

// putDay leaves an absent date out of a new task.
func (c *connector) putDay(d *draft[*task], name string, w pim.When) {
	if !w.IsZero() || !d.fresh {
		d.put(name, c.daily(w))
	}
}

func statusOf(s string) pim.Status {
	switch s {
	case "completed":
		return pim.Completed
	case "inProgress", "waitingOnOthers":
		return pim.InProcess
	}
	return pim.NeedsAction // notStarted, deferred
}

func writeTaskStatus(d *draft[*task], it *pim.Task) error {
	switch it.Status {
	case pim.Completed:
		d.put("status", "completed")
	case pim.InProcess:
		d.put("status", "inProgress")
	case pim.Cancelled:
		d.lost(pim.FieldStatus, string(it.Status), "To Do has no word for a task that is called off; it stays as it was")
	default:
		d.put("status", "notStarted")
	}
	return nil
}

func (c *connector) readCompleted(t *task, it *pim.Task) {
	if t.Status == "completed" {
		it.Completed = t.Completed.day(c.zone)
	}
}

// writeCompleted leaves the day to To Do where there is none: a task that is done has one.
func (c *connector) writeCompleted(d *draft[*task], it *pim.Task) error {
	if it.Status == pim.Completed && !it.Completed.IsZero() {
		d.put("completedDateTime", c.daily(it.Completed))
	}
	return nil
}

// anchor is what a reminder is relative to: the start, or the end (true) of a task that has none.
func (c *connector) anchor(it *pim.Task) (at time.Time, end bool) {
	w := it.Start
	if w.IsZero() {
		w, end = it.Due, true
	}
	switch {
	case w.IsZero():
		return time.Time{}, false
	case w.Date || w.Floating:
		return tz.Instant(w.Time, c.zone).UTC(), end
	}
	return w.Time, end
}

func (c *connector) readTaskReminder(t *task, it *pim.Task) {
	at, end := c.anchor(it)
	if remind := t.Reminder.instant(); t.ReminderOn && !at.IsZero() && !remind.IsZero() {
		it.Reminders = []pim.Reminder{{Before: at.Sub(remind), End: end}}
	}
}

func (c *connector) writeTaskReminder(d *draft[*task], it *pim.Task) error {
	if len(it.Reminders) == 0 {
		d.put("isReminderOn", false)
		return nil
	}
	at, _ := c.anchor(it)
	if r := it.Reminders[0]; r.End && !it.Due.IsZero() {
		at, _ = c.anchor(&pim.Task{Due: it.Due})
	}
	if at.IsZero() {
		d.lost(pim.FieldReminders, it.Reminders[0].Before.String(), "a reminder needs a start or a due date")
		return nil
	}
	d.put("isReminderOn", true)
	d.put("reminderDateTime", dateTime{at.Add(-it.Reminders[0].Before).Format(clockLayout), "UTC"})
	return nil
}

// firstDay is that of a task that repeats: its due date, or its start.
func firstDay(it *pim.Task) pim.When {
	if it.Due.IsZero() {
		return it.Start
	}
	return it.Due
}

func (c *connector) readTaskRule(t *task, it *pim.Task) {
	it.Recurrence = c.ruleOf(t.Recurrence, firstDay(it))
}

func (c *connector) writeTaskRule(d *draft[*task], it *pim.Task) error {
	if it.Recurrence == nil {
		if !d.fresh {
			d.put("recurrence", nil)
		}
		return nil
	}
	first := firstDay(it)
	if first.IsZero() {
		return pim.Errorf("graph: write", pim.ErrUnsupported, "a task that repeats needs a due date in To Do")
	}
	if !first.Date { // To Do keeps the day alone
		first = pim.On(c.clock(first).Date())
	}
	p, err := series.Of(it.Recurrence, first, c.zone)
	if err != nil {
		return err
	}
	if len(it.Recurrence.Except)+len(it.Recurrence.Changed) > 0 {
		d.lost(pim.FieldRecurrence, "", "To Do makes the next task when one is done; occurrences that differ stay here only")
	}
	r := recurring(p, first.Time, "")
	d.put("recurrence", r)
	return nil
}

// tasks are those of one To Do list.
type tasks struct {
	*connector
	name string
}

func (s *tasks) kind() pim.Kind { return pim.KindTask }

func (s *tasks) home() string { return s.user() + "/todo/lists/" + escape(s.name) + "/tasks" }

// resource is none: Graph lets programs of their own subscribe to no tasks ("Create subscription": todoTask, delegated only).
func (s *tasks) resource() string { return "" }

func (s *tasks) path(id remote.ItemID) string { return s.home() + "/" + escape(string(id)) }

func linking() url.Values { return url.Values{"$expand": {"linkedResources"}} }

func (s *tasks) start(window) request {
	return request{op: "graph: changes", path: s.home() + "/delta", prefer: reading(), query: linking()}
}

func (s *tasks) record(t *task) remote.Record {
	it := &pim.Task{}
	s.taskTable.read(t, it)
	l, _ := t.link()
	return t.stamp.record(it, l.External)
}

func (s *tasks) load(ctx context.Context, ids []string) ([]task, error) {
	const op = "graph: read"
	rs := make([]request, len(ids))
	for i, id := range ids {
		rs[i] = request{op: op, path: s.path(remote.ItemID(id)), prefer: reading(), query: linking()}
	}
	return readAll[task](ctx, s.service, op, rs)
}

func (s *tasks) fetch(ctx context.Context, ids []remote.ItemID) ([]remote.Record, error) {
	all, err := s.load(ctx, texts(ids))
	if err != nil {
		return nil, err
	}
	var out []remote.Record
	for i := range all {
		out = append(out, s.record(&all[i]))
	}
	return out, nil
}

// changes reads one page. It has the tasks as they are; what is said to be removed is looked for once more.
func (s *tasks) changes(ctx context.Context, r request, w window, _ bool) (found, error) {
	var p page[task]
	if err := s.get(ctx, r, &p); err != nil {
		return found{}, err
	}
	f := found{next: p.Next, delta: p.Delta}
	latest, removed := map[string]*task{}, []string{}
	for i := range p.Value {
		latest[p.Value[i].ID] = &p.Value[i]
	}
	for i := range p.Value {
		t := &p.Value[i]
		switch {
		case latest[t.ID] != t: // it comes again
		case t.Removed != nil:
			removed = append(removed, t.ID)
		default:
			s.add(&f, w, t)
		}
	}
	still, err := s.load(ctx, removed)
	if err != nil {
		return found{}, err
	}
	for i := range still {
		s.add(&f, w, &still[i])
		removed = slices.DeleteFunc(removed, func(id string) bool { return id == still[i].ID })
	}
	for _, id := range removed {
		f.gone = append(f.gone, remote.ItemID(id))
	}
	return f, nil
}

func (s *tasks) add(f *found, w window, t *task) {
	rec := s.record(t)
	if it := rec.Item.(*pim.Task); w.holds(it.Start, it.Due) {
		f.changed = append(f.changed, rec)
	}
}

func (s *tasks) list(ctx context.Context) ([]listed, error) {
	all, err := every[task](ctx, s.service, request{op: "graph: list", path: s.home(), prefer: []string{inUTC}, query: url.Values{"$top": {"100"}}})
	if err != nil {
		return nil, err
	}
	out := make([]listed, 0, len(all))
	for i := range all {
		out = append(out, listed{ref: all[i].ref(), start: all[i].Start.day(s.zone), end: all[i].Due.day(s.zone)})
	}
	return out, nil
}

func (s *tasks) create(ctx context.Context, e remote.Entry, key string) (remote.Record, error) {
	const op = "graph: create"
	d := &draft[*task]{props: map[string]any{}, now: &task{}, fresh: true, set: pim.AllOf(pim.KindTask)}
	if err := s.taskTable.write(d, e.Item.(*pim.Task)); err != nil {
		return remote.Record{}, err
	}
	d.put("linkedResources", []linked{linkOf(key)})
	a, err := s.send(ctx, request{op: op, method: "POST", path: s.home(), prefer: reading(), body: d.props})
	if err != nil {
		return remote.Record{}, err
	}
	var made task
	if err := a.written(op, &made); err != nil {
		return remote.Record{}, err
	}
	rec := s.record(&made)
	rec.Key, rec.Notes = key, d.notes
	return rec, nil
}

func (s *tasks) update(ctx context.Context, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	const op = "graph: update"
	all, err := s.load(ctx, []string{string(old.ID)})
	switch {
	case err != nil:
		return remote.Record{}, err
	case len(all) == 0:
		return remote.Record{}, missing(op)
	}
	now := &all[0]
	if err := now.expect(op, old.Version); err != nil {
		return remote.Record{}, err
	}
	want := pim.Clone(s.record(now).Item).(*pim.Task)
	pim.Copy(want, e.Item, changed)
	d := &draft[*task]{props: map[string]any{}, now: now, set: changed}
	if now.ReminderOn && !changed.And(pim.Set(pim.FieldStart, pim.FieldDue)).IsEmpty() {
		// It is told relative to the dates and kept as a time: it moves with them.
		d.set = d.set.Or(pim.Set(pim.FieldReminders))
	}
	if err := s.taskTable.write(d, want); err != nil {
		return remote.Record{}, err
	}
	after := now
	if len(d.props) > 0 {
		a, err := s.send(ctx, request{op: op, method: "PATCH", path: s.path(old.ID), prefer: reading(), match: now.version(), body: d.props})
		if err != nil {
			return remote.Record{}, err
		}
		after = &task{}
		if err := a.written(op, after); err != nil {
			return remote.Record{}, err
		}
		after.Linked = now.Linked
	}
	rec := s.record(after)
	rec.Notes = d.notes
	return rec, nil
}

// complete implements shelf: one request makes a task.
func (s *tasks) complete(_ context.Context, rec remote.Record, _ remote.Entry) (remote.Record, error) {
	return rec, nil
}

// marked reads the list: To Do does not look for linked resources by a filter.
func (s *tasks) marked(ctx context.Context, key string) (map[string]remote.Ref, error) {
	q := linking()
	q.Set("$top", "100")
	all, err := every[task](ctx, s.service, request{op: "graph: find", path: s.home(), query: q})
	if err != nil {
		return nil, err
	}
	out := map[string]remote.Ref{}
	for i := range all {
		if l, ok := all[i].link(); ok && (key == "" || l.External == key) {
			out[l.External] = all[i].ref()
		}
	}
	return out, nil
}

func (s *tasks) mark(ctx context.Context, old remote.Ref, key string) error {
	const op = "graph: mark"
	all, err := s.load(ctx, []string{string(old.ID)})
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return missing(op)
	}
	r := request{op: op, method: "POST", path: s.path(old.ID) + "/linkedResources", body: linkOf(key)}
	if l, ok := all[0].link(); ok {
		r.method, r.path = "PATCH", r.path+"/"+escape(l.ID)
	}
	_, err = s.send(ctx, r)
	return err
}
