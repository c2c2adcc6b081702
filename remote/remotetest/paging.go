package remotetest

import (
	"sync"
	"testing"

	"crmbridge/pim"
	"crmbridge/remote"
)

// fillWith makes n minimal items.
func (a *account) fillWith(k pim.Kind, n int) {
	a.t.Helper()
	its := make([]pim.Item, n)
	for i := range its {
		its[i] = a.minimal(k, i)
	}
	if b, ok := a.Behind.(Bulk); ok {
		b.AddMany(a.t, a.homes[k], its)
		return
	}
	work := make(chan pim.Item)
	var wg sync.WaitGroup
	for range max(1, a.traits.Concurrency) {
		wg.Go(func() {
			for it := range work {
				if _, err := a.Remote.Create(a.ctx, a.homes[k], a.entry(it), fresh()); err != nil {
					a.t.Errorf("create: %v", err)
				}
			}
		})
	}
	for _, it := range its {
		work <- it
	}
	close(work)
	wg.Wait()
}

// manyItems: 1,001 items, made at about the same time, are all listed, page by
// page, and once nothing changes nothing new is.
func manyItems(a *account) {
	n := a.h.Many
	if n == 0 {
		n = 1001
	}
	if testing.Short() {
		n = min(n, 101)
	}
	a.each(func(a *account, k pim.Kind) {
		c, s := a.homes[k], remote.Scope{Kinds: pim.Kinds(k)}
		a.fillWith(k, n)
		recs, _, cur := a.drain(c, s, "")
		all := latest(recs)
		if len(all) != n {
			a.t.Fatalf("%d of %d items are listed", len(all), n)
		}
		a.listAgrees(c, s, all)
		ids := make([]remote.ItemID, 0, n)
		for id := range all {
			ids = append(ids, id)
		}
		got, err := a.Remote.Fetch(a.ctx, c, ids)
		if err != nil || len(latest(got)) != n {
			a.t.Fatalf("fetch of all: %d of %d, %v", len(got), n, err)
		}
		a.tick()
		rec := a.create(k, a.minimal(k, n))
		recs, _, _ = a.drain(c, s, cur)
		if _, ok := latest(recs)[rec.ID]; !ok {
			a.t.Error("a new item is not among the changes")
		}
	})
}

// changesWhileListing: what happens between two pages is not lost.
func changesWhileListing(a *account) {
	size := a.traits.PageSize
	if size <= 0 {
		a.skip("trait PageSize is 0: the remote has no pages")
	}
	a.each(func(a *account, k pim.Kind) {
		c, s := a.homes[k], remote.Scope{Kinds: pim.Kinds(k)}
		a.fillWith(k, 2*size+3)
		a.tick()
		first, err := a.Remote.Changes(a.ctx, c, s, "")
		if err != nil || !first.More || len(first.Changed) == 0 {
			a.t.Fatalf("first page of %d items: %d records, more %v, %v", 2*size+3, len(first.Changed), first.More, err)
		}
		early := first.Changed[0].ID
		g := a.groups(k)[0]
		a.Behind.Edit(a.t, c, early, a.sample(k, 7), g)
		var late remote.ItemID
		inFirst := latest(first.Changed)
		for id := range a.everything(c, s) {
			if _, ok := inFirst[id]; !ok {
				late = id
				break
			}
		}
		a.Behind.Edit(a.t, c, late, a.sample(k, 7), g)
		added := a.Behind.Add(a.t, c, a.minimal(k, 9999))

		recs, _, _ := a.drain(c, s, first.Next)
		all := latest(append(append([]remote.Record(nil), first.Changed...), recs...))
		if len(all) != 2*size+4 {
			a.t.Errorf("%d items are listed, want %d", len(all), 2*size+4)
		}
		for _, id := range []remote.ItemID{early, late, added} {
			if now := a.must(c, id); all[id].Version != now.Version {
				a.t.Errorf("the last listing of %s has version %q, it is %q now", id, all[id].Version, now.Version)
			}
		}
	})
}
