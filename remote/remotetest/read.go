package remotetest

import (
	"reflect"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

func checkTraits(a *account) {
	tr := a.traits
	if len(tr.Carries) == 0 {
		a.t.Fatal("the remote carries nothing")
	}
	if !reflect.DeepEqual(tr, a.Remote.Traits()) {
		a.t.Error("traits change from call to call")
	}
	for k, set := range tr.Carries {
		if rest := set.Minus(pim.AllOf(k)); !rest.IsEmpty() {
			a.t.Errorf("%s has no fields %s", k, rest)
		}
		if set.Minus(tr.ReadOnly).IsEmpty() {
			a.t.Errorf("%s: nothing can be written", k)
		}
		if rest := tr.Required[k].Minus(set); !rest.IsEmpty() {
			a.t.Errorf("%s: required but not carried: %s", k, rest)
		}
		if _, ok := a.homes[k]; !ok && !(k == pim.KindMessage && a.mailbox()) {
			a.t.Errorf("no writable collection takes a %s", k)
		}
	}
	if tr.TimeStep < 0 || tr.StampStep < 0 || tr.PageSize < 0 || tr.Concurrency < 0 {
		a.t.Errorf("negative numbers in %+v", tr)
	}
}

// mailbox reports a remote whose messages are told and not written.
func (a *account) mailbox() bool {
	cols, err := a.Remote.Collections(a.ctx)
	return err == nil && slices.ContainsFunc(cols, func(c remote.Collection) bool { return c.ReadOnly && c.Kinds == pim.Kinds(pim.KindMessage) })
}

func checkCollections(a *account) {
	cols, err := a.Remote.Collections(a.ctx)
	if err != nil {
		a.t.Fatal(err)
	}
	ids := map[remote.CollectionID]bool{}
	for _, c := range cols {
		if c.ID == "" || c.Name == "" || c.Kinds == 0 || ids[c.ID] {
			a.t.Errorf("collection %+v (seen before: %v)", c, ids[c.ID])
		}
		ids[c.ID] = true
	}
	again, err := a.Remote.Collections(a.ctx)
	if err != nil || !reflect.DeepEqual(cols, again) {
		a.t.Errorf("a second listing differs: %v %v", again, err)
	}
	_, err = a.Remote.Changes(a.ctx, "no such collection", remote.Scope{}, "")
	a.wantError("changes of an unknown collection", err, pim.ErrNotFound)
}

func unknownIDs(a *account) {
	a.each(func(a *account, k pim.Kind) {
		c := a.homes[k]
		kept := a.create(k, a.sample(k, 1))
		gone := a.create(k, a.sample(k, 2))
		if err := a.Remote.Delete(a.ctx, c, remote.Ref{ID: gone.ID}, remote.Delete); err != nil {
			a.t.Fatal(err)
		}
		for _, id := range []remote.ItemID{gone.ID, "no such id", "'", "00000000-0000-0000-0000-000000000000", "../x", "-1"} {
			recs, err := a.Remote.Fetch(a.ctx, c, []remote.ItemID{id, kept.ID})
			if err != nil || len(recs) != 1 || recs[0].ID != kept.ID {
				a.t.Errorf("fetch of %q and a known one: %d records, %v", id, len(recs), err)
			}
			_, err = a.Remote.Update(a.ctx, c, remote.Ref{ID: id, Version: gone.Version}, a.entry(a.sample(k, 1)), pim.Set(pim.FieldNotes))
			a.wantError("update of an unknown id", err, pim.ErrNotFound)
			err = a.Remote.Delete(a.ctx, c, remote.Ref{ID: id}, remote.Delete)
			a.wantError("delete of an unknown id", err, pim.ErrNotFound)
		}
		if recs, err := a.Remote.Fetch(a.ctx, c, nil); err != nil || len(recs) != 0 {
			a.t.Errorf("fetch of nothing: %d records, %v", len(recs), err)
		}
	})
}
