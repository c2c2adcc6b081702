package remotetest

import (
	"sync"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// createFetch: what was written comes back, in exactly the fields declared.
func createFetch(a *account) {
	a.each(func(a *account, k pim.Kind) {
		writable := a.traits.Carries[k].Minus(a.traits.ReadOnly)
		var filled pim.FieldSet
		for n := range 4 {
			it := a.sample(k, n)
			filled = filled.Or(pim.Diff(it, pim.New(k), writable))
			e := a.entry(it)
			made, err := a.Remote.Create(a.ctx, a.homes[k], e, fresh())
			if err != nil {
				a.t.Fatalf("create sample %d: %v", n, err)
			}
			if made.ID == "" {
				a.t.Fatal("the new item has no id")
			}
			if made.Item != nil {
				a.same("the answer to create", made.Item, it)
			}
			got := a.must(a.homes[k], made.ID)
			a.same("fetch", got.Item, it)
			if got.Version != made.Version {
				a.t.Errorf("version %q after create, %q when fetched: the relay would take its own write for a change", made.Version, got.Version)
			}
			uid := got.Item.ID()
			if k != pim.KindMessage && (a.traits.KeepsUID && uid != e.UID || !a.traits.KeepsUID && uid != "") {
				a.t.Errorf("UID %q, made with %q, KeepsUID is %v", uid, e.UID, a.traits.KeepsUID)
			}
		}
		if rest := writable.Minus(filled); !rest.IsEmpty() {
			a.t.Errorf("harness: no sample has a value for %s", rest)
		}
	})
}

func sameKey(a *account) {
	if !a.traits.Idempotent {
		a.skip("trait Idempotent is not set")
	}
	a.each(func(a *account, k pim.Kind) {
		e, key := a.entry(a.sample(k, 1)), fresh()
		var mu sync.Mutex
		ids := map[remote.ItemID]int{}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				rec, err := a.Remote.Create(a.ctx, a.homes[k], e, key)
				if err != nil {
					a.t.Errorf("create: %v", err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				ids[rec.ID]++
			})
		}
		wg.Wait()
		if len(ids) != 1 {
			a.t.Fatalf("one key made %d items", len(ids))
		}
		rec, err := a.Remote.Create(a.ctx, a.homes[k], e, key)
		if err != nil || ids[rec.ID] == 0 {
			a.t.Errorf("a later create with the key: %v %v", rec.ID, err)
		}
		if n := len(a.everything(a.homes[k], remote.Scope{Kinds: pim.Kinds(k)})); n != 1 {
			a.t.Errorf("%d items are there", n)
		}
		if other := a.create(k, a.sample(k, 1)); ids[other.ID] != 0 {
			a.t.Error("another key gave the same item")
		}
	})
}

func findByKey(a *account) {
	f, ok := a.Remote.(remote.Finder)
	if !ok {
		if !a.traits.Idempotent {
			a.t.Fatal("neither Idempotent nor a Finder: a lost answer would make a second item")
		}
		a.skip("the remote is Idempotent and no Finder")
	}
	a.each(func(a *account, k pim.Kind) {
		e, key := a.entry(a.sample(k, 1)), fresh()
		a.create(k, a.sample(k, 2))
		if rec, found, err := f.Find(a.ctx, a.homes[k], key, e); err != nil || found {
			a.t.Fatalf("found %q before it was made: %v", rec.ID, err)
		}
		made, err := a.Remote.Create(a.ctx, a.homes[k], e, key)
		if err != nil {
			a.t.Fatal(err)
		}
		rec, found, err := f.Find(a.ctx, a.homes[k], key, e)
		if err != nil || !found || rec.ID != made.ID {
			a.t.Errorf("find: %v %v %v, want %s", rec.ID, found, err, made.ID)
		}
	})
}

// createBare: an empty item gets defaults or is refused with a text.
func createBare(a *account) {
	a.each(func(a *account, k pim.Kind) {
		rec, err := a.Remote.Create(a.ctx, a.homes[k], a.entry(pim.New(k)), fresh())
		if err != nil {
			a.wantError("create of an empty item", err, pim.ErrRefused, pim.ErrInvalid, pim.ErrUnsupported)
			return
		}
		got := a.must(a.homes[k], rec.ID)
		for _, id := range a.traits.Required[k].IDs() {
			if f, _ := pim.FieldByID(id); f.Text(got.Item) == "" {
				a.t.Errorf("%s is required and stayed empty", id)
			}
		}
	})
}

// ignoreForeign: fields that are not carried do no harm. Series are a matter of
// their own (Traits.Recurrence).
func ignoreForeign(a *account) {
	a.each(func(a *account, k pim.Kind) {
		full := a.h.full(k, 1)
		pim.ActivityOf(full).Recurrence = nil
		rec := a.create(k, full)
		want := pim.New(k)
		pim.Copy(want, full, a.traits.Carries[k])
		a.same("fetch", a.must(a.homes[k], rec.ID).Item, want)
		got, err := a.Remote.Update(a.ctx, a.homes[k], rec.Ref, a.entry(full), pim.AllOf(k).Minus(pim.Set(pim.FieldNotes)))
		if err != nil {
			a.t.Fatalf("update of all fields: %v", err)
		}
		a.same("fetch after update", a.must(a.homes[k], got.ID).Item, want)
	})
}

func allDay(a *account) {
	home, ok := a.homes[pim.KindEvent]
	if !ok {
		a.skip("the remote keeps no events")
	}
	for _, days := range []int{1, 3} {
		// The clock changes in many zones between 28 and 29 March 2026.
		start := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
		e := a.sample(pim.KindEvent, 1).(*pim.Event)
		e.Start = pim.On(start.Date())
		e.End = pim.On(start.AddDate(0, 0, days).Date())
		rec := a.create(pim.KindEvent, e)
		a.same("all-day event", a.must(home, rec.ID).Item, e)
	}
}
