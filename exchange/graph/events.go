package graph

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
)

// events are those of one calendar.
type events struct {
	*connector
	calendar string
}

func (s *events) kind() pim.Kind { return pim.KindEvent }

func (s *events) home() string { return s.user() + "/calendars/" + escape(s.calendar) }

func (s *events) path(id remote.ItemID) string { return s.home() + "/events/" + escape(string(id)) }

func (s *events) resource() string { return s.home() + "/events" }

// ours is the marker of items as Graph names a MAPI property ("Outlook extended properties overview").
const ours = "String {" + exchange.MarkerSet + "} Name " + exchange.MarkerName

// withKey expands that property. It is the only way to read one.
const withKey = "singleValueExtendedProperties($filter=id eq '" + ours + "')"

func keyOf(all []extended) string {
	for _, x := range all {
		// The server may write the GUID in capitals; there is only the one that was asked for.
		if x.Value != "" {
			return x.Value
		}
	}
	return ""
}

func keyed(key string) []extended { return []extended{{ID: ours, Value: key}} }

// reading are the preferences under which events are read.
func reading() []string { return []string{inUTC, asText} }

func (s *events) one(id string, more ...string) request {
	return request{op: "graph: read", path: s.path(remote.ItemID(id)), prefer: reading(), query: url.Values{
		"$select": {s.eventTable.asked(append(always(), more...)...)}, "$expand": {withKey},
	}}
}

// whole is a request for a master with what differs from it. The properties asked for are those of the exceptions, too.
func (s *events) whole(id string) request {
	r := s.one(id, "originalStart", "exceptionOccurrences", "cancelledOccurrences")
	r.query.Set("$expand", "exceptionOccurrences,"+withKey)
	return r
}

func (s *events) start(w window) request {
	return request{op: "graph: changes", path: s.home() + "/calendarView/delta", prefer: reading(), query: url.Values{
		"startDateTime": {w.begin.Format(time.RFC3339)}, "endDateTime": {w.end.Format(time.RFC3339)},
	}}
}

// load reads events by id, masters with their exceptions. Those that are not there are left out.
func (s *events) load(ctx context.Context, ids []string) ([]event, error) {
	all, err := s.several(ctx, ids, s.one)
	if err != nil {
		return nil, err
	}
	var masters []string
	for _, e := range all {
		if e.Type == typeMaster {
			masters = append(masters, e.ID)
		}
	}
	if len(masters) == 0 {
		return all, nil
	}
	full, err := s.several(ctx, masters, func(id string, _ ...string) request { return s.whole(id) })
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(e event) bool { return e.Type == typeMaster })
	return append(all, full...), nil
}

func (s *events) several(ctx context.Context, ids []string, ask func(id string, more ...string) request) ([]event, error) {
	const op = "graph: read"
	rs := make([]request, len(ids))
	for i, id := range ids {
		rs[i] = ask(id)
	}
	return readAll[event](ctx, s.service, op, rs)
}

// readAll reads objects in batches; those that are not there are left out.
func readAll[T any](ctx context.Context, s *service, op string, rs []request) ([]T, error) {
	answers, err := s.batch(ctx, op, rs)
	if err != nil {
		return nil, err
	}
	var out []T
	for _, a := range answers {
		v, ok, err := readOne[T](a, op)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, v)
		}
	}
	return out, nil
}

// readOne is the object in an answer; ok is false when there is none.
func readOne[T any](a answer, op string) (v T, ok bool, err error) {
	if !a.ok() {
		if err = a.fail(op, false); pim.ReasonOf(err) == pim.ErrNotFound || a.Status == http.StatusNotFound {
			return v, false, nil
		}
		return v, false, err
	}
	err = a.JSON(op, &v)
	return v, err == nil, err
}

// withFiles reads what events do not have in them: their files, up to most bytes, 0 being all; and who the mailbox is to their organisers.
func (s *events) withFiles(ctx context.Context, all []event, most int64) error {
	if err := s.introduce(ctx, all); err != nil {
		return err
	}
	var hs []holder
	for i := range all {
		if e := &all[i]; e.HasFiles && !e.part() {
			hs = append(hs, holder{s.path(remote.ItemID(e.ID)), attachmentProps, &e.files, &e.partial})
		}
	}
	return s.readFiles(ctx, hs, most)
}

func (s *events) fetch(ctx context.Context, ids []remote.ItemID) ([]remote.Record, error) {
	all, err := s.load(ctx, texts(ids))
	if err == nil {
		err = s.withFiles(ctx, all, 0)
	}
	if err != nil {
		return nil, err
	}
	var out []remote.Record
	for i := range all {
		if !all[i].part() {
			out = append(out, s.record(&all[i]))
		}
	}
	return out, nil
}

// part reports an occurrence, which is no item of its own.
func (e *event) part() bool { return e.Type == typeOccurrence || e.Type == typeException }

