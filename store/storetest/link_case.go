package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

func (f *fixture) link(c store.CollectionID, side store.Side, name string) (l store.Link) {
	f.Helper()
	f.update(func(tx *store.Tx) error {
		var err error
		l, err = tx.CreateLink(store.Link{UserID: f.user.ID, CollectionID: c, Side: side, Name: name, Driver: "mem", Remote: "all",
			Settings: []byte{0, 1}, Rules: []byte("{}"), Interval: time.Minute})
		return err
	})
	return l
}

func testLinks(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	l := f.link(f.cal.ID, store.CRM, "crm")
	other := f.collection("other")
	for name, bad := range map[string]struct {
		link store.Link
		want pim.Reason
	}{
		"second on a side": {store.Link{UserID: f.user.ID, CollectionID: f.cal.ID, Side: store.CRM, Name: "x"}, pim.ErrExists},
		"name in use":      {store.Link{UserID: f.user.ID, CollectionID: other.ID, Side: store.CRM, Name: "crm"}, pim.ErrExists},
		"no side":          {store.Link{UserID: f.user.ID, CollectionID: other.ID, Name: "x"}, pim.ErrInvalid},
		"no collection":    {store.Link{UserID: f.user.ID, CollectionID: 99, Side: store.CRM, Name: "x"}, pim.ErrNotFound},
		"another's":        {store.Link{UserID: 99, CollectionID: other.ID, Side: store.CRM, Name: "x"}, pim.ErrNotFound},
	} {
		t.Log(name)
		f.refused(bad.want, func(tx *store.Tx) error {
			_, err := tx.CreateLink(bad.link)
			return err
		})
	}
	second := f.link(f.cal.ID, store.Exchange, "mail")

	// A run and a person change different fields of what each read before.
	mine, runs := l, l
	at := time.Date(2026, 2, 3, 4, 5, 6, 7000, time.UTC)
	mine.Paused, mine.Interval = true, time.Hour
	runs.Cursor, runs.LocalSeq, runs.NextRun, runs.Failures, runs.LastError = "c1", 1, &at, 3, "\x00bad"
	f.update(func(tx *store.Tx) error { return tx.UpdateLink(mine, "Paused", "Interval") })
	f.update(func(tx *store.Tx) error {
		return tx.UpdateLink(runs, "Cursor", "LocalSeq", "NextRun", "Failures", "LastError")
	})
	f.view(func(tx *store.Tx) error {
		got, err := tx.LinkByName(f.user.ID, "crm")
		if err != nil {
			return err
		}
		if !got.Paused || got.Interval != time.Hour || got.Cursor != "c1" || got.LocalSeq != 1 || got.NextRun == nil || !got.NextRun.Equal(at) ||
			got.Failures != 3 || got.LastError != "\uFFFDbad" || got.LastRun != nil || !bytes.Equal(got.Settings, []byte{0, 1}) {
			t.Errorf("got %+v", got)
		}
		ofUser, err := tx.Links(f.user.ID)
		if err != nil {
			return err
		}
		ofCollection, err := tx.LinksOf(f.cal.ID)
		equal(t, "of the user", len(ofUser), 2)
		equal(t, "of the collection", len(ofCollection), 2)
		return err
	})
	l.Name = "mail"
	f.refused(pim.ErrExists, func(tx *store.Tx) error { return tx.UpdateLink(l) })
	f.refused(pim.ErrInternal, func(tx *store.Tx) error { return tx.UpdateLink(l, "LeaseOwner") })
	l.ID = 99
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.UpdateLink(l, "Cursor") })
	f.update(func(tx *store.Tx) error { return tx.DeleteLink(second.ID) })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.DeleteLink(second.ID) })
}

