package storetest

import (
	"errors"
	"slices"
	"testing"

	"crmbridge/pim"
	"crmbridge/store"
)

func (f *fixture) move(m store.Move) (res store.MoveResult) {
	f.Helper()
	f.update(func(tx *store.Tx) error {
		var err error
		res, err = tx.MoveObject(m)
		return err
	})
	return res
}

func testRename(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	o := f.put(event(f.cal.ID, "a", "x")).Object
	m := store.Move{From: f.cal.ID, To: f.cal.ID, Name: "a.ics", NewName: "b.ics", By: "dav:ann"}
	res := f.move(m)
	equal(t, "id", res.Object.ID, o.ID)
	equal(t, "etag", res.Object.ETag, o.ETag)
	if got, _ := f.changes(f.cal.ID, o.Seq); !slices.Equal(got, []change{{"b.ics", false, "x"}, {"a.ics", true, ""}}) {
		t.Errorf("changes %v", got)
	}
	f.view(func(tx *store.Tx) error {
		v, err := tx.Version(o.ID, res.Object.Seq)
		equal(t, "text by its change", string(v.Text), "x")
		return err
	})
	// Back again, over its own tombstone.
	m.Name, m.NewName = m.NewName, m.Name
	res = f.move(m)
	if got, _ := f.changes(f.cal.ID, o.Seq); !slices.Equal(got, []change{{"a.ics", false, "x"}, {"b.ics", true, ""}}) {
		t.Errorf("changes %v", got)
	}
	f.put(event(f.cal.ID, "c", "y"))
	m = store.Move{From: f.cal.ID, To: f.cal.ID, Name: "a.ics", NewName: "c.ics"}
	err := f.refused(pim.ErrConflict, func(tx *store.Tx) error {
		_, err := tx.MoveObject(m)
		return err
	})
	var taken *store.NameTaken
	if !errors.As(err, &taken) || taken.Current.Name != "c.ics" {
		t.Errorf("got %v", err)
	}
	m.Overwrite = true
	err = f.refused(pim.ErrExists, func(tx *store.Tx) error {
		_, err := tx.MoveObject(m)
		return err
	})
	var other *store.UIDTaken
	if !errors.As(err, &other) || other.Name != "c.ics" {
		t.Errorf("over another UID: %v", err)
	}
	if got, _ := f.changes(f.cal.ID, 0); !slices.Equal(got, []change{{"a.ics", false, "x"}, {"c.ics", false, "y"}}) {
		t.Errorf("changes %v", got)
	}
	m.Name, m.NewName = "c.ics", "c.ics"
	f.refused(pim.ErrForbidden, func(tx *store.Tx) error {
		_, err := tx.MoveObject(m)
		return err
	})
	m.NewName = ""
	f.refused(pim.ErrInvalid, func(tx *store.Tx) error {
		_, err := tx.MoveObject(m)
		return err
	})
	m.Name, m.NewName = "b.ics", "d.ics"
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error {
		_, err := tx.MoveObject(m)
		return err
	})
}

func testMove(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	other := f.collection("other")
	o := f.put(event(f.cal.ID, "a", "x")).Object
	m := store.Move{From: f.cal.ID, To: other.ID, Name: "a.ics", NewName: "b.ics", Cond: store.Cond{IfMatch: []string{"no"}}}
	f.refused(pim.ErrConflict, func(tx *store.Tx) error {
		_, err := tx.MoveObject(m)
		return err
	})
	m.Cond = store.Cond{IfMatch: []string{o.ETag}}
	res := f.move(m)
	if res.Object.ID == o.ID || res.Object.CollectionID != other.ID || res.Source.ID != o.ID || res.Deleted != nil {
		t.Errorf("got %+v", res)
	}
	if got, _ := f.changes(f.cal.ID, o.Seq); !slices.Equal(got, []change{{"a.ics", true, ""}}) {
		t.Errorf("source %v", got)
	}
	if got, _ := f.changes(other.ID, 0); !slices.Equal(got, []change{{"b.ics", false, "x"}}) {
		t.Errorf("destination %v", got)
	}
	// The UID lives there already, under another name.
	f.put(event(f.cal.ID, "a", "y"))
	m = store.Move{From: f.cal.ID, To: other.ID, Name: "a.ics", NewName: "c.ics", Overwrite: true}
	err := f.refused(pim.ErrExists, func(tx *store.Tx) error {
		_, err := tx.MoveObject(m)
		return err
	})
	var taken *store.UIDTaken
	if !errors.As(err, &taken) || taken.Name != "b.ics" {
		t.Errorf("got %v", err)
	}
	f.put(event(other.ID, "z", "z"))
	m.NewName = "z.ics" // over one that has another
	f.refused(pim.ErrExists, func(tx *store.Tx) error {
		_, err := tx.MoveObject(m)
		return err
	})
	f.refused(pim.ErrExists, func(tx *store.Tx) error {
		_, err := tx.CopyObject(m)
		return err
	})
	m.NewName = "b.ics" // over the one that has it
	res = f.move(m)
	equal(t, "deleted", string(res.Deleted.Text), "x")
	if got, _ := f.changes(other.ID, 0); !slices.Equal(got, []change{{"z.ics", false, "z"}, {"b.ics", false, "y"}}) {
		t.Errorf("destination %v", got)
	}
	m.To = 99
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error {
		_, err := tx.MoveObject(m)
		return err
	})
}

func testCopy(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	other := f.collection("other")
	f.put(event(f.cal.ID, "a", "x"))
	duplicate := func(m store.Move) error {
		return f.s.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.CopyObject(m)
			return err
		})
	}
	m := store.Move{From: f.cal.ID, To: other.ID, Name: "a.ics", NewName: "a.ics"}
	if err := duplicate(m); err != nil {
		t.Fatal(err)
	}
	if err := duplicate(m); !errors.Is(err, pim.ErrConflict) {
		t.Errorf("again: %v", err)
	}
	m.Overwrite = true
	if err := duplicate(m); err != nil {
		t.Errorf("over it: %v", err)
	}
	var taken *store.UIDTaken
	if err := duplicate(store.Move{From: f.cal.ID, To: f.cal.ID, Name: "a.ics", NewName: "b.ics"}); !errors.As(err, &taken) {
		t.Errorf("beside it: %v", err)
	}
	for _, c := range []store.CollectionID{f.cal.ID, other.ID} {
		if got, _ := f.changes(c, 0); !slices.Equal(got, []change{{"a.ics", false, "x"}}) {
			t.Errorf("collection %d: %v", c, got)
		}
	}
}
