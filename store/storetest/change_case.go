package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/store"
)

func testChanges(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	got, start := f.changes(f.cal.ID, 0)
	equal(t, "empty", len(got), 0)
	equal(t, "position", start, f.cal.Seq)
	f.put(event(f.cal.ID, "a", "a1"))
	f.put(event(f.cal.ID, "b", "b1"))
	_, middle := f.changes(f.cal.ID, 0)
	f.put(event(f.cal.ID, "a", "a2"))
	f.update(func(tx *store.Tx) error {
		_, err := tx.DeleteObject(f.cal.ID, "b.ics", store.Cond{}, "", 0)
		return err
	})
	want := []change{{"a.ics", false, "a2"}, {"b.ics", true, ""}}
	for _, since := range []store.Seq{start, middle} {
		if got, _ := f.changes(f.cal.ID, since); !slices.Equal(got, want) {
			t.Errorf("since %d: %v", since, got)
		}
	}
	got, last := f.changes(f.cal.ID, 0)
	if !slices.Equal(got, want[:1]) {
		t.Errorf("initial: %v", got)
	}
	if got, now := f.changes(f.cal.ID, last); len(got) != 0 || now != last {
		t.Errorf("nothing new: %v, %d", got, now)
	}
	f.update(func(tx *store.Tx) error { // the collection's own change moves the token
		_, err := tx.UpdateCollection(f.cal)
		return err
	})
	if got, now := f.changes(f.cal.ID, last); len(got) != 0 || now != last+1 {
		t.Errorf("own change: %v, %d", got, now)
	}
	f.view(func(tx *store.Tx) error {
		c, err := tx.Collection(f.cal.ID)
		if err != nil {
			return err
		}
		seq, err := store.ParseSyncToken(c, store.SyncToken(c))
		equal(t, "token", seq, last+1)
		if _, err := store.ParseSyncToken(c, store.SyncTokenAt(c, c.Seq+1)); pim.ReasonOf(err) != pim.ErrCursorGone {
			t.Errorf("a token of the future: %v", err)
		}
		return err
	})
}

func testChangesPaged(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	const n = 600 // more than a page
	f.update(func(tx *store.Tx) error {
		for i := range n {
			if _, err := tx.PutObject(event(f.cal.ID, fmt.Sprint(i), "x")); err != nil {
				return err
			}
		}
		for i := range 100 {
			if _, err := tx.DeleteObject(f.cal.ID, fmt.Sprintf("%d.ics", i), store.Cond{}, "", 0); err != nil {
				return err
			}
		}
		return nil
	})
	for _, limit := range []int{1, 7, 255, 256, 257, 499, 500, 501, 600, 0} {
		for _, since := range []store.Seq{0, 1} {
			want := n
			if since == 0 {
				want = n - 100
			}
			seen := map[string]bool{}
			at, rounds := since, 0
			for more := true; more; rounds++ {
				calls := 0
				var last store.Seq
				f.view(func(tx *store.Tx) error {
					var err error
					last, more, err = tx.Changes(f.cal.ID, at, limit, false, func(o *store.Object) error {
						calls++
						if seen[o.Name] || o.Seq <= at {
							t.Fatalf("%s again", o.Name)
						}
						seen[o.Name] = true
						return nil
					})
					return err
				})
				if limit > 0 && calls > limit || more && calls != limit {
					t.Fatalf("limit %d: %d calls, more %v", limit, calls, more)
				}
				if at = last; since == 0 && more {
					break // from here on it is no initial sync any more
				}
				if limit == 1 && rounds == 20 {
					break
				}
			}
			if limit >= 499 && since == 1 || limit == 0 {
				equal(t, fmt.Sprintf("limit %d since %d", limit, since), len(seen), want)
			}
		}
	}
	count, more := 0, false
	f.view(func(tx *store.Tx) error {
		var err error
		_, more, err = tx.ObjectChanges(f.cal.ID, 0, n, func(store.Object) error { count++; return nil })
		return err
	})
	equal(t, "all objects", count, n)
	equal(t, "more objects", more, false)
}

// Pages end early when texts are long.
func testChangesLong(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	const n = 20
	f.update(func(tx *store.Tx) error {
		for i := range n {
			if _, err := tx.PutObject(event(f.cal.ID, fmt.Sprint(i), strings.Repeat(fmt.Sprint(i%10), 300_000))); err != nil {
				return err
			}
		}
		return nil
	})
	for _, limit := range []int{0, 3, 4, 5, n - 1, n, n + 1} {
		count := 0
		for at, more := store.Seq(0), true; more; {
			calls := 0
			f.view(func(tx *store.Tx) error {
				var err error
				at, more, err = tx.Changes(f.cal.ID, at, limit, true, func(o *store.Object) error {
					if want := fmt.Sprint(count%10) + "00"; len(o.Text) != 300_000 || o.Text[0] != want[0] {
						t.Errorf("change %d: %d bytes that begin with %c", count, len(o.Text), o.Text[0])
					}
					count++
					calls++
					return nil
				})
				return err
			})
			if more && calls != limit {
				t.Errorf("limit %d: %d calls", limit, calls)
			}
		}
		equal(t, fmt.Sprintf("changes with limit %d", limit), count, n)
	}
}

func testRecreated(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	first := f.put(event(f.cal.ID, "a", "one")).Object
	remove := func() {
		t.Helper()
		f.update(func(tx *store.Tx) error {
			_, err := tx.DeleteObject(f.cal.ID, "a.ics", store.Cond{}, "", 0)
			return err
		})
	}
	check := func(since store.Seq, want ...change) {
		t.Helper()
		if got, _ := f.changes(f.cal.ID, since); !slices.Equal(got, want) {
			t.Errorf("since %d: %v, want %v", since, got, want)
		}
	}
	remove()
	second := f.put(event(f.cal.ID, "a", "one")).Object
	if second.ID == first.ID || second.ETag != first.ETag || second.Seq <= first.Seq {
		t.Errorf("first %+v, second %+v", first, second)
	}
	check(1, change{"a.ics", false, "one"})
	check(first.Seq, change{"a.ics", false, "one"})
	remove()
	check(1, change{"a.ics", true, ""})
	check(second.Seq, change{"a.ics", true, ""})
	check(0)
	// Anew under another UID; and the old UID under another name.
	p := event(f.cal.ID, "a", "two")
	p.UID = "new@example.org"
	f.put(p)
	p = event(f.cal.ID, "b", "three")
	p.UID = first.UID
	f.put(p)
	check(1, change{"a.ics", false, "two"}, change{"b.ics", false, "three"})

	var rows []string
	f.view(func(tx *store.Tx) error {
		_, _, err := tx.ObjectChanges(f.cal.ID, 0, 0, func(o store.Object) error {
			rows = append(rows, fmt.Sprint(o.Name, " ", o.Deleted))
			return nil
		})
		return err
	})
	if want := []string{"a.ics true", "a.ics true", "a.ics false", "b.ics false"}; !slices.Equal(rows, want) {
		t.Errorf("every object: %v", rows)
	}
}
