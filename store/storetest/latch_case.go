package storetest

import (
	"testing"
	"time"

	"crmbridge/store"
)

// One thing is done by one owner at a time, until it lets go, is gone, or its time has passed; a pause is as long as the longest that
// anybody noted.
func testLatches(t *testing.T, open Opener) {
	clock := NewClock()
	f := setUp(t, open, store.Config{Now: clock.Now})
	grab := func(name, owner string, steal func(string) bool) (ok bool) {
		f.update(func(tx *store.Tx) (err error) {
			ok, err = tx.TakeLatch(name, owner, tx.Now().Add(time.Minute), steal)
			return err
		})
		return ok
	}
	if !grab("make x", "a", nil) || grab("make x", "b", nil) || !grab("make y", "b", nil) || !grab("make x", "a", nil) {
		t.Error("two do one thing at once, or one is kept from another thing")
	}
	if !grab("make x", "b", func(o string) bool { return o == "a" }) {
		t.Error("what the dead had is not free")
	}
	f.update(func(tx *store.Tx) error { return tx.DropLatch("make x", "a") })
	if grab("make x", "c", nil) {
		t.Error("one let go of what another has")
	}
	f.update(func(tx *store.Tx) error { return tx.DropLatch("make x", "b") })
	if !grab("make x", "c", nil) {
		t.Error("not free after its use")
	}
	clock.Advance(2 * time.Minute)
	if !grab("make x", "d", nil) {
		t.Error("not free after its time")
	}
	var at time.Time
	f.update(func(tx *store.Tx) error {
		at = tx.Now()
		for _, d := range []time.Duration{time.Minute, time.Hour, time.Second} {
			if err := tx.HoldLatch("pause crm.example.org", at.Add(d)); err != nil {
				return err
			}
		}
		return nil
	})
	held := func() (list []store.Latch) {
		f.view(func(tx *store.Tx) (err error) {
			list, err = tx.Latches()
			return err
		})
		return list
	}
	if list := held(); len(list) != 1 || list[0].Name != "pause crm.example.org" || !list[0].Until.Equal(at.Add(time.Hour)) {
		t.Errorf("held: %+v", list)
	}
	clock.Advance(2 * time.Hour)
	if list := held(); len(list) != 0 {
		t.Errorf("held after its time: %+v", list)
	}
}
