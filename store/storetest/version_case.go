package storetest

import (
	"fmt"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

func testVersions(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	p := event(f.cal.ID, "a", "one")
	one := f.put(p).Object
	p.Text, p.By = []byte("two"), "relay:link 3"
	two := f.put(p).Object
	p.Text = []byte("one")
	three := f.put(p).Object
	f.update(func(tx *store.Tx) error {
		_, err := tx.DeleteObject(f.cal.ID, "a.ics", store.Cond{}, "dav:bob", 0)
		return err
	})
	f.view(func(tx *store.Tx) error {
		vs, err := tx.Versions(one.ID)
		var got string
		for _, v := range vs {
			got += fmt.Sprintf("%d %q %s|", v.Seq, v.Text, v.By)
		}
		equal(t, "versions", got, fmt.Sprintf(`%d "" dav:bob|%d "one" relay:link 3|%d "two" relay:link 3|%d "one" dav:ann|`,
			three.Seq+1, three.Seq, two.Seq, one.Seq))
		if err != nil {
			return err
		}
		v, err := tx.VersionByETag(one.ID, one.ETag)
		equal(t, "newest with the etag", v.Seq, three.Seq)
		if err != nil {
			return err
		}
		for name, read := range map[string]func() (store.Version, error){
			"etag":     func() (store.Version, error) { return tx.VersionByETag(one.ID, "none") },
			"no etag":  func() (store.Version, error) { return tx.VersionByETag(one.ID, "") },
			"bad etag": func() (store.Version, error) { return tx.VersionByETag(one.ID, "\x00\xff") },
			"seq":      func() (store.Version, error) { return tx.Version(one.ID, one.Seq-1) },
			"object":   func() (store.Version, error) { return tx.Version(one.ID+9, one.Seq) },
		} {
			if _, err := read(); pim.ReasonOf(err) != pim.ErrNotFound {
				t.Errorf("by unknown %s: %v", name, err)
			}
		}
		return nil
	})
}

func testSeen(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	var marks []store.SeenMark
	f.update(func(tx *store.Tx) error {
		for i := range 1200 { // more than one statement takes
			res, err := tx.PutObject(event(f.cal.ID, fmt.Sprint(i), "x"))
			if err != nil {
				return err
			}
			marks = append(marks, store.SeenMark{Object: res.Object.ID, Seq: res.Object.Seq})
		}
		return tx.MarkSeen("token:1", append(marks, marks[:5]...))
	})
	first := marks[0]
	f.update(func(tx *store.Tx) error {
		if err := tx.MarkSeen("token:1", nil); err != nil {
			return err
		}
		// An answer that was overtaken does not bring back an older mark.
		return tx.MarkSeen("token:1", []store.SeenMark{{Object: first.Object, Seq: first.Seq - 1}})
	})
	f.view(func(tx *store.Tx) error {
		for _, m := range marks {
			seq, seen, err := tx.SeenSeq("token:1", m.Object)
			if err != nil || !seen || seq != m.Seq {
				t.Fatalf("object %d: %d, %v, %v", m.Object, seq, seen, err)
			}
		}
		_, seen, err := tx.SeenSeq("token:2", first.Object)
		equal(t, "another device", seen, false)
		return err
	})
	f.update(func(tx *store.Tx) error { return tx.ForgetDevice("token:1") })
	f.view(func(tx *store.Tx) error {
		_, seen, err := tx.SeenSeq("token:1", first.Object)
		equal(t, "forgotten", seen, false)
		return err
	})
}

func testPrune(t *testing.T, open Opener) {
	clock := NewClock()
	f := setUp(t, open, store.Config{Now: clock.Now, KeepVersions: 10 * 24 * time.Hour})
	write := func(word string, texts ...string) (os []store.Object) {
		for _, text := range texts {
			os = append(os, f.put(event(f.cal.ID, word, text)).Object)
		}
		return os
	}
	old := write("old", "1", "2", "3")
	seen := write("seen", "1", "2", "3")
	base := write("base", "1", "2", "3")
	open1 := write("open", "1", "2", "3")
	gone := write("gone", "1", "2")
	var conflict store.Conflict
	f.update(func(tx *store.Tx) error {
		if _, err := tx.DeleteObject(f.cal.ID, "gone.ics", store.Cond{}, "", 0); err != nil {
			return err
		}
		if err := tx.MarkSeen("token:1", []store.SeenMark{{Object: seen[0].ID, Seq: seen[0].Seq}}); err != nil {
			return err
		}
		l, err := tx.CreateLink(store.Link{UserID: f.user.ID, CollectionID: f.cal.ID, Side: store.CRM, Name: "crm"})
		if err != nil {
			return err
		}
		if err := tx.SavePair(&store.Pair{LinkID: l.ID, ObjectID: base[1].ID, Seq: base[1].Seq}); err != nil {
			return err
		}
		conflict, err = tx.AddConflict(store.Conflict{UserID: f.user.ID, CollectionID: f.cal.ID, ObjectID: open1[0].ID, Cause: store.CauseBlind})
		return err
	})
	prune := func() (pruned int64) {
		for next, first := store.ObjectID(0), true; first || next != 0; first = false {
			f.update(func(tx *store.Tx) error {
				after, n, err := tx.PruneVersions(next, 2)
				next, pruned = after, pruned+n
				return err
			})
		}
		return pruned
	}
	clock.Advance(9 * 24 * time.Hour)
	equal(t, "too young", prune(), 0)
	late := write("old", "4")[0]
	clock.Advance(2 * 24 * time.Hour)
	// old: 1 and 2 (3 was replaced lately); seen: 2; base: 1; gone: 1 and 2.
	equal(t, "pruned", prune(), 6)
	equal(t, "again", prune(), 0)
	f.view(func(tx *store.Tx) error {
		for what, v := range map[string]store.Object{
			"replaced lately": old[2], "living": late, "seen": seen[0], "base": base[1], "open conflict": open1[0], "open conflict 2": open1[1],
		} {
			if _, err := tx.Version(v.ID, v.Seq); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, err := tx.Version(gone[1].ID, gone[1].Seq)
		if pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("a deleted text: %v", err)
		}
		return nil
	})
	f.update(func(tx *store.Tx) error {
		_, err := tx.ResolveConflict(conflict.ID, "mine", "ann")
		return err
	})
	equal(t, "after resolving", prune(), 2)
}
