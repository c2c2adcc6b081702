package ews

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Changes implements remote.Remote: a page of SyncFolderItems, whose items are got afterwards (a sync that asks for more than ids
// takes the server longer, and has no bodies).
func (m *mail) Changes(ctx context.Context, c remote.CollectionID, s remote.Scope, since remote.Cursor) (remote.Delta, error) {
	f, err := m.shelfSince(ctx, c, since)
	if err != nil {
		return remote.Delta{}, err
	}
	if f.kind == pim.KindMessage && wants(s, f.kind) {
		return m.mailChanges(ctx, c, s, since)
	}
	listed := f.kind
	if !wants(s, f.kind) {
		listed = 0 // a scope without the folder's kind has a cursor of its own
	}
	state, err := decodeCursor(since, listed)
	if err != nil {
		return remote.Delta{}, err
	}
	if listed == 0 {
		return remote.Delta{Next: encodeCursor(0, "none")}, nil
	}
	page, err := m.sync(ctx, c, state, nil)
	if err != nil {
		return remote.Delta{}, err
	}
	items, err := m.loadUpTo(ctx, opChanges, f.kind, page.changed, pageBytes)
	if err != nil {
		return remote.Delta{}, err
	}
	d := remote.Delta{Next: encodeCursor(f.kind, page.state), More: page.more}
	for _, id := range page.removed {
		d.Removed = append(d.Removed, remote.ItemID(id))
	}
	d.Changed = m.recordsWithin(s, items)
	return d, nil
}

// shelfSince is the folder of a listing that goes on. Its kind stands in the cursor, so that a run without news is one request.
func (m *mail) shelfSince(ctx context.Context, c remote.CollectionID, since remote.Cursor) (shelf, error) {
	if k, ok := kindOf(since); ok {
		return shelf{Collection: remote.Collection{ID: c}, kind: k}, nil
	}
	return m.shelf(ctx, opChanges, c)
}

// synced is a page of a sync.
type synced struct {
	changed, removed []string
	found            map[string]*item // what is changed, with what was asked for
	state            string
	more             bool
}

// smallestPage is as small as pages become where the server takes too long for larger ones.
const smallestPage = 10

func (m *mail) sync(ctx context.Context, c remote.CollectionID, state string, paths []path) (synced, error) {
	for size := m.pageSize; ; size = max(smallestPage, size/4) {
		page, err := m.syncPage(ctx, c, state, size, paths)
		switch {
		case codeOf(err) == "ErrorTimeoutExpired" && size > smallestPage:
			continue
		case errors.Is(err, pim.ErrNotFound):
			m.forget(c)
		}
		return page, err
	}
}

func (m *mail) syncPage(ctx context.Context, c remote.CollectionID, state string, size int, paths []path) (synced, error) {
	body := node("m:SyncFolderItems", shape("m:ItemShape", false, paths), node("m:SyncFolderId", folderID(string(c))))
	if state != "" {
		body.kids = append(body.kids, leaf("m:SyncState", state))
	}
	body.kids = append(body.kids, leaf("m:MaxChangesReturned", strconv.Itoa(size)))
	a, err := m.account.call(ctx, request{op: opChanges, body: body})
	if err != nil {
		return synced{}, err
	}
	msg, err := a.only(opChanges)
	if err != nil {
		return synced{}, err
	}
	if msg.SyncState == "" {
		return synced{}, pim.Errorf(opChanges, pim.ErrProtocol, "Exchange's answer is incomplete")
	}
	out := synced{found: map[string]*item{}, state: msg.SyncState, more: !msg.LastItem.bool()}
	if msg.SyncState == state && len(msg.Changes.List) == 0 {
		out.more = false // whatever a live server says: the next run goes on from the same state
	}
	for _, ch := range msg.Changes.List {
		out.add(ch)
	}
	return out, nil
}

// add takes a change in: the last one of an item counts. Read flags are no content.
func (p *synced) add(ch change) {
	switch ch.XMLName.Local {
	case "Create", "Update":
		for i := range ch.Items {
			x := &ch.Items[i]
			if x.ID.ID == "" || x.kind() == 0 {
				continue
			}
			if p.found[x.ID.ID] = x; !slices.Contains(p.changed, x.ID.ID) {
				p.changed = append(p.changed, x.ID.ID)
			}
		}
	case "Delete":
		p.changed = slices.DeleteFunc(p.changed, func(id string) bool { return id == ch.ItemID.ID })
		if ch.ItemID.ID != "" {
			p.removed = append(p.removed, ch.ItemID.ID)
		}
	}
}
