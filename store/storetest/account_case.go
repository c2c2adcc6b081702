package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

func testUsers(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	f.refused(pim.ErrExists, func(tx *store.Tx) error {
		_, err := tx.CreateUser(store.User{Name: "ann"})
		return err
	})
	// A refused user leaves the transaction usable.
	var bob store.User
	f.update(func(tx *store.Tx) error {
		if _, err := tx.CreateUser(store.User{Name: "ann"}); pim.ReasonOf(err) != pim.ErrExists {
			t.Errorf("got %v", err)
		}
		var err error
		bob, err = tx.CreateUser(store.User{Name: "bob", PasswordHash: "x", Admin: true, DisplayName: "Bo\x00b \xff"})
		return err
	})
	bob.DisplayName, bob.Disabled, bob.PasswordHash = "Bob", true, ""
	f.update(func(tx *store.Tx) error { return tx.UpdateUser(bob) })
	f.view(func(tx *store.Tx) error {
		got, err := tx.UserByName("bob")
		if err != nil {
			return err
		}
		if !got.UpdatedAt.After(got.CreatedAt) || got.CreatedAt.Location() != time.UTC {
			t.Errorf("times %v, %v", got.CreatedAt, got.UpdatedAt)
		}
		equal(t, "created", got.CreatedAt, bob.CreatedAt)
		got.UpdatedAt = bob.UpdatedAt
		equal(t, "user", got, bob)
		all, err := tx.Users()
		if err != nil || len(all) != 2 || all[0].Name != "ann" {
			t.Errorf("users %v, %v", all, err)
		}
		if _, err := tx.User(bob.ID + 1); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("unknown id: %v", err)
		}
		if _, err := tx.UserByName("carl"); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("unknown name: %v", err)
		}
		return nil
	})
	bob.Name = "ann"
	f.refused(pim.ErrExists, func(tx *store.Tx) error { return tx.UpdateUser(bob) })
	bob.ID, bob.Name = bob.ID+1, "carl"
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.UpdateUser(bob) })
}

func testTokens(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	expires := time.Date(2027, 1, 2, 3, 4, 5, 678_000, time.FixedZone("", 3600))
	var k store.Token
	f.update(func(tx *store.Tx) error {
		var err error
		k, err = tx.CreateToken(store.Token{UserID: f.user.ID, Name: "phone", Hash: []byte{1, 0, 255}, Hint: "abcd", Scope: store.ScopeAPI, ReadOnly: true, ExpiresAt: &expires})
		return err
	})
	f.refused(pim.ErrExists, func(tx *store.Tx) error {
		_, err := tx.CreateToken(store.Token{UserID: f.user.ID, Hash: []byte{1, 0, 255}})
		return err
	})
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error {
		_, err := tx.CreateToken(store.Token{UserID: f.user.ID + 7, Hash: []byte{2}})
		return err
	})
	f.update(func(tx *store.Tx) error {
		// What a client calls itself may hold anything.
		return tx.TouchToken(k.ID, "192.0.2.1", "Cal\x00endar/1.0 \xff\xfe")
	})
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.RevokeToken(f.user.ID+1, k.ID) })
	for range 2 {
		f.update(func(tx *store.Tx) error { return tx.RevokeToken(f.user.ID, k.ID) })
	}
	f.view(func(tx *store.Tx) error {
		got, err := tx.TokenByHash([]byte{1, 0, 255})
		if err != nil {
			return err
		}
		if got.ExpiresAt == nil || !got.ExpiresAt.Equal(expires) || got.RevokedAt == nil || got.LastUsed == nil || !got.RevokedAt.After(*got.LastUsed) {
			t.Errorf("times: %+v", got)
		}
		equal(t, "agent", got.LastAgent, "Cal\uFFFDendar/1.0 \uFFFD")
		equal(t, "read-only", got.ReadOnly, true)
		equal(t, "scope", got.Scope, store.ScopeAPI)
		if _, err := tx.TokenByHash([]byte{1, 0, 254}); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("unknown hash: %v", err)
		}
		user, same, err := tx.Login(f.user.Name, []byte{1, 0, 255})
		equal(t, "user of the login", user, f.user)
		equal(t, "token of the login", fmt.Sprint(same), fmt.Sprint(got))
		if err != nil {
			return err
		}
		for name, hash := range map[string][]byte{f.user.Name: {1, 0, 254}, f.user.Name + "x": {1, 0, 255}, "": nil} {
			if _, _, err := tx.Login(name, hash); pim.ReasonOf(err) != pim.ErrNotFound {
				t.Errorf("login as %q with %v: %v", name, hash, err)
			}
		}
		all, err := tx.Tokens(f.user.ID)
		equal(t, "tokens", len(all), 1)
		return err
	})
}

