package ews

import (
	"context"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

// anyKey is the condition that an item has one of the keys.
func anyKey(keys []string) *el {
	all := node("t:Or")
	for _, k := range keys {
		all.kids = append(all.kids, node("t:IsEqualTo", marker.el(), node("t:FieldURIOrConstant", leaf("t:Constant", "", "Value", k))))
	}
	if len(keys) == 1 {
		return &all.kids[0]
	}
	return &all
}

// Find implements remote.Finder.
func (m *mail) Find(ctx context.Context, c remote.CollectionID, key string, e remote.Entry) (remote.Record, bool, error) {
	const op = "ews: find"
	var id string
	err := m.each(ctx, op, search{folders: []string{string(c)}, restriction: anyKey([]string{key})}, func(_ int, x *item) {
		if id == "" && x.kind() == e.Item.Kind() {
			id = x.ID.ID
		}
	})
	if err != nil || id == "" {
		return remote.Record{}, false, err
	}
	items, err := m.load(ctx, op, e.Item.Kind(), []string{id})
	if err != nil || len(items) == 0 {
		return remote.Record{}, false, err
	}
	return m.zones.record(&items[0]), true, nil
}

// keysAtOnce is how many keys are searched in one request: Exchange has a limit for how large a condition may be.
const keysAtOnce = 20

// Where implements remote.Marker.
func (m *mail) Where(ctx context.Context, keys []string) (map[string]remote.Whereabouts, error) {
	const op = "ews: find items"
	cols, err := m.Collections(ctx)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	var in []string
	cols = slices.DeleteFunc(cols, func(c remote.Collection) bool { return c.Kinds.Has(pim.KindMessage) })
	for _, c := range cols {
		in = append(in, string(c.ID))
	}
	out := map[string]remote.Whereabouts{}
	for some := range slices.Chunk(keys, keysAtOnce) {
		err := m.each(ctx, op, search{folders: in, paths: []path{{ext: marker}}, restriction: anyKey(some)}, func(folder int, x *item) {
			if key := x.extended(marker); key != "" && x.ID.ID != "" && x.kind() != 0 {
				out[key] = remote.Whereabouts{Collection: cols[folder].ID, Ref: remote.Ref{ID: remote.ItemID(x.ID.ID), Version: x.ID.ChangeKey}}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// listPaths are the properties that tell whether an item is in a scope.
var listPaths = map[pim.Kind][]path{
	pim.KindEvent: {uri("calendar:Start"), uri("calendar:End"), uri("calendar:IsAllDayEvent"), uri("calendar:CalendarItemType")},
	pim.KindTask:  {uri("task:StartDate"), uri("task:DueDate"), uri("task:IsRecurring"), {ext: ownership}},
}

// List implements remote.Lister. FindItem does not tell how long a series goes on: those that begin before the window are got.
func (m *mail) List(ctx context.Context, c remote.CollectionID, s remote.Scope) ([]remote.Ref, error) {
	const op = "ews: list"
	f, err := m.shelf(ctx, op, c)
	if err != nil || !wants(s, f.kind) {
		return nil, err
	}
	if f.kind == pim.KindMessage {
		return m.mailList(ctx, op, c, s)
	}
	var out []remote.Ref
	var series []string
	err = m.each(ctx, op, search{folders: []string{string(c)}, paths: listPaths[f.kind]}, func(_ int, x *item) {
		if x.kind() != f.kind {
			return
		}
		rec := m.zones.record(x)
		switch {
		case x.master() && !s.From.IsZero():
			series = append(series, x.ID.ID)
		case m.zones.within(s, x, rec.Item):
			out = append(out, rec.Ref)
		}
	})
	if err != nil {
		return nil, err
	}
	items, err := m.loadUpTo(ctx, op, f.kind, series, 1)
	if err != nil {
		return nil, err
	}
	for _, rec := range m.recordsWithin(s, items) {
		out = append(out, rec.Ref)
	}
	return out, nil
}
