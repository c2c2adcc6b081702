package mem_test

import (
	"errors"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/remote"
)

const work remote.CollectionID = "work"

// A person moves and copies items; keys tell where they are.
func TestMovesAndKeys(t *testing.T) {
	t.Parallel()
	for _, change := range []bool{true, false} {
		m, _ := newCRM(t, mem.Options{Folders: []remote.CollectionID{work}, MovesChangeIDs: change, Marks: true})
		r := m.Remote()
		k, ok := remote.As[remote.Marker](r)
		if !ok {
			t.Fatal("no Marker")
		}
		id := m.AddTo(mem.Activities, &pim.Event{Activity: pim.Activity{Title: "one"}})
		ref := m.Items(mem.Activities)[0].Ref
		if _, err := k.Mark(t.Context(), mem.Activities, remote.Ref{ID: id, Version: "another"}, "key"); !errors.Is(err, pim.ErrConflict) {
			t.Errorf("an old version: %v", err)
		}
		if _, err := k.Mark(t.Context(), mem.Activities, remote.Ref{ID: "nobody"}, "key"); !errors.Is(err, pim.ErrNotFound) {
			t.Errorf("no such item: %v", err)
		}
		now, err := k.Mark(t.Context(), mem.Activities, ref, "key")
		if rec := m.Items(mem.Activities)[0]; err != nil || now != rec.Ref || now.Version == ref.Version || rec.Key != "key" || rec.Item.Summary() != "one" {
			t.Errorf("%v %+v %+v", err, now, rec)
		}
		moved, ok := m.Move(mem.Activities, id, work)
		if !ok || (moved != id) != change || len(m.Items(mem.Activities)) != 0 {
			t.Errorf("moved %v to %s from %s", ok, moved, id)
		}
		if recs, err := r.Fetch(t.Context(), mem.Activities, []remote.ItemID{id}); err != nil || len(recs) != 0 && change {
			t.Errorf("it is where it was: %v %+v", err, recs)
		}
		w, err := k.Where(t.Context(), []string{"key", "nobody's"})
		if err != nil || len(w) != 1 || w["key"].Collection != work || w["key"].Ref.ID != moved {
			t.Errorf("%v %+v", err, w)
		}
		if _, ok := m.Copy(work, moved, mem.Activities); !ok || m.Items(mem.Activities)[0].Key != "key" {
			t.Error("a copy has not the key of its original")
		}
		if _, ok := m.Move(mem.Activities, "nobody", work); ok {
			t.Error("nobody moved")
		}
	}
	plain, _ := newCRM(t, mem.Options{})
	if _, ok := remote.As[remote.Marker](plain.Remote()); ok {
		t.Error("a Marker that was not asked for")
	}
}
