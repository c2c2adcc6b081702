package storetest

import (
	"testing"
	"time"

	"crmbridge/store"
)

// What people do stands in the order in which they began it, with an outcome once it is over; what is old is forgotten.
func testDeeds(t *testing.T, open Opener) {
	clock := NewClock()
	f := setUp(t, open, store.Config{Now: clock.Now})
	begin := func(account, act string) (id store.DeedID) {
		f.update(func(tx *store.Tx) (err error) {
			id, err = tx.BeginDeed(store.Deed{ID: 99, Via: "page", Account: account, Address: "192.0.2.1", Agent: "a browser", Act: act, Subject: "something", Outcome: "said too early"})
			return err
		})
		return id
	}
	have := func(q store.DeedFilter, want ...store.DeedID) (found []store.Deed) {
		t.Helper()
		f.view(func(tx *store.Tx) (err error) {
			found, err = tx.Deeds(q)
			return err
		})
		ids := []store.DeedID{}
		for _, d := range found {
			ids = append(ids, d.ID)
		}
		if len(ids) != len(want) {
			t.Fatalf("%+v finds %v, not %v", q, ids, want)
		}
		for i := range ids {
			if ids[i] != want[i] {
				t.Fatalf("%+v finds %v, not %v", q, ids, want)
			}
		}
		return found
	}
	one := begin("ann", "link.pause")
	begun := have(store.DeedFilter{}, one)[0].At
	if d := have(store.DeedFilter{}, one)[0]; clock.Now().Sub(begun).Abs() > time.Minute || d.Outcome != "" || d.Notes != "" || d.Agent != "a browser" {
		t.Errorf("begun: %+v", d)
	}
	clock.Advance(time.Hour)
	two := begin("bob", "link.pause")
	clock.Advance(time.Hour)
	three := begin("ann", "feed.add")
	f.update(func(tx *store.Tx) error { return tx.EndDeed(two, "something else", `{"a":"b"}`, "done") })
	if d := have(store.DeedFilter{Account: "bob"}, two)[0]; d.Outcome != "done" || d.Notes != `{"a":"b"}` || d.Subject != "something else" || d.Act != "link.pause" {
		t.Errorf("ended: %+v", d)
	}
	have(store.DeedFilter{}, three, two, one)
	have(store.DeedFilter{Account: "ann"}, three, one)
	have(store.DeedFilter{Act: "link.pause"}, two, one)
	have(store.DeedFilter{Account: "ann", Act: "link.pause"}, one)
	have(store.DeedFilter{Since: begun.Add(30 * time.Minute)}, three, two)
	have(store.DeedFilter{Until: begun.Add(30 * time.Minute)}, one)
	have(store.DeedFilter{Limit: 1}, three)
	have(store.DeedFilter{Before: three, Limit: 1}, two)
	f.update(func(tx *store.Tx) error {
		n, err := tx.PruneDeeds(begun.Add(90 * time.Minute))
		if n != 2 {
			t.Errorf("%d forgotten, not 2", n)
		}
		return err
	})
	have(store.DeedFilter{}, three)
}
