package storetest

import (
	"testing"

	"crmbridge/pim"
	"crmbridge/store"
)

func testDuplicates(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
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
