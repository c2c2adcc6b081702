package exchangetest

import (
	"slices"
	"testing"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

func marker(t *testing.T, r remote.Remote) remote.Marker {
	t.Helper()
	m, ok := remote.As[remote.Marker](r)
	if !ok {
		t.Skip("left out: the remote is no Marker")
	}
	return m
}

// keysOfOurs: an item carries the key that it was created with, and is found by it.
func keysOfOurs(t *testing.T, h Harness) {
	remotetest.EachKind(t, h.Harness, func(t *testing.T, a remotetest.Account, c remote.CollectionID, k pim.Kind) {
		m := marker(t, a.Remote)
		key := "key-of-ours-" + k.String()
		rec := create(t, h, a, c, k, key)
		if got := fetch(t, a.Remote, c, rec.ID); got.Key != key {
			t.Errorf("the item has the key %q, want %q", got.Key, key)
		}
		where, err := m.Where(t.Context(), []string{key, "a key of nothing"})
		if err != nil || len(where) != 1 || where[key].Collection != c || where[key].Ref.ID != rec.ID {
			t.Errorf("where: %v, %v", where, err)
		}
	})
}

// marking: an item that others made gets a key, and nothing else of it changes.
func marking(t *testing.T, h Harness) {
	remotetest.EachKind(t, h.Harness, func(t *testing.T, a remotetest.Account, c remote.CollectionID, k pim.Kind) {
		m := marker(t, a.Remote)
		b := behind(t, a)
		id := b.Add(t, c, h.Sample(a.Remote.Traits(), k, 2))
		before := fetch(t, a.Remote, c, id)
		ref, err := m.Mark(t.Context(), c, before.Ref, "a new key")
		if err != nil {
			t.Fatalf("mark: %v", err)
		}
		after := fetch(t, a.Remote, c, id)
		if after.Key != "a new key" || after.Ref != ref {
			t.Errorf("it is %v with the key %q, mark answered %v", after.Ref, after.Key, ref)
		}
		if d := pim.Diff(before.Item, after.Item, pim.AllOf(k)); !d.IsEmpty() {
			t.Errorf("marking changed %v", d)
		}
		if after.Version != before.Version {
			if _, err := m.Mark(t.Context(), c, before.Ref, "another key"); pim.ReasonOf(err) != pim.ErrConflict {
				t.Errorf("an old version was marked: %v", err)
			}
		}
		// A copy that a person makes has the key of its original, and gets its own.
		if ref, err = m.Mark(t.Context(), c, after.Ref, "its own key"); err != nil {
			t.Fatalf("mark in place of another key: %v", err)
		}
		if after = fetch(t, a.Remote, c, id); after.Key != "its own key" || after.Ref != ref {
			t.Errorf("marked anew it is %v with the key %q, mark answered %v", after.Ref, after.Key, ref)
		}
		if where, err := m.Where(t.Context(), []string{"a new key", "its own key"}); err != nil || len(where) != 1 || where["its own key"].Ref.ID != id {
			t.Errorf("marked anew it is at %v, %v", where, err)
		}
		b.Remove(t, c, id)
		if _, err := m.Mark(t.Context(), c, after.Ref, "a third key"); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("what is gone was marked: %v", err)
		}
		if where, err := m.Where(t.Context(), []string{"a new key", "another key", "its own key", "a third key"}); err != nil || len(where) != 0 {
			t.Errorf("what is gone was found: %v, %v", where, err)
		}
	})
}

// moves: an item that was dragged elsewhere is gone from where it was, new where it is, and known by its key.
func moves(t *testing.T, h Harness) {
	if h.Move == nil {
		t.Skip("left out: the harness cannot move items")
	}
	remotetest.EachKind(t, h.Harness, func(t *testing.T, a remotetest.Account, c remote.CollectionID, k pim.Kind) {
		m := marker(t, a.Remote)
		key := "key-of-moved-" + k.String()
		rec := create(t, h, a, c, k, key)
		_, _, cursor := follow(t, a.Remote, c, "")
		to, now := h.Move(t, a, c, rec.ID)
		_, removed, _ := follow(t, a.Remote, c, cursor)
		if a.Remote.Traits().ReportsDeletions && !slices.Contains(removed, rec.ID) {
			t.Errorf("where it was, %v are reported as removed, want %s", removed, rec.ID)
		}
		if now != rec.ID {
			if recs, err := a.Remote.Fetch(t.Context(), c, []remote.ItemID{rec.ID}); err != nil || len(recs) != 0 {
				t.Errorf("it is there under its old id: %d, %v", len(recs), err)
			}
		}
		all, _, _ := follow(t, a.Remote, to, "")
		if _, ok := all[now]; !ok {
			t.Errorf("where it is, it is not listed")
		}
		got := fetch(t, a.Remote, to, now)
		if d := pim.Diff(fetchedItem(rec, got), got.Item, pim.AllOf(k)); got.Key != key || !d.IsEmpty() {
			t.Errorf("moved, it has the key %q and other %v", got.Key, d)
		}
		where, err := m.Where(t.Context(), []string{key})
		if err != nil || where[key].Collection != to || where[key].Ref.ID != now {
			t.Errorf("where: %v, %v, want %s in %s", where, err, now, to)
		}
	})
}

// fetchedItem is what the item was: Create may answer without it.
func fetchedItem(created, now remote.Record) pim.Item {
	if created.Item == nil {
		return now.Item
	}
	return created.Item
}
