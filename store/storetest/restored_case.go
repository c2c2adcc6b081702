package storetest

import (
	"errors"
	"testing"

	"crmbridge/pim"
	"crmbridge/store"
)

func testRestored(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	other := f.collection("other")
	one := f.put(event(f.cal.ID, "a", "one")).Object
	f.update(func(tx *store.Tx) error {
		return tx.MarkSeen("token:1", []store.SeenMark{{Object: one.ID, Seq: one.Seq}})
	})
	f.update(func(tx *store.Tx) error {
		n, err := tx.Restored()
		equal(t, "collections", n, 2)
		return err
	})
	f.view(func(tx *store.Tx) error {
		for _, old := range []store.Collection{f.cal, other} {
			now, err := tx.Collection(old.ID)
			if err != nil {
				return err
			}
			if now.Epoch == old.Epoch || len(now.Epoch) != len(old.Epoch) {
				t.Errorf("epoch %q, was %q", now.Epoch, old.Epoch)
			}
			old.Epoch, old.Seq, old.Bytes = now.Epoch, now.Seq, now.Bytes // an object was added
			equal(t, "all else", now, old)
		}
		cs, err := tx.Collections(f.user.ID, "")
		equal(t, "the same epoch twice", cs[0].Epoch == cs[1].Epoch, false)
		if err != nil {
			return err
		}
		o, err := tx.Object(f.cal.ID, "a.ics")
		equal(t, "etag", o.ETag, one.ETag)
		if err != nil {
			return err
		}
		seq, known, err := tx.SeenSeq("token:1", one.ID)
		equal(t, "known", known, true)
		equal(t, "seen", seq, 0)
		return err
	})
	// What is downloaded from now on is known again.
	f.update(func(tx *store.Tx) error {
		return tx.MarkSeen("token:1", []store.SeenMark{{Object: one.ID, Seq: one.Seq}})
	})
	f.view(func(tx *store.Tx) error {
		seq, _, err := tx.SeenSeq("token:1", one.ID)
		equal(t, "seen again", seq, one.Seq)
		return err
	})
	err := f.s.View(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Restored()
		return err
	})
	if !errors.Is(err, pim.ErrInternal) {
		t.Errorf("in a View: %v", err)
	}
}
