package storetest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

func testConflicts(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	o := f.put(event(f.cal.ID, "a", "x")).Object
	long := bytes.Repeat([]byte("0123456789"), 50_000)
	add := func(link store.LinkID) (c store.Conflict) {
		t.Helper()
		f.update(func(tx *store.Tx) error {
			var err error
			c, err = tx.AddConflict(store.Conflict{UserID: f.user.ID, CollectionID: f.cal.ID, ObjectID: o.ID, LinkID: link, Name: o.Name, UID: o.UID,
				Kind: pim.KindEvent, Cause: store.CauseRelay, Device: "x\xff", Base: long, Mine: nil, Theirs: []byte("t"), Fields: `["summary"]`, TheirVersion: "v"})
			return err
		})
		return c
	}
	first, second, dav := add(3), add(3), add(0)
	f.view(func(tx *store.Tx) error {
		got, err := tx.OpenConflict(o.ID, 3)
		if err != nil {
			return err
		}
		equal(t, "newest", got.ID, second.ID)
		if !bytes.Equal(got.Base, long) || got.Mine != nil || string(got.Theirs) != "t" || got.Kind != pim.KindEvent || got.ResolvedAt != nil {
			t.Errorf("base %d bytes, mine nil %v, theirs %q, kind %v, resolved %v", len(got.Base), got.Mine == nil, got.Theirs, got.Kind, got.ResolvedAt)
		}
		return nil
	})
	f.update(func(tx *store.Tx) error {
		c, err := tx.ResolveConflict(second.ID, "mine", "ann")
		if c.ResolvedAt == nil || c.Resolution != "mine" || c.ResolvedBy != "ann" {
			t.Errorf("got %+v", c)
		}
		return err
	})
	f.refused(pim.ErrConflict, func(tx *store.Tx) error {
		_, err := tx.ResolveConflict(second.ID, "theirs", "ann")
		return err
	})
	f.refused(pim.ErrInvalid, func(tx *store.Tx) error {
		_, err := tx.ResolveConflict(first.ID, "", "ann")
		return err
	})
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error {
		_, err := tx.ResolveConflict(99, "mine", "ann")
		return err
	})
	first.Theirs, first.TheirVersion = []byte("newer"), "v2"
	f.update(func(tx *store.Tx) error { return tx.UpdateConflict(first) })
	f.refused(pim.ErrConflict, func(tx *store.Tx) error { return tx.UpdateConflict(second) })
	f.view(func(tx *store.Tx) error {
		got, err := tx.Conflict(first.ID)
		if string(got.Theirs) != "newer" || !bytes.Equal(got.Base, long) || !got.CreatedAt.Equal(first.CreatedAt) {
			t.Errorf("theirs %q, base %d bytes, created %v", got.Theirs, len(got.Base), got.CreatedAt)
		}
		if err != nil {
			return err
		}
		for _, c := range []struct {
			filter store.ConflictFilter
			want   string
		}{
			{store.ConflictFilter{}, "3 2 1"},
			{store.ConflictFilter{User: f.user.ID, Open: true}, "3 1"},
			{store.ConflictFilter{User: f.user.ID + 1}, ""},
			{store.ConflictFilter{Collection: f.cal.ID, Link: 3}, "2 1"},
			{store.ConflictFilter{Object: o.ID, Limit: 1}, "3"},
			{store.ConflictFilter{Object: o.ID, Limit: 1, Before: dav.ID}, "2"},
			{store.ConflictFilter{Object: o.ID + 1}, ""},
		} {
			got, err := tx.Conflicts(c.filter)
			if err != nil {
				return err
			}
			var ids string
			for i, g := range got {
				if i > 0 {
					ids += " "
				}
				ids += fmt.Sprint(g.ID - first.ID + 1)
			}
			equal(t, fmt.Sprintf("%+v", c.filter), ids, c.want)
		}
		return nil
	})
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.ReopenConflict(99, "ann") })
	f.update(func(tx *store.Tx) error {
		c, err := tx.AddConflict(store.Conflict{UserID: f.user.ID, CollectionID: f.cal.ID, Cause: store.CauseBlind})
		if err != nil {
			return err
		}
		if _, err := tx.ResolveConflict(c.ID, "mine", "ann"); err != nil {
			return err
		}
		if err := tx.ReopenConflict(c.ID, "bob"); err != nil {
			return err
		}
		c, err = tx.Conflict(c.ID)
		if c.ResolvedAt != nil || c.Resolution != "" || c.ResolvedBy != "bob" {
			t.Errorf("reopened: %+v", c)
		}
		return err
	})
}

