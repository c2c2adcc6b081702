package ews

import (
	"context"
	"slices"
	"strconv"

	"crmbridge/pim"
	"crmbridge/remote"
)

// findPage is the most that FindItem gives at once by Exchange's usual policy (EWSFindCountLimit).
const findPage = 1000

// search is a FindItem.
type search struct {
	folders     []string
	paths       []path
	restriction *el
}

// each calls found for every item of a search, with the number of its folder. A folder that is gone has none, unless it is the only
// one asked about.
func (m *mail) each(ctx context.Context, op string, s search, found func(folder int, x *item)) error {
	a, err := m.account.call(ctx, request{op: op, body: s.body(s.folders, 0)})
	if err != nil {
		return err
	}
	msgs := a.Body.Response.Messages.List
	if len(msgs) != len(s.folders) {
		return &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "Exchange's answer is incomplete", Err: errUnread}
	}
	for i := range msgs {
		if err := msgs[i].err(op); err != nil && (len(msgs) == 1 || !missing(err)) {
			return err
		}
		for more, offset := &msgs[i], 0; more != nil; {
			for j := range more.Root.Items.List {
				found(i, &more.Root.Items.List[j])
			}
			next := more.Root.Next.int()
			if more.Root.Last.bool() || len(more.Root.Items.List) == 0 || next <= offset {
				break
			}
			offset = next
			if more, err = m.page(ctx, op, s.body(s.folders[i:i+1], offset)); err != nil {
				return err
			}
		}
	}
	return nil
}

// page is a page of one folder.
func (m *mail) page(ctx context.Context, op string, body el) (*message, error) {
	a, err := m.account.call(ctx, request{op: op, body: body})
	if err != nil {
		return nil, err
	}
	return a.only(op)
}

func (s search) body(folders []string, offset int) el {
	in := node("m:ParentFolderIds")
	for _, f := range folders {
		in.kids = append(in.kids, folderID(f))
	}
	e := node("m:FindItem", shape("m:ItemShape", false, s.paths),
		leaf("m:IndexedPageItemView", "", "MaxEntriesReturned", strconv.Itoa(findPage), "Offset", strconv.Itoa(offset), "BasePoint", "Beginning")).with("Traversal", "Shallow")
	if s.restriction != nil {
		e.kids = append(e.kids, node("m:Restriction", *s.restriction))
	}
	e.kids = append(e.kids, in)
	return e
}

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

// listPaths are the properties that tell whether an item is in a window.
var listPaths = map[pim.Kind][]path{
	pim.KindEvent: {uri("calendar:Start"), uri("calendar:End"), uri("calendar:IsAllDayEvent"), uri("calendar:CalendarItemType")},
	pim.KindTask:  {uri("task:StartDate"), uri("task:DueDate"), uri("task:IsRecurring")},
}

// List implements remote.Lister. FindItem does not tell how long a series goes on: those that begin before the window are got.
func (m *mail) List(ctx context.Context, c remote.CollectionID, s remote.Scope) ([]remote.Ref, error) {
	const op = "ews: list"
	f, err := m.shelf(ctx, op, c)
	if err != nil || !wants(s, f.kind) {
		return nil, err
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
	items, err := m.load(ctx, op, f.kind, series)
	if err != nil {
		return nil, err
	}
	for _, rec := range m.recordsWithin(s, items) {
		out = append(out, rec.Ref)
	}
	return out, nil
}