func testProperties(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	owner := store.CollectionOwner(f.cal.ID)
	set := func(space, local, xml string) {
		f.update(func(tx *store.Tx) error {
			return tx.SetProperty(store.Property{Owner: owner, Space: space, Local: local, XML: []byte(xml)})
		})
	}
	set("urn:b", "x", "<x/>")
	set("urn:a", "y", "<y/>")
	set("urn:b", "x", "<x>2</x>")
	f.update(func(tx *store.Tx) error {
		if err := tx.SetProperty(store.Property{Owner: store.PrincipalOwner(f.user.ID), Space: "urn:b", Local: "x", XML: []byte("other")}); err != nil {
			return err
		}
		return tx.DeleteProperty(owner, "urn:none", "none")
	})
	show := func() string {
		var all []string
		f.view(func(tx *store.Tx) error {
			ps, err := tx.Properties(owner)
			for _, p := range ps {
				all = append(all, p.Space+" "+p.Local+" "+string(p.XML))
			}
			return err
		})
		return strings.Join(all, "|")
	}
	equal(t, "properties", show(), "urn:a y <y/>|urn:b x <x>2</x>")
	f.update(func(tx *store.Tx) error { return tx.DeleteProperty(owner, "urn:a", "y") })
	equal(t, "properties", show(), "urn:b x <x>2</x>")
	f.update(func(tx *store.Tx) error { return tx.DeleteCollection(f.cal.ID) })
	equal(t, "properties of a deleted collection", show(), "")
}

func testCollections(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	f.refused(pim.ErrExists, func(tx *store.Tx) error {
		_, err := tx.CreateCollection(store.Collection{UserID: f.user.ID, Home: store.Calendars, Slug: "work"})
		return err
	})
	f.refused(pim.ErrInvalid, func(tx *store.Tx) error {
		_, err := tx.CreateCollection(store.Collection{UserID: f.user.ID, Home: "attic", Slug: "x"})
		return err
	})
	f.refused(pim.ErrInvalid, func(tx *store.Tx) error {
		_, err := tx.CreateCollection(store.Collection{UserID: f.user.ID, Home: store.Calendars, Slug: "a\x00"})
		return err
	})
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error {
		_, err := tx.CreateCollection(store.Collection{UserID: 99, Home: store.Calendars, Slug: "x"})
		return err
	})
	var book store.Collection
	f.update(func(tx *store.Tx) error { // the same slug in the other home is another address
		var err error
		book, err = tx.CreateCollection(store.Collection{UserID: f.user.ID, Home: store.AddressBooks, Slug: "work"})
		return err
	})
	if book.Epoch == f.cal.Epoch || book.Epoch == "" {
		t.Errorf("epochs %q, %q", book.Epoch, f.cal.Epoch)
	}
	changed := f.cal
	changed.DisplayName, changed.Color, changed.Order, changed.Transparent, changed.Timezone = "Büro 🗓", "#ff0000ff", -3, true, "BEGIN:VTIMEZONE\r\n"
	changed.Seq, changed.Epoch, changed.UserID = 999, "forged", 77 // not for the caller to set
	var got store.Collection
	f.update(func(tx *store.Tx) error {
		var err error
		got, err = tx.UpdateCollection(changed)
		return err
	})
	equal(t, "seq", got.Seq, f.cal.Seq+1)
	f.view(func(tx *store.Tx) error {
		read, err := tx.CollectionBySlug(f.user.ID, store.Calendars, "work")
		equal(t, "collection", read, got)
		changed.Seq, changed.Epoch, changed.UserID, changed.UpdatedAt = got.Seq, f.cal.Epoch, f.user.ID, got.UpdatedAt
		equal(t, "collection", read, changed)
		all, err2 := tx.Collections(f.user.ID, "")
		equal(t, "both homes", len(all), 2)
		if err == nil {
			err = err2
		}
		return err
	})
	f.collection("home")
	got.Slug = "home"
	f.refused(pim.ErrExists, func(tx *store.Tx) error {
		_, err := tx.UpdateCollection(got)
		return err
	})
	f.view(func(tx *store.Tx) error {
		if _, err := tx.CollectionBySlug(f.user.ID+1, store.Calendars, "work"); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("another's collection: %v", err)
		}
		if _, err := tx.CollectionBySlug(f.user.ID, store.Calendars, "w\x00\xff"); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("impossible slug: %v", err)
		}
		return nil
	})
}