func testLease(t *testing.T, open Opener) {
	clock := NewClock()
	f := setUp(t, open, store.Config{Now: clock.Now})
	l := f.link(f.cal.ID, store.CRM, "crm")
	acquire := func(owner string, steal func(string) bool) (ok bool) {
		t.Helper()
		f.update(func(tx *store.Tx) error {
			var err error
			ok, err = tx.AcquireLease(l.ID, owner, tx.Now().Add(time.Hour), steal)
			return err
		})
		return ok
	}
	equal(t, "free", acquire("a", nil), true)
	equal(t, "own", acquire("a", nil), true)
	equal(t, "another's", acquire("b", nil), false)
	equal(t, "of the living", acquire("b", func(string) bool { return false }), false)
	equal(t, "of the dead", acquire("b", func(o string) bool { return o == "a" }), true)
	f.refused(pim.ErrConflict, func(tx *store.Tx) error { return tx.RenewLease(l.ID, "a", tx.Now().Add(time.Hour)) })
	f.update(func(tx *store.Tx) error { return tx.RenewLease(l.ID, "b", tx.Now().Add(2*time.Hour)) })
	clock.Advance(90 * time.Minute)
	equal(t, "renewed", acquire("a", nil), false)
	clock.Advance(time.Hour)
	equal(t, "run out", acquire("a", nil), true)
	f.update(func(tx *store.Tx) error { return tx.ReleaseLease(l.ID, "b") }) // not its own
	equal(t, "kept", acquire("b", nil), false)
	f.update(func(tx *store.Tx) error { return tx.ReleaseLease(l.ID, "a") })
	equal(t, "released", acquire("b", nil), true)
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error {
		_, err := tx.AcquireLease(99, "a", tx.Now(), nil)
		return err
	})

	due := func() (n int) {
		f.view(func(tx *store.Tx) error {
			ls, err := tx.DueLinks(tx.Now())
			n = len(ls)
			return err
		})
		return n
	}
	want := func() (first bool) {
		f.update(func(tx *store.Tx) error {
			var err error
			first, err = tx.SetWanted(l.ID)
			return err
		})
		return first
	}
	equal(t, "never run", due(), 1)
	equal(t, "first", want(), true)
	equal(t, "second", want(), false)
	equal(t, "queued", due(), 0)
	clock.Advance(5 * time.Minute)
	equal(t, "queued and under way", due(), 0)
	f.refused(pim.ErrConflict, func(tx *store.Tx) error { return tx.HoldsLease(l.ID, "a") })
	f.update(func(tx *store.Tx) error { return tx.HoldsLease(l.ID, "b") })
	f.update(func(tx *store.Tx) error { return tx.ReleaseLease(l.ID, "b") })
	equal(t, "lost", due(), 1)
	equal(t, "first again", want(), true)
	equal(t, "second again", want(), false)
	f.update(func(tx *store.Tx) error { return tx.ClearWanted(l.ID) })

	// A process dies that has the link, and a run that was queued with it: the lease says so long before the other is given up.
	f.update(func(tx *store.Tx) error {
		_, err := tx.AcquireLease(l.ID, "dead", tx.Now().Add(30*time.Second), nil)
		return err
	})
	equal(t, "beside the run", want(), true)
	clock.Advance(20 * time.Second)
	equal(t, "while its lease lasts", due(), 0)
	clock.Advance(20 * time.Second)
	equal(t, "lost with its process", due(), 1)
	equal(t, "queued anew", want(), true)
	equal(t, "and only once", want(), false)
	f.update(func(tx *store.Tx) error { return errors.Join(tx.ClearWanted(l.ID), tx.ReleaseLease(l.ID, "dead")) })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error {
		_, err := tx.SetWanted(99)
		return err
	})
	next := clock.Now().Add(time.Hour)
	l.NextRun = &next
	f.update(func(tx *store.Tx) error { return tx.UpdateLink(l, "NextRun") })
	equal(t, "later", due(), 0)
	clock.Advance(2 * time.Hour)
	equal(t, "due again", due(), 1)
	l.Paused = true
	f.update(func(tx *store.Tx) error { return tx.UpdateLink(l, "Paused") })
	equal(t, "paused", due(), 0)
}

