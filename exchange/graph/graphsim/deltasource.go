package graphsim

import (
	"fmt"
	"net/http"
	"time"
)

// viewDelta tracks what is in a calendar in a window. The window is in the token from the second request on.
func (s *Sim) viewDelta(req *request, f *folder) (answer, *refusal) {
	src := source{key: fmt.Sprint("calendarView ", f.no), typ: "event", box: f.box}
	if st := f.box.rounds[orText(req.query.Get("$deltatoken"), req.query.Get("$skiptoken"))]; st != nil {
		src.from, src.to = st.from, st.to
	} else if req.query.Get("$deltatoken") == "" && req.query.Get("$skiptoken") == "" {
		var r *refusal
		if src.from, src.to, r = span(req); r != nil {
			return answer{}, r
		}
	}
	src.visible = func(*view) ([]entry, map[entry]uint64) { return inView(f, src.from, src.to) }
	src.outside = f.elsewhere
	src.render = func(e entry, v *view) object { return s.viewEntry(req, f, e, v) }
	src.id = func(e entry) string { return s.placedID(kindEvent, f.box, e, req.prefer.immutable) }
	return s.delta(req, src)
}

// inView is what a view shows: single events, occurrences, exceptions, and the masters of series that have any.
func inView(f *folder, from, to time.Time) ([]entry, map[entry]uint64) {
	var order []entry
	now := map[entry]uint64{}
	add := func(e entry, change uint64) {
		order = append(order, e)
		now[e] = change
	}
	for _, it := range f.items {
		all := it.within(from, to)
		if len(all) > 0 {
			add(entry{it.no, it.place, noDay}, it.key)
		}
		if it.rule == nil {
			continue
		}
		for _, o := range all {
			change := it.own
			if o.ex != nil {
				change = max(change, o.ex.key)
			}
			add(entry{it.no, it.place, o.day}, change)
		}
	}
	return order, now
}

// elsewhere are the folder's changes since then, whether or not they are in the view.
func (f *folder) elsewhere(since uint64) []entry {
	var out []entry
	for _, it := range f.items {
		if it.key > since {
			out = append(out, entry{it.no, it.place, noDay})
		}
	}
	for _, g := range f.dead {
		if g.change > since {
			out = append(out, entry{g.no, g.place, noDay})
		}
	}
	return out
}

// viewEntry shows an entry of a calendar view: occurrences are stubs, as live services send them.
func (s *Sim) viewEntry(req *request, f *folder, e entry, v *view) object {
	it := f.box.items[e.no]
	switch {
	case it == nil || it.in != f || it.place != e.place:
		return nil
	case e.day == noDay:
		return s.event(req, it.single(), v)
	case !it.has(e.day):
		return nil
	}
	o := it.on(e.day)
	if o.ex != nil {
		return s.event(req, o, v)
	}
	stub := object{"@odata.etag": etag(s.changeKey(f.box.no, it.key)), "id": s.itemID(it, e.day, req.prefer.immutable), "type": "occurrence",
		"seriesMasterId": s.itemID(it, noDay, req.prefer.immutable)}
	stub["start"], stub["end"] = req.times(o.at)
	return stub
}

func (s *Sim) contactDelta(req *request, f *folder) (answer, *refusal) {
	return s.delta(req, s.itemSource(req, f, "contact"))
}

func (s *Sim) taskDelta(req *request, f *folder) (answer, *refusal) {
	return s.delta(req, s.itemSource(req, f, "todoTask"))
}

// itemSource tracks the items of a folder.
func (s *Sim) itemSource(req *request, f *folder, typ string) source {
	return source{key: fmt.Sprint(typ, " ", f.no), typ: typ, box: f.box, outside: f.elsewhere,
		visible: func(v *view) ([]entry, map[entry]uint64) {
			var order []entry
			now := map[entry]uint64{}
			for _, it := range f.items {
				if v.filter != nil && v.filter.eval(scope{o: it.props}) != true {
					continue
				}
				e := entry{it.no, it.place, noDay}
				order, now[e] = append(order, e), it.key
			}
			return order, now
		},
		render: func(e entry, v *view) object {
			if it := f.box.items[e.no]; it != nil && it.in == f && it.place == e.place {
				return s.render(req, it, noDay, v)
			}
			return nil
		},
		id: func(e entry) string { return s.placedID(f.kind, f.box, e, req.prefer.immutable) },
	}
}

// listDelta tracks the task lists.
func (s *Sim) listDelta(req *request, b *mailbox) (answer, *refusal) {
	if req.method != http.MethodGet {
		return answer{}, noMethod()
	}
	return s.delta(req, source{key: "lists", typ: "todoTaskList", box: b, outside: func(uint64) []entry { return nil },
		visible: func(*view) ([]entry, map[entry]uint64) {
			var order []entry
			now := map[entry]uint64{}
			for _, f := range b.list(kindTask) {
				e := entry{f.no, 0, noDay}
				order, now[e] = append(order, e), f.key
			}
			return order, now
		},
		render: func(e entry, v *view) object {
			if f := b.folders[e.no]; f != nil {
				return s.taskList(f, v)
			}
			return nil
		},
		id: func(e entry) string { return s.id(ref{kind: kindFolder, box: b.no, no: e.no, day: noDay}) },
	})
}