func texts(ids []remote.ItemID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

func (s *events) record(e *event) remote.Record {
	it := s.item(e)
	rec := e.stamp.record(it, keyOf(e.Extended))
	rec.URL = e.WebLink
	if e.partial {
		rec.Item = nil
	}
	return rec
}

// item is an event, or a master with what differs from it.
func (c *connector) item(e *event) *pim.Event {
	it := &pim.Event{}
	c.eventTable.read(e, it)
	if it.Recurrence != nil {
		c.readOccurrences(e, it)
	}
	return it
}

// changes reads one page of the calendar view. It shows occurrences, of which the item is the master.
func (s *events) changes(ctx context.Context, r request, w window, full bool) (found, error) {
	var p page[event]
	if err := s.get(ctx, r, &p); err != nil {
		return found{}, err
	}
	f := found{next: p.Next, delta: p.Delta}
	ask, removed := sorted(p.Value)
	if full {
		var err error
		if ask, err = s.asShown(ctx, &f, p.Value, ask, r.link == ""); err != nil {
			return found{}, err
		}
	}
	there, err := s.lookUp(ctx, &f, ask, removed)
	if err != nil {
		return found{}, err
	}
	// "@removed" is said of what left the window as well, so that only what is not there counts (Microsoft Graph, "event: delta").
	elsewhere, err := s.moved(ctx, removed, there)
	if err != nil {
		return found{}, err
	}
	f.changed = slices.DeleteFunc(f.changed, func(rec remote.Record) bool {
		return elsewhere[string(rec.ID)] || slices.Contains(removed, string(rec.ID)) && rec.Item != nil && !s.shown(w, rec.Item.(*pim.Event))
	})
	for _, id := range removed {
		if !there[id] || elsewhere[id] {
			f.gone = append(f.gone, remote.ItemID(id))
		}
	}
	return f, nil
}

// asShown takes single events as the page has them, and returns those that have to be asked for.
func (s *events) asShown(ctx context.Context, f *found, page []event, ask []string, first bool) ([]string, error) {
	single := map[string]*event{}
	for i := range page {
		if e := &page[i]; e.Type == typeSingle && e.Start != nil && e.version() != "" {
			single[e.ID] = e
		}
	}
	keys, err := s.keys(ctx, s, first)
	if err != nil {
		return nil, err
	}
	var shown []event
	ask = slices.DeleteFunc(ask, func(id string) bool {
		e := single[id]
		if e == nil {
			return false
		}
		if keys[id] != "" {
			e.Extended = keyed(keys[id])
		}
		shown = append(shown, *e)
		return true
	})
	if err := s.withFiles(ctx, shown, filesOfPage); err != nil {
		return nil, err
	}
	for i := range shown {
		f.changed = append(f.changed, s.record(&shown[i]))
	}
	return ask, nil
}

// lookUp reads events, those that are said to be removed as well, and tells which are there.
func (s *events) lookUp(ctx context.Context, f *found, ask, removed []string) (map[string]bool, error) {
	all, err := s.load(ctx, append(slices.Clone(ask), removed...))
	if err == nil {
		err = s.withFiles(ctx, all, filesOfPage)
	}
	if err != nil {
		return nil, err
	}
	there, masters := map[string]bool{}, []string{}
	for i := range all {
		e := &all[i]
		there[e.ID] = true
		if e.part() { // named by its own id because it left the window
			masters = append(masters, e.Master)
			continue
		}
		f.changed = append(f.changed, s.record(e))
	}
	if masters = without(masters, there); len(masters) == 0 {
		return there, nil
	}
	if all, err = s.load(ctx, masters); err == nil {
		err = s.withFiles(ctx, all, filesOfPage)
	}
	if err != nil {
		return nil, err
	}
	for i := range all {
		f.changed = append(f.changed, s.record(&all[i]))
	}
	return there, nil
}

// sorted tells of a page which events to ask for, each once, and which are said to be removed.
func sorted(page []event) (ask, removed []string) {
	last := map[string]bool{} // an entry may be followed by its removal, and the other way round
	for _, e := range page {
		last[e.ID] = e.Removed != nil
	}
	for _, e := range page {
		switch {
		case last[e.ID]:
			removed = append(removed, e.ID)
		case e.part() && e.Master != "":
			ask = append(ask, e.Master)
		default:
			ask = append(ask, e.ID)
		}
	}
	ask, removed = once(ask), once(removed)
	return slices.DeleteFunc(ask, func(id string) bool { return slices.Contains(removed, id) }), removed
}

func once(ids []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(ids, func(id string) bool {
		was := seen[id]
		seen[id] = true
		return was || id == ""
	})
}

func without(ids []string, there map[string]bool) []string {
	return slices.DeleteFunc(once(ids), func(id string) bool { return there[id] })
}

// moved tells which of the removed are in another calendar now: immutable ids stay, and a path may not mind the calendar in it.
func (s *events) moved(ctx context.Context, removed []string, there map[string]bool) (map[string]bool, error) {
	const op = "graph: calendar of an event"
	var ids []string
	var rs []request
	for _, id := range removed {
		if there[id] {
			ids = append(ids, id)
			rs = append(rs, request{op: op, path: s.user() + "/events/" + escape(id) + "/calendar", query: selecting("id")})
		}
	}
	out := map[string]bool{}
	if len(rs) == 0 {
		return out, nil
	}
	answers, err := s.batch(ctx, op, rs)
	if err != nil {
		return nil, err
	}
	for i, a := range answers {
		k, ok, err := readOne[stamp](a, op)
		if err != nil {
			return nil, err
		}
		out[ids[i]] = ok && k.ID != s.calendar
	}
	return out, nil
}

// listMost is how many refs a page of a listing has.
const listMost = 500

var listPage = strconv.Itoa(listMost)

const opList = "graph: list"

// list reads events in the order in which they were changed.
func (s *events) list(ctx context.Context, _ remote.Scope, tell func(listed)) error {
	ask := func(since string) url.Values {
		return url.Values{"$select": {"id,type,start,end,isAllDay,originalStartTimeZone,recurrence,lastModifiedDateTime"}, "$filter": {filter(since, nil)},
			"$orderby": {"lastModifiedDateTime"}, "$top": {listPage}}
	}
	return byChange(ctx, s.service, request{op: opList, path: s.home() + "/events", prefer: []string{inUTC}}, cursor{Since: epoch}, ask, func(e *event) {
		it := s.item(e)
		tell(listed{ref: e.ref(), start: it.Start, end: it.End, event: it})
	})
}