func testPairs(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	l := f.link(f.cal.ID, store.CRM, "crm")
	o := f.put(event(f.cal.ID, "a", "x")).Object
	at := time.Date(2026, 2, 3, 4, 5, 6, 7000, time.FixedZone("", 7200))
	p := store.Pair{LinkID: l.ID, ObjectID: o.ID, UID: o.UID, RemoteID: "r1", Version: "v1", Seq: o.Seq, LocalText: o.Text, LocalItem: []byte("li"),
		RemoteItem: []byte("ri"), LocalPrint: "lp", RemotePrint: "rp", TheirItem: []byte("ti"), TheirVersion: "tv", TheirPrint: "tp",
		TheirModified: &at, URL: "https://crm.example.org/1", Key: "k", Intent: "create", Error: "e", ErrorKind: "invalid", Attempts: 2, RetryAt: &at}
	f.update(func(tx *store.Tx) error { return tx.SavePair(&p) })
	f.view(func(tx *store.Tx) error {
		for name, read := range map[string]func() (store.Pair, error){
			"id":     func() (store.Pair, error) { return tx.Pair(p.ID) },
			"object": func() (store.Pair, error) { return tx.PairByObject(l.ID, o.ID) },
			"remote": func() (store.Pair, error) { return tx.PairByRemote(l.ID, "r1") },
		} {
			got, err := read()
			if err != nil || !got.RetryAt.Equal(at) || !got.TheirModified.Equal(at) {
				t.Errorf("by %s: %+v, %v", name, got, err)
			}
			got.RetryAt, got.TheirModified = p.RetryAt, p.TheirModified
			equal(t, "pair by "+name, fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", p))
		}
		for name, read := range map[string]func() (store.Pair, error){
			"id":        func() (store.Pair, error) { return tx.Pair(99) },
			"no object": func() (store.Pair, error) { return tx.PairByObject(l.ID, 0) },
			"no remote": func() (store.Pair, error) { return tx.PairByRemote(l.ID, "") },
			"link":      func() (store.Pair, error) { return tx.PairByRemote(l.ID+1, "r1") },
		} {
			if _, err := read(); pim.ReasonOf(err) != pim.ErrNotFound {
				t.Errorf("by unknown %s: %v", name, err)
			}
		}
		return nil
	})
	f.update(func(tx *store.Tx) error { // a refusal leaves the transaction usable
		for _, twin := range []store.Pair{{LinkID: l.ID, RemoteID: "r1"}, {LinkID: l.ID, ObjectID: o.ID}} {
			if err := tx.SavePair(&twin); pim.ReasonOf(err) != pim.ErrExists {
				t.Errorf("twin: %v", err)
			}
		}
		for range 2 { // neither side is there yet
			if err := tx.SavePair(&store.Pair{LinkID: l.ID, UID: "u"}); err != nil {
				return err
			}
		}
		p.RemoteID, p.Intent, p.RetryAt, p.LocalText, p.Attempts = "r2", "", nil, nil, 0
		return tx.SavePair(&p)
	})
	var many []string
	f.update(func(tx *store.Tx) error {
		for i := range 1100 {
			many = append(many, fmt.Sprintf("m%d", i))
			if err := tx.SavePair(&store.Pair{LinkID: l.ID, RemoteID: many[i], TheirVersion: "v"}); err != nil {
				return err
			}
		}
		return nil
	})
	f.view(func(tx *store.Tx) error {
		got, err := tx.Pair(p.ID)
		if got.RemoteID != "r2" || got.RetryAt != nil || got.LocalText != nil || got.Attempts != 0 || got.Key != "k" {
			t.Errorf("got %+v", got)
		}
		if err != nil {
			return err
		}
		found, err := tx.PairsByRemote(l.ID, append([]string{"r2", "r1", "bad\x00", "\xff"}, many...))
		equal(t, "by remotes", len(found), 1101)
		equal(t, "by remote", found["r2"].ID, p.ID)
		if err != nil {
			return err
		}
		byUID, err := tx.PairsByUID(l.ID, "u")
		equal(t, "by uid", len(byUID), 2)
		if err != nil {
			return err
		}
		n, last := 0, store.PairID(0)
		err = tx.EachPair(l.ID, func(p *store.Pair) error {
			if n++; p.ID <= last {
				t.Fatal("out of order")
			}
			last = p.ID
			return nil
		})
		equal(t, "each", n, 1103)
		return err
	})
	f.update(func(tx *store.Tx) error {
		if err := tx.DeletePair(p.ID); err != nil {
			return err
		}
		return tx.DeletePair(p.ID)
	})
	f.marks(t, l)
	p.UID = "gone"
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.SavePair(&p) })
	f.update(func(tx *store.Tx) error { return tx.DeleteLink(l.ID) })
	f.view(func(tx *store.Tx) error {
		return tx.EachPair(l.ID, func(*store.Pair) error { return errUndo })
	})
}

