package storetest

import (
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

func testFeeds(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	var feed store.Feed
	add := func(tx *store.Tx) error {
		made, err := tx.CreateFeed(store.Feed{UserID: f.user.ID, CollectionID: f.cal.ID, Name: "work", Hash: []byte("one"), Hint: "abcd",
			Detail: store.DetailBusy, Private: true, Alarms: true, PastDays: 30, FutureDays: 90})
		if err == nil {
			feed = made
		}
		return err
	}
	f.update(add)
	f.refused(pim.ErrExists, add)
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error {
		_, err := tx.CreateFeed(store.Feed{UserID: f.user.ID, CollectionID: 99, Hash: []byte("two")})
		return err
	})
	f.update(func(tx *store.Tx) error { return tx.TouchFeed(feed.ID, "Outlook") })
	until := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	f.update(func(tx *store.Tx) error {
		second, err := tx.CreateFeed(store.Feed{UserID: f.user.ID, CollectionID: f.cal.ID, Name: "other", Hash: []byte("two")})
		if err != nil {
			return err
		}
		second.Hash = []byte("one")
		if err := tx.UpdateFeed(second); pim.ReasonOf(err) != pim.ErrExists {
			t.Errorf("another's hash: %v", err)
		}
		feed.Hash, feed.Name, feed.ExpiresAt = []byte("three"), "renamed", &until
		return tx.UpdateFeed(feed)
	})
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { _, err := tx.FeedByHash([]byte("one")); return err })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { _, err := tx.Feed(f.user.ID+1, feed.ID); return err })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.TouchFeed(99, "") })
	f.view(func(tx *store.Tx) error {
		got, err := tx.FeedByHash([]byte("three"))
		if err != nil || got.Name != "renamed" || got.LastUsed == nil || got.LastAgent != "Outlook" || !got.ExpiresAt.Equal(until) ||
			got.Detail != store.DetailBusy || !got.Private || !got.Alarms || got.PastDays != 30 || got.FutureDays != 90 {
			t.Errorf("%+v, %v", got, err)
		}
		all, err := tx.Feeds(f.user.ID)
		equal(t, "feeds", len(all), 2)
		return err
	})
}

// The address of a feed outlives its calendar, as one that has ended; nothing else of the user's ends with it.
func testFeedsOfDeleted(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	other := f.collection("other")
	early := time.Date(2020, 3, 1, 0, 0, 0, 0, time.UTC)
	add := func(c store.CollectionID, hash string, revoked *time.Time) {
		f.update(func(tx *store.Tx) error {
			_, err := tx.CreateFeed(store.Feed{UserID: f.user.ID, CollectionID: c, Name: "work", Hash: []byte(hash), RevokedAt: revoked})
			return err
		})
	}
	add(f.cal.ID, "open", nil)
	add(f.cal.ID, "ended", &early)
	add(other.ID, "other", nil)
	var deleted time.Time
	f.update(func(tx *store.Tx) error {
		deleted = tx.Now()
		return tx.DeleteCollection(f.cal.ID)
	})
	f.view(func(tx *store.Tx) error {
		for hash, want := range map[string]*time.Time{"open": &deleted, "ended": &early, "other": nil} {
			got, err := tx.FeedByHash([]byte(hash))
			if err != nil || (got.RevokedAt == nil) != (want == nil) || want != nil && !got.RevokedAt.Equal(*want) {
				t.Errorf("%s: revoked %v, want %v; %v", hash, got.RevokedAt, want, err)
			}
		}
		all, err := tx.Feeds(f.user.ID)
		equal(t, "feeds", len(all), 3)
		if err != nil {
			return err
		}
		was, err := tx.AnyCollection(f.cal.ID)
		equal(t, "the calendar that was", was.Slug, f.cal.Slug)
		equal(t, "deleted", was.Deleted, true)
		return err
	})
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { _, err := tx.AnyCollection(99); return err })
	// A new calendar of the name has nothing to do with it.
	add(f.collection("work").ID, "new", nil)
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error {
		_, err := tx.CreateFeed(store.Feed{UserID: f.user.ID, CollectionID: f.cal.ID, Hash: []byte("late")})
		return err
	})
}

func testDerived(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	var book, days store.Collection
	f.update(func(tx *store.Tx) (err error) {
		if book, err = tx.CreateCollection(store.Collection{UserID: f.user.ID, Home: store.AddressBooks, Slug: "people"}); err != nil {
			return err
		}
		if days, err = tx.CreateCollection(store.Collection{UserID: f.user.ID, Home: store.Calendars, Slug: "birthdays"}); err != nil {
			return err
		}
		return tx.SetDerived(store.Derived{CollectionID: days.ID, SourceID: book.ID, What: "birthdays", Seq: 1})
	})
	f.update(func(tx *store.Tx) error {
		return tx.SetDerived(store.Derived{CollectionID: days.ID, SourceID: book.ID, What: "birthdays", Seq: 7, Edition: 2, Title: "Birthdays"})
	})
	f.refused(pim.ErrExists, func(tx *store.Tx) error {
		return tx.SetDerived(store.Derived{CollectionID: f.cal.ID, SourceID: book.ID, What: "birthdays"})
	})
	f.view(func(tx *store.Tx) error {
		of, err := tx.DerivedOf(days.ID)
		equal(t, "of", of, store.Derived{CollectionID: days.ID, SourceID: book.ID, What: "birthdays", Seq: 7, Edition: 2, Title: "Birthdays"})
		if err != nil {
			return err
		}
		from, err := tx.DerivedFrom(book.ID, "birthdays")
		equal(t, "from", from, of)
		return err
	})
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { _, err := tx.DerivedFrom(book.ID, "other"); return err })
	f.update(func(tx *store.Tx) error { return tx.DeleteCollection(book.ID) })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { _, err := tx.DerivedOf(days.ID); return err })
	f.update(func(tx *store.Tx) error { return tx.DeleteDerived(days.ID) })
}

func testChangedAt(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	var last time.Time
	later := func(what string, do func(*store.Tx) error) {
		t.Helper()
		f.update(do)
		f.view(func(tx *store.Tx) error {
			c, err := tx.Collection(f.cal.ID)
			if err != nil {
				return err
			}
			at, err := tx.ChangedAt(c)
			if !at.After(last) {
				t.Errorf("%s: %s is not after %s", what, at, last)
			}
			last = at
			return err
		})
	}
	later("nothing yet", func(*store.Tx) error { return nil })
	put := func(uid, text string) func(*store.Tx) error {
		return func(tx *store.Tx) error {
			_, err := tx.PutObject(store.Put{Collection: f.cal.ID, Name: uid, UID: uid, Kind: pim.KindEvent, Component: "VEVENT", Text: []byte(text)})
			return err
		}
	}
	later("an object", put("a", "one"))
	later("another", put("b", "one"))
	later("the first again", put("a", "two"))
	later("the name", func(tx *store.Tx) error {
		c, err := tx.Collection(f.cal.ID)
		if err == nil {
			c.DisplayName = "other"
			_, err = tx.UpdateCollection(c)
		}
		return err
	})
	later("a deletion", func(tx *store.Tx) error {
		_, err := tx.DeleteObject(f.cal.ID, "b", store.Cond{}, "test", 0)
		return err
	})
}