func testDeleteCollection(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	kept := f.put(event(f.cal.ID, "a", "text a")).Object
	f.put(event(f.cal.ID, "b", "text b"))
	f.update(func(tx *store.Tx) error {
		if _, err := tx.DeleteObject(f.cal.ID, "b.ics", store.Cond{}, "dav:ann", 0); err != nil {
			return err
		}
		l, err := tx.CreateLink(store.Link{UserID: f.user.ID, CollectionID: f.cal.ID, Side: store.CRM, Name: "crm"})
		if err != nil {
			return err
		}
		return tx.SavePair(&store.Pair{LinkID: l.ID, ObjectID: kept.ID, RemoteID: "r"})
	})
	f.update(func(tx *store.Tx) error { return tx.DeleteCollection(f.cal.ID) })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error { return tx.DeleteCollection(f.cal.ID) })
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error {
		_, err := tx.PutObject(event(f.cal.ID, "c", "x"))
		return err
	})
	f.view(func(tx *store.Tx) error {
		if _, err := tx.Collection(f.cal.ID); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("got %v", err)
		}
		if _, _, err := tx.Changes(f.cal.ID, 0, 0, false, func(*store.Object) error { return nil }); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("changes: %v", err)
		}
		ls, err := tx.Links(0)
		if err != nil || len(ls) != 0 {
			t.Errorf("links %v, %v", ls, err)
		}
		v, err := tx.Version(kept.ID, kept.Seq)
		equal(t, "the text is still there", string(v.Text), "text a")
		return err
	})
	again := f.collection("work") // the slug is free
	if again.ID == f.cal.ID || again.Epoch == f.cal.Epoch {
		t.Errorf("the new collection is the old one: %+v", again)
	}
	if _, err := store.ParseSyncToken(again, store.SyncToken(f.cal)); pim.ReasonOf(err) != pim.ErrCursorGone {
		t.Errorf("a token of the old one: %v", err)
	}
}

func testHome(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	seen := map[string]string{}
	look := func(after string) {
		t.Helper()
		f.view(func(tx *store.Tx) error {
			h, err := tx.HomeSeq(f.user.ID, store.Calendars)
			if before, used := seen[h]; used {
				t.Errorf("after %q as after %q: %s", after, before, h)
			}
			seen[h] = after
			return err
		})
	}
	look("begin")
	other := f.collection("other")
	look("create")
	f.put(event(f.cal.ID, "a", "x"))
	look("put")
	f.update(func(tx *store.Tx) error {
		_, err := tx.UpdateCollection(other)
		return err
	})
	look("update")
	f.update(func(tx *store.Tx) error { return tx.DeleteCollection(other.ID) })
	look("delete")
	f.collection("other")
	look("create again")
}