func testDirtyPairs(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	l := f.link(f.cal.ID, store.CRM, "crm")
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	before, after := now.Add(-time.Second), now.Add(time.Second)
	ids := map[string]store.PairID{}
	f.update(func(tx *store.Tx) error {
		for _, c := range []struct {
			name string
			p    store.Pair
		}{
			{"clean", store.Pair{RemoteID: "r1"}},
			{"dirty", store.Pair{RemoteID: "r2", Dirty: true}},
			{"begun", store.Pair{Intent: "create"}},
			{"begun, later", store.Pair{Intent: "create", RetryAt: &after, Error: "down"}},
			{"dirty, later", store.Pair{RemoteID: "r3", Dirty: true, RetryAt: &after, Error: "down"}},
			{"dirty, due", store.Pair{RemoteID: "r4", Dirty: true, RetryAt: &before, Error: "down"}},
			{"due", store.Pair{RemoteID: "r5", RetryAt: &before}},
			{"gone", store.Pair{RemoteID: "r6", RemoteGone: true, TheirVersion: "x"}},
		} {
			c.p.LinkID = l.ID
			if err := tx.SavePair(&c.p); err != nil {
				return err
			}
			ids[c.name] = c.p.ID
		}
		return nil
	})
	f.view(func(tx *store.Tx) error {
		dirty := func(limit int, after store.PairID) (got []store.PairID) {
			ps, err := tx.DirtyPairs(l.ID, now, limit, after)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range ps {
				got = append(got, p.ID)
			}
			return got
		}
		want := []store.PairID{ids["dirty"], ids["begun"], ids["dirty, due"], ids["due"]}
		if got := dirty(0, 0); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if got := dirty(2, want[0]); !slices.Equal(got, want[1:3]) {
			t.Errorf("got %v, want %v", got, want[1:3])
		}
		begun, err := tx.Intents(l.ID)
		if err != nil || len(begun) != 2 {
			t.Errorf("intents %v, %v", begun, err)
		}
		living, toDo, failing, err := tx.CountPairs(l.ID)
		equal(t, "counts", fmt.Sprint(living, toDo, failing), "5 5 3")
		if err != nil {
			return err
		}
		var remotes []string
		err = tx.AliveRemotes(l.ID, func(a store.Alive) error {
			remotes = append(remotes, a.RemoteID)
			return nil
		})
		if !slices.Equal(remotes, []string{"r1", "r2", "r3", "r4", "r5"}) {
			t.Errorf("remote ids %v", remotes)
		}
		return err
	})
}

func testAway(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	l := f.link(f.cal.ID, store.CRM, "crm")
	f.update(func(tx *store.Tx) error {
		for _, r := range []string{"r1", "r2", "r3", "parked", ""} {
			p := store.Pair{LinkID: l.ID, RemoteID: r, LocalGone: r == "parked"}
			if err := tx.SavePair(&p); err != nil {
				return err
			}
		}
		return tx.SetAway(l.ID, []string{"r1", "r2", "unknown", ""}, true)
	})
	f.update(func(tx *store.Tx) error { return tx.SetAway(l.ID, []string{"r1"}, false) })
	f.view(func(tx *store.Tx) error {
		away := map[string]bool{}
		err := tx.AliveRemotes(l.ID, func(a store.Alive) error {
			away[a.RemoteID] = a.AwayAt != nil
			return nil
		})
		equal(t, "away", fmt.Sprint(away), "map[parked:false r1:false r2:true r3:false]")
		living, _, _, err2 := tx.CountPairs(l.ID)
		equal(t, "living", living, 3)
		return errors.Join(err, err2)
	})
}

func testIdentities(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	i := store.Identity{UserID: f.user.ID, Driver: "tryton", Place: "crm.example.org", RemoteID: "party,1", UID: "first"}
	f.update(func(tx *store.Tx) error { return tx.SaveIdentity(i) })
	i.UID, i.CollectionID = "second", f.cal.ID
	f.update(func(tx *store.Tx) error { return tx.SaveIdentity(i) })
	f.view(func(tx *store.Tx) error {
		got, err := tx.Identity(f.user.ID, i.Driver, i.Place, i.RemoteID)
		equal(t, "identity", got, i)
		for _, other := range [][3]string{{"creatio", i.Place, i.RemoteID}, {i.Driver, "elsewhere", i.RemoteID}, {i.Driver, i.Place, "party,2"}} {
			if _, err := tx.Identity(f.user.ID, other[0], other[1], other[2]); pim.ReasonOf(err) != pim.ErrNotFound {
				t.Errorf("%v: %v", other, err)
			}
		}
		return err
	})
	f.view(func(tx *store.Tx) error {
		is, err := tx.IdentitiesOf(f.user.ID, i.Driver, i.Place, "second")
		equal(t, "identities", len(is), 1)
		none, nerr := tx.IdentitiesOf(f.user.ID, i.Driver, i.Place, "first")
		equal(t, "identities of a UID that was replaced", len(none), 0)
		return errors.Join(err, nerr)
	})
}
