package memory

import (
	"context"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Marker is the ability of a session to tell and to set the keys that items carry, in every collection. Options.Marks lets records tell them.
type Marker struct{ *Session }

var _ remote.Marker = Marker{}

// Move puts an item into another collection, as a person drags it there. Under Options.MovesChangeIDs
// it is another item of that id afterwards, and the old one is gone. It returns the id it has now; false when there is none, or when
// items of its kind are not kept there.
func (m *System) Move(from remote.CollectionID, id remote.ItemID, to remote.CollectionID) (remote.ItemID, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.living(from, id)
	if old == nil || !m.keeps(to, old.item.Kind()) {
		return "", false
	}
	now := *old
	now.item, now.born = pim.Clone(old.item), 0
	if now.id = id; m.opt.MovesChangeIDs || m.opt.LocalIDs {
		now.id = m.newID(to)
	}
	m.bury(old)
	if m.rows[to][now.id] = &now; m.opt.MovesChangeIDs {
		m.refiled(&now)
	}
	m.touch(&now)
	if m.keys[now.key] == id && now.key != "" {
		m.keys[now.key] = now.id
	}
	return now.id, true
}

// Copy makes a second item of one, with all that the first carries: its key and its UID, too. It is false when Move would be.
func (m *System) Copy(from remote.CollectionID, id remote.ItemID, to remote.CollectionID) (remote.ItemID, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.living(from, id)
	if old == nil || !m.keeps(to, old.item.Kind()) {
		return "", false
	}
	return m.insert(to, old.item, old.uid, old.key, old.owner).id, true
}

// Mark implements remote.Marker.
func (k Marker) Mark(ctx context.Context, col remote.CollectionID, old remote.Ref, key string) (ref remote.Ref, err error) {
	err = k.m.call(ctx, Call{Op: "mark", Collection: col, ID: old.ID, Write: true}, func() error {
		r, err := k.m.expect("memory: mark", col, old)
		if err != nil {
			return err
		}
		k.m.mail("update", r.item)
		r.key = key
		k.m.keys[key] = r.id
		k.m.touch(r)
		ref = remote.Ref{ID: r.id, Version: r.version}
		return nil
	})
	return ref, err
}

// Where implements remote.Marker.
func (k Marker) Where(ctx context.Context, keys []string) (out map[string]remote.Whereabouts, err error) {
	err = k.m.call(ctx, Call{Op: "where"}, func() error {
		out = map[string]remote.Whereabouts{}
		for _, col := range k.m.cols {
			for _, r := range k.m.ordered(col.ID) {
				if r.item != nil && r.key != "" && slices.Contains(keys, r.key) {
					out[r.key] = remote.Whereabouts{Collection: col.ID, Ref: remote.Ref{ID: r.id, Version: r.version}}
				}
			}
		}
		return nil
	})
	return out, err
}

// keeps reports a collection that items of a kind are in.
func (m *System) keeps(c remote.CollectionID, k pim.Kind) bool {
	return slices.ContainsFunc(m.cols, func(x remote.Collection) bool { return x.ID == c && x.Kinds.Has(k) })
}

// shown is the row that is read by an id. Where ids stay when items move, it is found by it wherever it is, as in Microsoft Graph.
func (m *System) shown(c remote.CollectionID, id remote.ItemID) *row {
	if r := m.living(c, id); r != nil || !m.opt.Marks || m.opt.MovesChangeIDs || m.opt.LocalIDs {
		return r
	}
	for _, col := range m.cols {
		if r := m.living(col.ID, id); r != nil {
			return r
		}
	}
	return nil
}
