package storetest

import (
	"testing"
	"time"

	"crmbridge/store"
)

// marks are the keys of remote items: who carries one, who waits for one, and who may have moved.
func (f *fixture) marks(t *testing.T, l store.Link) {
	t.Helper()
	var due, missing store.PairID
	f.update(func(tx *store.Tx) error {
		soon, late := tx.Now().Add(-time.Minute), tx.Now().Add(time.Hour)
		for i, p := range []store.Pair{
			{RemoteID: "k1", Mark: "key"}, {RemoteID: "k2", Mark: "key", RemoteGone: true, Dirty: true}, {RemoteID: "k3", MarkAt: &soon},
			{RemoteID: "k4", MarkAt: &late}, {RemoteID: "k5", MarkAt: &soon, RemoteGone: true, Dirty: true}, {RemoteID: "k6", Mark: "other", RemoteGone: true},
		} {
			p.LinkID = l.ID
			if err := tx.SavePair(&p); err != nil {
				return err
			}
			switch i {
			case 1:
				missing = p.ID
			case 2:
				due = p.ID
			}
		}
		return nil
	})
	f.view(func(tx *store.Tx) error {
		held, err := tx.PairsByMark(l.UserID, []string{"key", "other", "nobody's"})
		equal(t, "by mark", len(held["key"]), 2)
		equal(t, "by another mark", len(held["other"]), 1)
		equal(t, "marks", len(held), 2)
		if err != nil {
			return err
		}
		held, err = tx.PairsByMark(l.UserID+1, []string{"key"})
		equal(t, "by mark of another user", len(held), 0)
		if err != nil {
			return err
		}
		wait, err := tx.PairsToMark(l.ID, tx.Now(), 10)
		if len(wait) != 1 || wait[0].ID != due {
			t.Errorf("to be marked: %+v", wait)
		}
		if err != nil {
			return err
		}
		gone, err := tx.MissingPairs(l.ID, 10, 0)
		if len(gone) != 1 || gone[0].ID != missing {
			t.Errorf("missing: %+v", gone)
		}
		if err != nil {
			return err
		}
		gone, err = tx.MissingPairs(l.ID, 10, missing)
		equal(t, "missing after", len(gone), 0)
		return err
	})
}