func testRuns(t *testing.T, open Opener) {
	clock := NewClock()
	f := setUp(t, open, store.Config{Now: clock.Now})
	l := f.link(f.cal.ID, store.CRM, "crm")
	start := func() (r store.Run) {
		f.update(func(tx *store.Tx) error {
			var err error
			r, err = tx.StartRun(store.Run{LinkID: l.ID, Trigger: "poll"})
			return err
		})
		return r
	}
	first, unfinished := start(), start()
	first.Outcome, first.Error, first.Counts, first.Requests = "partial", "one item failed", `{"created":250}`, 17
	var steps []store.Step
	for i := range 250 { // more than one statement takes
		steps = append(steps, store.Step{PairID: store.PairID(i), Side: "local", Action: "create", Outcome: "done", Fields: "summary"})
	}
	f.update(func(tx *store.Tx) error { return tx.FinishRun(first, steps) })
	equal(t, "the caller's steps", steps[0].RunID, 0)
	f.view(func(tx *store.Tx) error {
		got, err := tx.Run(first.ID)
		if got.Ended == nil || !got.Ended.After(got.Started) || got.Outcome != "partial" || got.Requests != 17 || got.Trigger != "poll" {
			t.Errorf("got %+v", got)
		}
		if err != nil {
			return err
		}
		ss, err := tx.Steps(store.StepFilter{Run: first.ID})
		if err != nil {
			return err
		}
		equal(t, "steps", len(ss), 250)
		for i, s := range ss {
			equal(t, "order", s.PairID, store.PairID(i))
		}
		list, err := tx.WrittenBy(first.ID)
		if err != nil {
			return err
		}
		equal(t, "writes", len(list), 250)
		equal(t, "the last write", list[249], store.Written{Step: ss[249].ID, Pair: 249})
		some, err := tx.StepsNumbered([]int64{ss[7].ID, ss[3].ID, 1 << 40})
		if err != nil || len(some) != 2 || some[0].PairID != 3 || some[1].PairID != 7 {
			t.Errorf("by number: %+v %v", some, err)
		}
		rs, err := tx.Runs(store.RunFilter{Link: l.ID, Limit: 1})
		if err != nil || len(rs) != 1 || rs[0].ID != unfinished.ID {
			t.Errorf("newest run: %v, %v", rs, err)
		}
		all, err := tx.Runs(store.RunFilter{})
		equal(t, "all runs", len(all), 2)
		return err
	})
	f.update(func(tx *store.Tx) error {
		list, err := tx.WrittenBy(first.ID)
		if err != nil {
			return err
		}
		if err := tx.MarkSteps([]int64{list[3].Step, list[7].Step}, "done", 77); err != nil {
			return err
		}
		list, err = tx.WrittenBy(first.ID)
		equal(t, "marked", list[7], store.Written{Step: list[7].Step, Pair: 77, Undone: "done"})
		equal(t, "not marked", list[4].Undone, "")
		return err
	})
	clock.Advance(time.Hour)
	f.update(func(tx *store.Tx) error { return tx.DeleteLink(l.ID) }) // reports outlive it
	f.update(func(tx *store.Tx) error {
		n, err := tx.PruneRuns(tx.Now().Add(-2*time.Hour), 0)
		equal(t, "too young", n, 0)
		if err != nil {
			return err
		}
		n, err = tx.PruneRuns(tx.Now(), 0)
		equal(t, "pruned", n, 1)
		return err
	})
	f.view(func(tx *store.Tx) error {
		ss, err := tx.Steps(store.StepFilter{Run: first.ID})
		equal(t, "steps of a pruned run", len(ss), 0)
		if _, err := tx.Run(unfinished.ID); err != nil {
			t.Errorf("the unfinished run: %v", err)
		}
		return err
	})
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.FinishRun(store.Run{ID: 99, Outcome: "ok"}, nil) })
}
