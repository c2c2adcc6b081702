package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"crmbridge/pim"
)

// rollOf is a store with a collection of n events.
func rollOf(t *testing.T, n int) (*Store, CollectionID) {
	t.Helper()
	s := migrated(t, t.TempDir()+"/x.db")
	var c Collection
	err := s.Update(t.Context(), func(tx *Tx) error {
		u, err := tx.CreateUser(User{Name: "ann"})
		if err != nil {
			return err
		}
		c, err = tx.CreateCollection(Collection{UserID: u.ID, Home: Calendars, Slug: "work", Components: "VEVENT"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		putNamed(t, s, c.ID, fmt.Sprintf("%03d.ics", i), "1")
	}
	return s, c.ID
}

func putNamed(t *testing.T, s *Store, c CollectionID, name, text string) {
	t.Helper()
	err := s.Update(t.Context(), func(tx *Tx) error {
		_, err := tx.PutObject(Put{Collection: c, Name: name, UID: name, Kind: pim.KindEvent, Component: "VEVENT", Text: []byte(text)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func countNames(t *testing.T, read func(func(*Tx) error) error, c CollectionID) (n int) {
	t.Helper()
	err := read(func(tx *Tx) error {
		return tx.EachObject(c, EachOptions{Names: true}, func(*Object) error { n++; return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A second listing comes from memory, and one after a few changes too; what a write has not committed is never there.
func TestRollIsUsed(t *testing.T) {
	t.Parallel()
	s, c := rollOf(t, 30)
	view := func(f func(*Tx) error) error { return s.View(t.Context(), f) }
	countNames(t, view, c)
	first := s.rolls.find(c)
	if first == nil || len(first.rows) != 30 {
		t.Fatalf("kept: %+v", first)
	}
	countNames(t, view, c)
	if s.rolls.find(c) != first {
		t.Error("nothing changed, and the roll is another")
	}
	putNamed(t, s, c, "005.ics", "2")
	if n := countNames(t, view, c); n != 30 {
		t.Errorf("%d names", n)
	}
	second := s.rolls.find(c)
	if second == first || &second.rows[0].name == &first.rows[0].name || second.at != first.at+1 {
		t.Errorf("after a change: %+v", second)
	}
	err := s.Update(t.Context(), func(tx *Tx) error {
		if _, err := tx.DeleteObject(c, "006.ics", Cond{}, "", 0); err != nil {
			return err
		}
		if n := countNames(t, func(f func(*Tx) error) error { return f(tx) }, c); n != 29 {
			t.Errorf("%d names in the writing transaction", n)
		}
		return errors.New("undo")
	})
	if err == nil || s.rolls.find(c) != second {
		t.Error("a writing transaction changed the roll")
	}
	if n := countNames(t, view, c); n != 30 {
		t.Errorf("%d names after it", n)
	}
	for i := range 200 { // too much to be brought up
		putNamed(t, s, c, fmt.Sprintf("new %d.ics", i), "1")
	}
	if n := countNames(t, view, c); n != 230 || len(s.rolls.find(c).rows) != 230 {
		t.Errorf("%d names", n)
	}
}

// A listing that did not come to its end is not kept.
func TestRollIsWholeOrNone(t *testing.T) {
	t.Parallel()
	s, c := rollOf(t, 5)
	enough := errors.New("enough")
	err := s.View(t.Context(), func(tx *Tx) error {
		return tx.EachObject(c, EachOptions{Names: true}, func(*Object) error { return enough })
	})
	if !errors.Is(err, enough) || s.rolls.find(c) != nil || s.rolls.writing != 0 {
		t.Errorf("%v; kept: %+v", err, s.rolls.find(c))
	}
}

// What is kept stays within its bounds, and what was used last stays.
func TestRollsAreBounded(t *testing.T) {
	t.Parallel()
	var rs rolls
	for i := range 100 {
		rs.keep(CollectionID(i), &roll{bytes: 1 << 20})
		rs.find(0)
		sum := 0
		for e := rs.recent.Front(); e != nil; e = e.Next() {
			sum += e.Value.(kept).bytes
		}
		if sum != rs.bytes || sum > maxRolls || len(rs.known) != rs.recent.Len() {
			t.Fatalf("%d bytes in %d rolls, counted as %d in %d", sum, rs.recent.Len(), rs.bytes, len(rs.known))
		}
	}
	if rs.find(0) == nil || rs.find(1) != nil || rs.find(99) == nil {
		t.Error("not those that were used last are kept")
	}
	rs.keep(0, &roll{bytes: maxRoll + 1, at: 1})
	if rs.find(0) != nil {
		t.Error("a long one is kept")
	}
	rs.keep(99, &roll{at: 5})
	rs.keep(99, &roll{at: 4})
	if rs.find(99).at != 5 {
		t.Error("an older one took the place of a newer")
	}
	rs.keep(99, &roll{at: 1, epoch: "new"})
	if rs.find(99).at != 1 {
		t.Error("one of another epoch did not take its place")
	}
	for n := range maxWriting + 1 {
		if rs.begin() != (n < maxWriting) {
			t.Errorf("%d are written down, and another: %v", n, n >= maxWriting)
		}
	}
}

// After a copy of the database was put back the same numbers are given to other changes. Then epochs are others.
func TestRollEndsWithItsEpoch(t *testing.T) {
	t.Parallel()
	s, c := rollOf(t, 3)
	view := func(f func(*Tx) error) error { return s.View(t.Context(), f) }
	countNames(t, view, c)
	err := s.Update(t.Context(), func(tx *Tx) error {
		if _, err := tx.exec(`UPDATE objects SET name = 'other.ics' WHERE name = '001.ics'`); err != nil {
			return err
		}
		_, err := tx.Restored()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = s.View(t.Context(), func(tx *Tx) error {
		return tx.EachObject(c, EachOptions{Names: true}, func(o *Object) error { got = append(got, o.Name); return nil })
	})
	if want := "000.ics other.ics 002.ics"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("%v, want %s: %v", got, want, err)
	}
}
