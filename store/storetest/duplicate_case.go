package storetest

import (
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

func testDuplicates(t *testing.T, open Opener) {
	clock := NewClock()
	f := setUp(t, open, store.Config{Now: clock.Now})
	var ids []store.ObjectID
	for _, name := range []string{"a", "b", "c"} {
		f.update(func(tx *store.Tx) error {
			res, err := tx.PutObject(store.Put{Collection: f.cal.ID, Name: name, UID: name, Kind: pim.KindEvent, Component: "VEVENT", Text: []byte(name), By: "test"})
			ids = append(ids, res.Object.ID)
			return err
		})
	}
	pair := func(a, b int, print string) store.Duplicate {
		return store.Duplicate{UserID: f.user.ID, FirstID: ids[b], SecondID: ids[a], Kind: pim.KindEvent, Score: 600, Reasons: "{}", Print: print}
	}
	suggest := func(want int, list ...store.Duplicate) {
		t.Helper()
		f.update(func(tx *store.Tx) error {
			n, err := tx.SuggestDuplicates(f.cal.ID, list)
			equal(t, "new", n, want)
			return err
		})
	}
	list := func(filter store.DuplicateFilter) (ds []store.Duplicate) {
		t.Helper()
		f.view(func(tx *store.Tx) error {
			var err error
			ds, err = tx.Duplicates(filter)
			return err
		})
		return ds
	}
	suggest(2, pair(0, 1, "p"), pair(1, 2, "q"))
	suggest(0, pair(0, 1, "p"), pair(1, 2, "q"))
	all := list(store.DuplicateFilter{User: f.user.ID, State: store.DuplicateOpen})
	if len(all) != 2 || all[0].FirstID != ids[0] || all[0].SecondID != ids[1] || all[0].FoundAt.IsZero() {
		t.Fatalf("%+v", all)
	}
	if page := list(store.DuplicateFilter{Collection: f.cal.ID, After: all[0].ID, Limit: 1}); len(page) != 1 || page[0].ID != all[1].ID {
		t.Errorf("the second page: %+v", page)
	}
	if of := list(store.DuplicateFilter{Object: ids[0]}); len(of) != 1 || of[0].ID != all[0].ID {
		t.Errorf("of an object: %+v", of)
	}
	// Ignored, it stays so until what is compared is another; what is alike no more goes.
	d := all[0]
	d.State = store.DuplicateIgnored
	f.update(func(tx *store.Tx) error { return tx.SaveDuplicate(d) })
	suggest(0, pair(0, 1, "p"))
	f.update(func(tx *store.Tx) error { return tx.DropSuggestions([]store.DuplicateID{d.ID, all[1].ID}) })
	if left := list(store.DuplicateFilter{}); len(left) != 1 || left[0].State != store.DuplicateIgnored {
		t.Errorf("%+v", left)
	}
	suggest(1, pair(0, 1, "other"))
	if again := list(store.DuplicateFilter{}); len(again) != 1 || again[0].State != store.DuplicateOpen || again[0].ID != d.ID {
		t.Errorf("%+v", again)
	}
	// Of what is gone nothing is to be asked.
	f.update(func(tx *store.Tx) error {
		_, err := tx.DeleteObject(f.cal.ID, "b", store.Cond{}, "test", 0)
		return err
	})
	if left := list(store.DuplicateFilter{}); len(left) != 0 {
		t.Errorf("%+v", left)
	}
	// The record of it goes, and those of merges with their age and number.
	prune := func(before time.Time, most int, want int64) {
		t.Helper()
		f.update(func(tx *store.Tx) error {
			n, err := tx.PruneDuplicates(before, most)
			equal(t, "pruned", n, want)
			return err
		})
	}
	prune(time.Time{}, 0, 1)
	prune(time.Time{}, 0, 0)
	day := 24 * time.Hour
	merged := func(a, b int, ago time.Duration) {
		suggest(1, pair(a, b, "p"))
		d := list(store.DuplicateFilter{State: store.DuplicateOpen})[0]
		at := clock.Now().Add(-ago)
		d.State, d.SettledAt, d.Merge = store.DuplicateMerged, &at, []byte("texts")
		f.update(func(tx *store.Tx) error { return tx.SaveDuplicate(d) })
	}
	f.update(func(tx *store.Tx) error {
		for _, name := range []string{"d", "e", "f"} {
			res, err := tx.PutObject(store.Put{Collection: f.cal.ID, Name: name, UID: name, Kind: pim.KindEvent, Component: "VEVENT", Text: []byte(name), By: "test"})
			if ids = append(ids, res.Object.ID); err != nil {
				return err
			}
		}
		return nil
	})
	merged(3, 4, 40*day)
	merged(4, 5, 2*day)
	merged(3, 5, day)
	prune(clock.Now().Add(-30*day), 2, 1)
	prune(clock.Now().Add(-30*day), 2, 0)
	prune(clock.Now().Add(-30*day), 1, 1)
	if left := list(store.DuplicateFilter{}); len(left) != 1 || left[0].SecondID != ids[5] || left[0].FirstID != ids[3] {
		t.Errorf("%+v", left)
	}
	// An ignored one stays as long as both are there, and some time longer.
	suggest(1, pair(0, 3, "p"))
	ignored := list(store.DuplicateFilter{State: store.DuplicateOpen})[0]
	ignored.State = store.DuplicateIgnored
	f.update(func(tx *store.Tx) error { return tx.SaveDuplicate(ignored) })
	prune(clock.Now().Add(time.Hour), 0, 1) // the merge
	prune(clock.Now().Add(time.Hour), 0, 0)
	f.update(func(tx *store.Tx) error {
		_, err := tx.DeleteObject(f.cal.ID, "d", store.Cond{}, "test", 0)
		return err
	})
	prune(clock.Now().Add(-day), 0, 0)
	prune(clock.Now().Add(time.Hour), 0, 1)
	f.view(func(tx *store.Tx) error {
		if _, err := tx.Duplicate(d.ID + 100); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("one that is not there: %v", err)
		}
		return nil
	})
	if store.CheckDuplicateState("lost") == nil || store.CheckDuplicateState(store.DuplicateMerged) != nil {
		t.Error("states")
	}
}
