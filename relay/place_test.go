package relay

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// placed is a remote that says where its ids are unique.
type placed struct {
	remote.Remote
	place string
	local bool
}

func (p placed) Traits() remote.Traits {
	t := p.Remote.Traits()
	t.Place, t.LocalIDs = p.place, p.local
	return t
}

// sites has a remote for each address, which links have in their settings.
type sites map[string]remote.Remote

func (s sites) Open(_ context.Context, l store.Link, _ store.User) (remote.Remote, error) {
	set, err := s.Settings(l)
	return s[set["url"]], err
}

func (s sites) Settings(l store.Link) (set remote.Settings, err error) {
	return set, json.Unmarshal(l.Settings, &set)
}

// contacts links an address book of the world's user to the contacts of its CRM.
func (w *world) contacts() (c store.Collection, l store.Link) {
	w.t.Helper()
	raw, err := json.Marshal(open(rule.Ask))
	if err != nil {
		w.t.Fatal(err)
	}
	w.update(func(tx *store.Tx) error {
		if c, err = tx.CreateCollection(store.Collection{UserID: w.user.ID, Home: store.AddressBooks, Slug: "people"}); err != nil {
			return err
		}
		l, err = tx.CreateLink(store.Link{UserID: w.user.ID, CollectionID: c.ID, Side: store.CRM, Name: "people",
			Driver: "mem", Remote: string(mem.Contacts), Rules: raw, Interval: time.Minute})
		return err
	})
	return c, l
}

// Two tables of a CRM number their records each by itself.
func TestRowS2IdsOfTwoTables(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoUID: true, Place: "crm.example.org", LocalIDs: true}, open(rule.Ask), func(w *world) {
		calendar, events := w.coll, w.link
		people, links := w.contacts()
		person := w.crm.Add(&pim.Contact{FullName: "Ann Smith"}, "")
		w.coll, w.link = people, links
		w.clean()
		uid := w.only().UID
		w.coll, w.link = calendar, events
		w.put("a.ics", event("uid-a", "one"))
		w.clean()
		if id := w.record().ID; id != person {
			w.t.Fatalf("the records are %s and %s", person, id)
		}
		w.update(func(tx *store.Tx) error { return tx.DeleteCollection(people.ID) })
		w.coll, w.link = w.contacts()
		w.clean()
		if o := w.only(); o.UID != uid {
			w.t.Errorf("the person has the UID %s now, had %s", o.UID, uid)
		}
	})
}

// A record with the number of one that is tied elsewhere: in another table of the same
// CRM, or in another CRM.
func TestRowS2TiedElsewhereUnderTheSameNumber(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"another table", "another system"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			rules := open(rule.Ask)
			rules.Remove = map[pim.Kind]rule.Removal{pim.KindEvent: rule.RemoveKeep}
			w := newWorld(t, storetest.Open(t), "ann", mem.Options{NoUID: true, NotIdempotent: true, Place: "one", LocalIDs: true}, rules)
			calendar, events, first := w.coll, w.link, w.crm
			second, err := mem.New(mem.Options{Now: w.clock.Now, NoUID: true, Place: "two", LocalIDs: true})
			if err != nil {
				t.Fatal(err)
			}
			w.engine.Remotes = sites{"one.example.org": first.Remote(), "two.example.org": second.Remote()}
			at := func(url string) {
				w.update(func(tx *store.Tx) error {
					w.link.Settings = sealed(t, remote.Settings{"url": url})
					return tx.UpdateLink(w.link, "Settings")
				})
			}
			at("one.example.org")
			events.Settings = w.link.Settings
			if where == "another table" {
				first.Add(&pim.Contact{FullName: "Ann Smith"}, "")
				w.coll, w.link = w.contacts()
				at("one.example.org")
			} else {
				second.Add(event("", "theirs"), "")
				w.linkTo(w.another("work"))
				at("two.example.org")
			}
			w.clean()
			w.coll, w.link = calendar, events
			w.put("a.ics", event("uid-a", "one"))
			w.clean()
			w.delete("a.ics")
			w.clean()
			w.record()
			w.put("b.ics", event("uid-a", "one"))
			w.want(1, 1)
		})
	}
}

// What was remembered before the bridge knew where ids are unique is not lost.
func TestRowS2RememberedByAnEarlierVersion(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"", "crm.example.org"} {
		for _, lost := range []string{"nothing", "identities"} {
			t.Run(before+" "+lost, func(t *testing.T) {
				t.Parallel()
				onBoth(t, mem.Options{NoUID: true, NotIdempotent: true}, open(rule.Ask), func(w *world) {
					w.engine.Remotes = fixed{placed{w.crm.Remote(), before, false}}
					if lost == "nothing" {
						w.put("a.ics", event("uid-a", "here"))
					}
					w.crm.Add(event("", "there"), "")
					w.clean()
					n := len(w.objects())
					if lost == "identities" {
						w.update(func(tx *store.Tx) error {
							_, err := tx.SQL().ExecContext(w.ctx, "DELETE FROM identities")
							return err
						})
					}
					for name := range w.objects() { // so that nothing else finds them again
						w.edit(name, func(e *pim.Event) { e.Title += ", moved to another room" })
					}
					w.engine.Remotes = fixed{placed{w.crm.Remote(), "crm.example.org", true}}
					w.relink(w.coll)
					w.run()
					w.run()
					if o, r := len(w.objects()), len(w.records()); o != n || r != n {
						w.t.Errorf("%d objects and %d records, want %d", o, r, n)
					}
				})
			})
		}
	}
}

// What an earlier version remembered of a number may be of another table.
func TestRowS2RememberedOfAnotherTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{NoUID: true, Place: "crm.example.org", LocalIDs: true}, open(rule.Ask))
	id := w.crm.Add(&pim.Contact{FullName: "Ann Smith"}, "")
	w.update(func(tx *store.Tx) error {
		return tx.SaveIdentity(store.Identity{UserID: w.user.ID, Driver: "mem", RemoteID: string(id), UID: "uid-of-an-event", CollectionID: w.coll.ID})
	})
	w.coll, w.link = w.contacts()
	w.clean()
	if uid := w.only().UID; uid == "uid-of-an-event" {
		t.Error("a person has the UID of an event")
	}
}

// The books are read again when a transaction is begun again: nothing half read stays.
func TestRowS2KeysThatWereHalfRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
	w.put("a.ics", event("uid-a", "one"))
	r := &run{Engine: w.engine, link: w.link, user: w.user, coll: w.coll}
	key := r.key("uid-a", "")
	ctx, stop := context.WithCancel(w.ctx)
	err := w.store.View(ctx, func(tx *store.Tx) error {
		stop()
		_, err := r.uidOfKey(tx, key)
		return err
	})
	if err == nil {
		t.Fatal("the objects were read although nobody waits for them")
	}
	w.view(func(tx *store.Tx) error {
		uid, err := r.uidOfKey(tx, key)
		if uid != "uid-a" {
			t.Errorf("the key is of the object %q", uid)
		}
		return err
	})
}
