package remotetest

import (
	"crmbridge/pim"
	"crmbridge/remote"
)

// drain follows the pages from a cursor to the last. It checks what holds for
// every page.
func (a *account) drain(c remote.CollectionID, s remote.Scope, since remote.Cursor) (changed []remote.Record, removed []remote.ItemID, next remote.Cursor) {
	a.t.Helper()
	next = since
	for range 10_000 {
		d, err := a.Remote.Changes(a.ctx, c, s, next)
		if err != nil {
			a.t.Fatalf("changes: %v", err)
		}
		seen := map[remote.ItemID]bool{}
		for _, r := range d.Changed {
			if r.ID == "" || seen[r.ID] {
				a.t.Fatalf("item %q is twice in one page or has no id", r.ID)
			}
			seen[r.ID] = true
		}
		if d.Next == "" {
			a.t.Fatal("a page without a next cursor")
		}
		if d.More && d.Next == next {
			a.t.Fatal("there is more, but the cursor stands still")
		}
		changed, removed, next = append(changed, d.Changed...), append(removed, d.Removed...), d.Next
		if !d.More {
			return changed, removed, next
		}
	}
	a.t.Fatal("10,000 pages and no end")
	return nil, nil, ""
}

// everything is the latest record of each item from the empty cursor.
func (a *account) everything(c remote.CollectionID, s remote.Scope) map[remote.ItemID]remote.Record {
	a.t.Helper()
	recs, _, _ := a.drain(c, s, "")
	return latest(recs)
}

func latest(recs []remote.Record) map[remote.ItemID]remote.Record {
	out := map[remote.ItemID]remote.Record{}
	for _, r := range recs {
		out[r.ID] = r
	}
	return out
}

func changesFollow(a *account) {
	a.each(func(a *account, k pim.Kind) {
		c := a.homes[k]
		s := remote.Scope{Kinds: pim.Kinds(k)}
		recs, removed, cur := a.drain(c, s, "")
		if len(recs)+len(removed) != 0 {
			a.t.Fatalf("an empty account lists %d changed, %d removed", len(recs), len(removed))
		}
		one := a.create(k, a.sample(k, 1))
		recs, _, cur = a.drain(c, s, cur)
		a.listed("create", recs, one.ID, a.sample(k, 1))

		a.tick()
		two := a.create(k, a.sample(k, 2))
		recs, _, next := a.drain(c, s, cur)
		a.listed("second create", recs, two.ID, a.sample(k, 2))
		// The same cursor asked again must not lose anything.
		again, _, _ := a.drain(c, s, cur)
		a.listed("the same cursor again", again, two.ID, a.sample(k, 2))

		a.tick()
		if _, err := a.Remote.Update(a.ctx, c, one.Ref, a.entry(a.sample(k, 3)), a.traits.Carries[k]); err != nil {
			a.t.Fatal(err)
		}
		recs, _, _ = a.drain(c, s, next)
		a.listed("update", recs, one.ID, a.sample(k, 3))
		all := a.everything(c, s)
		if len(all) != 2 {
			a.t.Errorf("from the beginning there are %d items", len(all))
		}
		a.listAgrees(c, s, all)
	})
}

// listed checks that a listing has the item, with its content or a ref that Fetch
// turns into it, and returns it as it is now.
func (a *account) listed(what string, recs []remote.Record, id remote.ItemID, want pim.Item) remote.Record {
	a.t.Helper()
	r, ok := latest(recs)[id]
	if !ok {
		a.t.Fatalf("%s: %s is not among %d changes", what, id, len(recs))
	}
	now := a.must(a.homes[want.Kind()], id)
	if r.Version != now.Version {
		a.t.Errorf("%s: listed with version %q, fetched with %q", what, r.Version, now.Version)
	}
	if r.Item != nil {
		a.same(what+", listed", r.Item, want)
	}
	a.same(what+", fetched", now.Item, want)
	return now
}

// listAgrees compares List, where there is one, with what Changes gave.
func (a *account) listAgrees(c remote.CollectionID, s remote.Scope, all map[remote.ItemID]remote.Record) {
	a.t.Helper()
	l, ok := a.Remote.(remote.Lister)
	if !ok {
		return
	}
	refs, err := l.List(a.ctx, c, s)
	if err != nil {
		a.t.Fatalf("list: %v", err)
	}
	seen := map[remote.ItemID]bool{}
	for _, r := range refs {
		if seen[r.ID] {
			a.t.Errorf("list has %s twice", r.ID)
		}
		seen[r.ID] = true
		if rec, ok := all[r.ID]; !ok || rec.Version != r.Version {
			a.t.Errorf("list has %+v, changes %+v", r, rec.Ref)
		}
	}
	for id := range all {
		if !seen[id] {
			a.t.Errorf("list lacks %s", id)
		}
	}
}

// editShows: an item for each field, all edited before the listing is asked, so that a remote pays for two listings and not for
// two a field.
func editShows(a *account) {
	a.each(func(a *account, k pim.Kind) {
		c := a.homes[k]
		groups := a.groups(k)
		made := make([]remote.Record, len(groups))
		for i := range groups {
			made[i] = a.create(k, a.sample(k, 1))
		}
		a.tick()
		_, _, cur := a.drain(c, remote.Scope{}, "")
		a.tick()
		for i, g := range groups {
			a.Behind.Edit(a.t, c, made[i].ID, a.sample(k, 2), g)
		}
		recs, _, _ := a.drain(c, remote.Scope{}, cur)
		for i, g := range groups {
			want := a.sample(k, 1)
			pim.Copy(want, a.sample(k, 2), g)
			now := a.listed("edit of "+g.String(), recs, made[i].ID, want)
			if now.Version == made[i].Version && now.Version != "" {
				a.t.Errorf("an edit of %s at the remote left the version %q", g, now.Version)
			}
		}
	})
}

func deletionShows(a *account) {
	a.each(func(a *account, k pim.Kind) {
		c, s := a.homes[k], remote.Scope{Kinds: pim.Kinds(k)}
		rec, kept := a.create(k, a.sample(k, 1)), a.create(k, a.sample(k, 2))
		_, _, cur := a.drain(c, s, "")
		a.Behind.Remove(a.t, c, rec.ID)
		recs, removed, _ := a.drain(c, s, cur)
		if _, listed := latest(recs)[rec.ID]; listed {
			a.t.Error("the deleted item is listed as changed")
		}
		var told bool
		for _, id := range removed {
			told = told || id == rec.ID
			if id == kept.ID {
				a.t.Error("a living item is listed as removed")
			}
		}
		if a.traits.ReportsDeletions && !told {
			a.t.Error("trait ReportsDeletions, but the deletion is not reported")
		}
		all := a.everything(c, s)
		if _, there := all[rec.ID]; there || len(all) != 1 {
			a.t.Errorf("from the beginning there are %d items, the deleted one among them: %v", len(all), there)
		}
		a.listAgrees(c, s, all)
	})
}

func unknownCursor(a *account) {
	a.each(func(a *account, k pim.Kind) {
		a.create(k, a.sample(k, 1))
		for _, cur := range []remote.Cursor{"no cursor of yours", "0", "{}", "-1", "\x00"} {
			_, err := a.Remote.Changes(a.ctx, a.homes[k], remote.Scope{}, cur)
			a.wantError("changes since "+string(cur), err, pim.ErrCursorGone)
		}
	})
}
