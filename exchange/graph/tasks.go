package graph

import (
	"context"
	"net/url"
	"slices"

	"crmbridge/pim"
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
	HasFiles   bool        `json:"hasAttachments"`

	files   []held
	partial bool // files are to be read with the item on its own
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

// tasks are those of one To Do list.
type tasks struct {
	*connector
	name string
}

func (s *tasks) kind() pim.Kind { return pim.KindTask }

func (s *tasks) home() string { return s.user() + "/todo/lists/" + escape(s.name) + "/tasks" }

// resource is none for a program of its own: Graph tells of tasks to people only ("Create subscription": todoTask, delegated only).
func (s *tasks) resource() string {
	if s.person {
		return s.home()
	}
	return ""
}

func (s *tasks) path(id remote.ItemID) string { return s.home() + "/" + escape(string(id)) }

func linking() url.Values { return url.Values{"$expand": {"linkedResources"}} }

func (s *tasks) start(window) request {
	return request{op: "graph: changes", path: s.home() + "/delta", prefer: reading(), query: linking()}
}

func (s *tasks) record(t *task) remote.Record {
	it := &pim.Task{}
	s.taskTable.read(t, it)
	l, _ := t.link()
	rec := t.stamp.record(it, l.External)
	if t.partial {
		rec.Item = nil
	}
	return rec
}

func (s *tasks) load(ctx context.Context, ids []string) ([]task, error) {
	const op = "graph: read"
	rs := make([]request, len(ids))
	for i, id := range ids {
		rs[i] = request{op: op, path: s.path(remote.ItemID(id)), prefer: reading(), query: linking()}
	}
	return readAll[task](ctx, s.service, op, rs)
}

// withFiles reads the files of tasks, up to most bytes; 0 is all.
func (s *tasks) withFiles(ctx context.Context, all []*task, most int64) error {
	var hs []holder
	for _, t := range all {
		if t.HasFiles {
			hs = append(hs, holder{s.path(remote.ItemID(t.ID)), "id,name,contentType,size", &t.files, &t.partial})
		}
	}
	return s.readFiles(ctx, hs, most)
}

func pointers[T any](all []T) []*T {
	out := make([]*T, len(all))
	for i := range all {
		out[i] = &all[i]
	}
	return out
}

func (s *tasks) fetch(ctx context.Context, ids []remote.ItemID) ([]remote.Record, error) {
	all, err := s.load(ctx, texts(ids))
	if err == nil {
		err = s.withFiles(ctx, pointers(all), 0)
	}
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
	var shown []*task
	for i := range p.Value {
		t := &p.Value[i]
		switch {
		case latest[t.ID] != t: // it comes again
		case t.Removed != nil:
			removed = append(removed, t.ID)
		default:
			shown = append(shown, t)
		}
	}
	still, err := s.load(ctx, removed)
	if err == nil {
		shown = append(shown, pointers(still)...)
		err = s.withFiles(ctx, shown, filesOfPage)
	}
	if err != nil {
		return found{}, err
	}
	for _, t := range shown {
		s.add(&f, w, t)
	}
	for i := range still {
		removed = slices.DeleteFunc(removed, func(id string) bool { return id == still[i].ID })
	}
	for _, id := range removed {
		f.gone = append(f.gone, remote.ItemID(id))
	}
	return f, nil
}

func (s *tasks) add(f *found, w window, t *task) {
	rec := s.record(t)
	if w.holds(t.Start.day(s.zone), t.Due.day(s.zone)) {
		f.changed = append(f.changed, rec)
	}
}

// list reads the list as a delta query shows it.
func (s *tasks) list(ctx context.Context, _ remote.Scope, tell func(listed)) error {
	all, err := present[task](ctx, s.service, request{op: opList, path: s.home() + "/delta", query: selecting("id,startDateTime,dueDateTime"), prefer: []string{inUTC, maxPageSize(listMost)}})
	for i := range all {
		tell(listed{ref: all[i].ref(), start: all[i].Start.day(s.zone), end: all[i].Due.day(s.zone)})
	}
	return err
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
	after := &made
	wrote, notes, err := s.writeFiles(ctx, op, s.path(remote.ItemID(made.ID)), taskFile, nil, e.Item.(*pim.Task).Attachments)
	if err == nil && wrote {
		after, err = s.current(ctx, op, remote.ItemID(made.ID))
	}
	if err != nil {
		return remote.Record{}, err
	}
	rec := s.record(after)
	rec.Key, rec.Notes = key, append(d.notes, notes...)
	return rec, nil
}

func (s *tasks) current(ctx context.Context, op string, id remote.ItemID) (*task, error) {
	all, err := s.load(ctx, []string{string(id)})
	if err == nil {
		err = s.withFiles(ctx, pointers(all), 0)
	}
	switch {
	case err != nil:
		return nil, err
	case len(all) == 0:
		return nil, missing(op)
	}
	return &all[0], nil
}

func (s *tasks) update(ctx context.Context, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	const op = "graph: update"
	now, err := s.current(ctx, op, old.ID)
	if err != nil {
		return remote.Record{}, err
	}
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
		after.Linked, after.files = now.Linked, now.files
	}
	if changed.Has(pim.FieldAttachments) {
		wrote, notes, err := s.writeFiles(ctx, op, s.path(old.ID), taskFile, now.files, e.Item.(*pim.Task).Attachments)
		d.notes = append(d.notes, notes...)
		if err == nil && wrote {
			after, err = s.current(ctx, op, old.ID)
		}
		if err != nil {
			return remote.Record{}, err
		}
	}
	rec := s.record(after)
	rec.Notes = d.notes
	return rec, nil
}

// complete adds the files of a new task.
func (s *tasks) complete(ctx context.Context, rec remote.Record, e remote.Entry) (remote.Record, error) {
	const op = "graph: create"
	files := e.Item.(*pim.Task).Attachments
	if !carried(files) || carried(pim.AttachmentsOf(rec.Item)) {
		return rec, nil
	}
	_, notes, err := s.writeFiles(ctx, op, s.path(rec.ID), taskFile, nil, files)
	if err != nil {
		return rec, err
	}
	now, err := s.current(ctx, op, rec.ID)
	if err != nil {
		return rec, err
	}
	rec = s.record(now)
	rec.Notes = notes
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

func (s *tasks) mark(ctx context.Context, op string, old remote.Ref, key string) (stamp, error) {
	all, err := s.load(ctx, []string{string(old.ID)})
	if err != nil {
		return stamp{}, err
	}
	if len(all) == 0 {
		return stamp{}, missing(op)
	}
	if err := all[0].expect(op, old.Version); err != nil {
		return stamp{}, err
	}
	r := request{op: op, method: "POST", path: s.path(old.ID) + "/linkedResources", body: linkOf(key)}
	if l, ok := all[0].link(); ok {
		r.method, r.path = "PATCH", r.path+"/"+escape(l.ID)
	}
	if _, err := s.send(ctx, r); err != nil {
		return stamp{}, err
	}
	var now stamp // what was answered is the link, not the task
	err = s.get(ctx, request{op: op, path: s.path(old.ID), query: selecting("id")}, &now)
	return now, err
}
