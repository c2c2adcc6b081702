package creatio

import (
	"context"

	"crmbridge/remote"
)

// List implements remote.Lister: ids with versions, without the items. Children
// stand in versions, so their stamps are read too, in bulk where the site can be
// asked for them that way.
func (c *connector) List(ctx context.Context, col remote.CollectionID, s remote.Scope) ([]remote.Ref, error) {
	f, err := c.lister(ctx, col, s)
	if err != nil {
		return nil, err
	}
	rows, err := c.site.every(ctx, f.s.entity(), query{filter: f.v.own, sel: []string{"Id", "ModifiedOn"}})
	if err != nil {
		return nil, err
	}
	ids, listed := make([]guid, 0, len(rows)), map[guid]bool{}
	for _, r := range rows {
		ids = append(ids, r.id())
	}
	marks, err := f.marks(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []remote.Ref
	for _, r := range rows {
		if id := r.id(); !listed[id] {
			listed[id] = true
			out = append(out, remote.Ref{ID: remote.ItemID(id), Version: versionOf(r.text("ModifiedOn"), marks[id])})
		}
	}
	if f.joins() {
		joined, err := f.listJoined(ctx, listed)
		if err != nil {
			return nil, err
		}
		out = append(out, joined...)
	}
	return f.filed(ctx, out)
}

func (c *connector) lister(ctx context.Context, col remote.CollectionID, s remote.Scope) (*feed, error) {
	sh, kinds, err := c.shelf(col)
	if err != nil {
		return nil, err
	}
	v, err := sh.scope(ctx, s, kinds)
	if err != nil {
		return nil, err
	}
	return &feed{connector: c, s: sh, v: v}, nil
}

// marks are the children's part of versions.
func (f *feed) marks(ctx context.Context, ids []guid) (map[guid][]string, error) {
	out := map[guid][]string{}
	for _, k := range f.s.children() {
		if !f.v.deep {
			kids, err := f.kids(ctx, kidQuery{child: k, sel: []string{"Id", "ModifiedOn", k.nav + "Id"}}, ids)
			if err != nil {
				return nil, err
			}
			for id, rows := range kids {
				for _, r := range rows {
					out[id] = append(out[id], childMark(r))
				}
			}
			continue
		}
		rows, err := f.site.every(ctx, k.entity, query{filter: behind(k.nav, f.v.own), sel: []string{"Id", "ModifiedOn", k.nav + "Id"}})
		if err != nil {
			return nil, err
		}
		seen := map[guid]bool{}
		for _, r := range rows {
			if !seen[r.id()] {
				seen[r.id()] = true
				id := r.ref(k.nav + "Id")
				out[id] = append(out[id], childMark(r))
			}
		}
	}
	return out, nil
}

// listJoined are the activities of others in which the user takes part.
func (f *feed) listJoined(ctx context.Context, listed map[guid]bool) ([]remote.Ref, error) {
	filter := f.v.spell.is("Participant", "eq", f.v.me)
	if f.v.deep {
		filter = all(filter, behind("Activity", f.v.shared))
	}
	rows, err := f.site.every(ctx, "ActivityParticipant", query{filter: filter, sel: []string{"Id", "ActivityId"}, expand: parentExpand})
	if err != nil {
		return nil, err
	}
	var ids []guid
	for _, r := range rows {
		if id := r.ref("ActivityId"); id != "" && !listed[id] && f.others(r) {
			listed[id] = true
			ids = append(ids, id)
		}
	}
	items, err := f.byIDs(ctx, f.s, ids)
	if err != nil {
		return nil, err
	}
	var out []remote.Ref
	for _, x := range items {
		if f.v.has(x) {
			out = append(out, x.rec.Ref)
		}
	}
	return out, nil
}

// known reports whether a meaning was recognised.
func (t *table) known(word string) bool { return t.ids[word] != "" }

// unrecognised lists the meanings that syncing needs and a site's lists lack.
func unrecognised(l activityLists) []string {
	var out []string
	for _, need := range []struct {
		t    *table
		word string
	}{
		{l.categories, categoryMeeting}, {l.categories, categoryToDo}, {l.types, typeTask}, {l.types, typeEmail},
		{l.statuses, statusNew}, {l.statuses, statusRunning}, {l.statuses, statusDone}, {l.statuses, statusCancelled},
	} {
		if !need.t.known(need.word) {
			out = append(out, need.word)
		}
	}
	return out
}
