package remotetest

import (
	"crmbridge/pim"
	"crmbridge/remote"
)

// groups are the writable fields of a kind, coupled ones together.
func (a *account) groups(k pim.Kind) []pim.FieldSet {
	rest := a.traits.Carries[k].Minus(a.traits.ReadOnly)
	var out []pim.FieldSet
	for _, g := range a.h.Coupled {
		if g = g.And(rest); !g.IsEmpty() {
			out = append(out, g)
			rest = rest.Minus(g)
		}
	}
	for _, id := range rest.IDs() {
		out = append(out, pim.Set(id))
	}
	return out
}

// updateEach: an update changes the fields named and nothing else. Each has an item of its own, made before the clock ticks.
func updateEach(a *account) {
	a.each(func(a *account, k pim.Kind) {
		before, after := a.sample(k, 1), a.sample(k, 2)
		var groups []pim.FieldSet
		var made []remote.Record
		for _, g := range a.groups(k) {
			if pim.Diff(before, after, g).IsEmpty() {
				a.t.Errorf("harness: samples do not differ in %s", g)
				continue
			}
			groups, made = append(groups, g), append(made, a.create(k, before))
		}
		a.tick()
		for i, g := range groups {
			a.updatesOnly(g, made[i], before, after)
		}
	})
}

// updatesOnly writes g of after into rec, which is before.
func (a *account) updatesOnly(g pim.FieldSet, rec remote.Record, before, after pim.Item) {
	a.t.Helper()
	k := before.Kind()
	made, err := a.Remote.Update(a.ctx, a.homes[k], rec.Ref, a.entry(after), g)
	if err != nil {
		a.t.Errorf("update of %s: %v", g, err)
		return
	}
	want := pim.Clone(before)
	pim.Copy(want, after, g)
	got := a.must(a.homes[k], rec.ID)
	a.same("after update of "+g.String(), got.Item, want)
	if made.Item != nil {
		a.same("the answer to update of "+g.String(), made.Item, want)
	}
	if got.Version != made.Version {
		a.t.Errorf("update of %s: version %q answered, %q fetched", g, made.Version, got.Version)
	}
	if rec.Version == got.Version && got.Version != "" {
		a.t.Errorf("update of %s left the version %q", g, got.Version)
	}
}

func clearEach(a *account) {
	a.each(func(a *account, k pim.Kind) {
		for _, g := range a.groups(k) {
			if !g.And(a.traits.Required[k]).IsEmpty() {
				continue
			}
			if !g.And(a.traits.Lasting).IsEmpty() {
				a.keepsLasting(k, g)
				continue
			}
			before := a.sample(k, 1)
			if pim.Diff(before, pim.New(k), g).IsEmpty() {
				before = a.sample(k, 2)
			}
			after := pim.Clone(before)
			pim.Copy(after, pim.New(k), g)
			rec := a.create(k, before)
			if _, err := a.Remote.Update(a.ctx, a.homes[k], rec.Ref, a.entry(after), g); err != nil {
				a.t.Errorf("clearing %s: %v", g, err)
				continue
			}
			a.same("after clearing "+g.String(), a.must(a.homes[k], rec.ID).Item, after)
		}
	})
}

// keepsLasting: clearing what cannot be taken away leaves it, and says so.
func (a *account) keepsLasting(k pim.Kind, g pim.FieldSet) {
	a.t.Helper()
	before := a.sample(k, 1)
	rec := a.create(k, before)
	made, err := a.Remote.Update(a.ctx, a.homes[k], rec.Ref, a.entry(pim.New(k)), g)
	if err != nil {
		a.t.Errorf("clearing %s, which lasts: %v", g, err)
		return
	}
	if len(made.Notes) == 0 {
		a.t.Errorf("clearing %s, which lasts: no note tells that it stayed", g)
	}
	a.same("after clearing "+g.String()+", which lasts", a.must(a.homes[k], rec.ID).Item, before)
}

// updateNothing: an empty set of fields is no write and no error.
func updateNothing(a *account) {
	a.each(func(a *account, k pim.Kind) {
		rec := a.create(k, a.sample(k, 1))
		if _, err := a.Remote.Update(a.ctx, a.homes[k], rec.Ref, a.entry(a.sample(k, 2)), pim.FieldSet{}); err != nil {
			a.t.Fatal(err)
		}
		a.same("after an update of nothing", a.must(a.homes[k], rec.ID).Item, a.sample(k, 1))
	})
}

func staleUpdate(a *account) {
	a.each(func(a *account, k pim.Kind) {
		rec := a.create(k, a.sample(k, 1))
		if rec.Version == "" {
			a.skip("the remote has no versions")
		}
		a.tick()
		g := a.groups(k)[0]
		a.Behind.Edit(a.t, a.homes[k], rec.ID, a.sample(k, 2), g)
		a.tick()
		now := a.must(a.homes[k], rec.ID)
		_, err := a.Remote.Update(a.ctx, a.homes[k], rec.Ref, a.entry(a.sample(k, 3)), a.traits.Carries[k])
		a.wantError("stale update", err, pim.ErrConflict)
		want := a.sample(k, 1)
		pim.Copy(want, a.sample(k, 2), g)
		got := a.must(a.homes[k], rec.ID)
		a.same("after a stale update", got.Item, want)
		if got.Version != now.Version {
			a.t.Error("the stale update changed the version")
		}
		if _, err := a.Remote.Update(a.ctx, a.homes[k], got.Ref, a.entry(a.sample(k, 3)), a.traits.Carries[k]); err != nil {
			a.t.Errorf("update with the fetched version: %v", err)
		}
	})
}

func updateGone(a *account) {
	a.each(func(a *account, k pim.Kind) {
		rec := a.create(k, a.sample(k, 1))
		a.Behind.Remove(a.t, a.homes[k], rec.ID)
		_, err := a.Remote.Update(a.ctx, a.homes[k], rec.Ref, a.entry(a.sample(k, 2)), a.traits.Carries[k])
		a.wantError("update of a deleted item", err, pim.ErrNotFound)
		if _, there := a.fetch(a.homes[k], rec.ID); there {
			a.t.Error("the update brought the item back")
		}
	})
}

func deleteTwice(a *account) {
	a.each(func(a *account, k pim.Kind) {
		c := a.homes[k]
		kept, rec := a.create(k, a.sample(k, 1)), a.create(k, a.sample(k, 2))
		if err := a.Remote.Delete(a.ctx, c, rec.Ref, remote.Delete); err != nil {
			a.t.Fatalf("delete: %v", err)
		}
		if _, there := a.fetch(c, rec.ID); there {
			a.t.Error("it is still there")
		}
		a.wantError("second delete", a.Remote.Delete(a.ctx, c, rec.Ref, remote.Delete), pim.ErrNotFound)
		a.must(c, kept.ID)
	})
}
