package relay

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// shown previews a link, and wants nothing to be written by that.
func (w *world) shown(l store.Link, o PreviewOptions) Preview {
	w.t.Helper()
	before, n := w.dump(), w.writing()
	p, err := w.engine.Preview(w.ctx, l.ID, o)
	w.crm.SetFaults(nil)
	if err != nil || p.Outcome != OutcomeOK {
		w.t.Fatalf("preview of %s: %v %+v", l.Name, err, p)
	}
	if n.Load() != 0 {
		w.t.Errorf("the preview sent %d writes", n.Load())
	}
	if w.dump() != before {
		w.t.Error("the preview wrote to the store")
	}
	return p
}

// planned is what a preview lists, in any order.
func planned(list []Planning) (out []string) {
	for _, c := range list {
		out = append(out, strings.Join([]string{c.Side, c.Action, c.UID, c.Title}, "|"))
	}
	slices.Sort(out)
	return out
}

// done is the same of a run.
func done(steps []store.Step, titles map[string]string) (out []string) {
	for _, s := range steps {
		title := s.Title
		if title == "" {
			title = titles[s.UID]
		}
		out = append(out, strings.Join([]string{s.Side, s.Action, s.UID, title}, "|"))
	}
	slices.Sort(out)
	return out
}

// lunchWith is an activity of the CRM that contacts take part in.
func (w *world) lunchWith(names ...string) {
	lunch := event("", "Lunch")
	for _, n := range names {
		lunch.Attendees = append(lunch.Attendees, pim.Attendee{Person: pim.Person{Name: n, Email: strings.ToLower(n) + "@example.org"}})
	}
	w.crm.Add(lunch, "")
}

// A preview of activities shows the contacts that would come into the address book of the other
// link, and that one's preview those that are noted for it: what the runs do then.
func TestPreviewOfContactsOfActivities(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mem.Options{"strong": {}, "weak": {NoDeletionReport: true, Unchecked: true, NotIdempotent: true, NoUID: true, NoItemsInDelta: true, Stamps: time.Second}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, o, open(rule.Ask), func(w *world) {
				l := w.withPeople(parsed(w.t, `{"groups":["Here"]}`))
				old := w.crm.Add(person("Old"), "")
				for _, n := range []string{"Ann", "Bea", "Cid", "me"} {
					w.crm.Add(person(n), "")
				}
				w.crm.Group("Here", old)
				w.lunchWith("Ann", "Bea", "Old", "me", "Stranger")
				w.runOf(w.link, RunOptions{})
				w.runOf(l, RunOptions{})
				rules := parsed(w.t, `{"pastDays":-1,"activityContacts":true}`)
				p := w.shown(w.link, PreviewOptions{Rules: &rules})
				if b := p.Brought; b == nil || b.Link != l.ID || b.Name != "people" || b.Outcome != OutcomeOK || b.Counts.CreatedLocal != 2 || len(b.Changes) != 2 || len(p.Changes) != 0 {
					w.t.Fatalf("%+v %+v", p, p.Brought)
				}
				for _, c := range p.Brought.Changes {
					if c.Kind != pim.KindContact || len(c.Fields) == 0 || c.Side != "local" || c.Action != "create" {
						w.t.Errorf("%+v", c)
					}
				}
				if got := w.cards(l); got != "Old" {
					w.t.Errorf("the preview made %q", got)
				}
				w.rulesOf(w.link, `{"pastDays":-1,"activityContacts":true}`)
				if again := w.shown(w.link, PreviewOptions{}); again.Brought == nil || !slices.Equal(planned(again.Brought.Changes), planned(p.Brought.Changes)) {
					w.t.Errorf("by its own rules: %+v", again.Brought)
				}
				w.runOf(w.link, RunOptions{})
				if noted := w.shown(w.link, PreviewOptions{Run: RunOptions{Full: true}}); noted.Brought != nil {
					w.t.Errorf("noted already, and shown again: %+v", noted.Brought)
				}
				there := w.shown(l, PreviewOptions{})
				rep := w.runOf(l, RunOptions{})
				if got, want := planned(p.Brought.Changes), done(rep.Steps, nil); !slices.Equal(got, want) || !slices.Equal(planned(there.Changes), want) {
					w.t.Errorf("shown before\n%v\nand of the address book\n%v, done\n%v", got, planned(there.Changes), want)
				}
				if p := w.shown(w.link, PreviewOptions{Run: RunOptions{Full: true}}); p.Brought != nil {
					w.t.Errorf("they are there, and shown: %+v", p.Brought)
				}
			})
		})
	}
}

// A contact that was known before is not shown as made: what is in the address book under its
// identity is tied, and what is where its link was removed from comes along.
func TestPreviewOfContactsKnownBefore(t *testing.T) {
	t.Parallel()
	for _, moved := range []bool{false, true} {
		t.Run(fmt.Sprint("moved ", moved), func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{NoUID: true, NotIdempotent: true}, open(rule.Ask), func(w *world) {
				l := w.withPeople(parsed(w.t, `{"groups":["Here"]}`))
				ann, bea := w.crm.Add(person("Ann"), ""), w.crm.Add(person("Bea"), "")
				w.crm.Group("Here", ann)
				w.runOf(l, RunOptions{})
				w.crm.Ungroup("Here", ann)
				l = w.anew(l, moved)
				w.lunchWith("Ann", "Bea")
				w.runOf(w.link, RunOptions{})
				w.rulesOf(w.link, `{"pastDays":-1,"activityContacts":true}`)
				p := w.shown(w.link, PreviewOptions{})
				w.runOf(w.link, RunOptions{})
				rep := w.runOf(l, RunOptions{})
				if p.Brought == nil || p.Brought.Link != l.ID {
					w.t.Fatalf("%+v", p)
				}
				titles := map[string]string{}
				for _, id := range []remote.ItemID{ann, bea} {
					w.view(func(tx *store.Tx) error {
						pair, err := tx.PairByRemote(l.ID, string(id))
						titles[pair.UID] = pairTitle(pair)
						return err
					})
				}
				got, want := planned(p.Brought.Changes), done(rep.Steps, titles)
				if !slices.Equal(got, want) || p.Brought.Counts.CreatedLocal != 1 || moved != strings.Contains(strings.Join(got, " "), "local|move|") {
					w.t.Errorf("shown\n%v\ndone\n%v", got, want)
				}
			})
		})
	}
}

// A card that no run has read yet is tied to the record of its UID, and not made a second time.
func TestPreviewOfContactsByTheirUID(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		l := w.withPeople(parsed(w.t, `{"groups":["Nobody"]}`))
		w.crm.Group("Nobody")
		ann := person("Ann", func(c *pim.Contact) { c.UID = "uid-ann" })
		if _, err := w.crm.Remote().Create(w.ctx, mem.Contacts, remote.Entry{Item: ann, UID: ann.UID}, "of another program"); err != nil {
			w.t.Fatal(err)
		}
		w.crm.Add(person("Bea"), "")
		card, err := newCodec(w.clock.Now(), "").create(ann, ann.UID)
		if err != nil {
			w.t.Fatal(err)
		}
		w.update(func(tx *store.Tx) error {
			in := card.put(l.CollectionID, "ann.vcf", ann.UID, pim.KindContact)
			in.By = "dav:test"
			_, err := tx.PutObject(in)
			return err
		})
		w.lunchWith("Ann", "Bea")
		w.runOf(w.link, RunOptions{})
		w.rulesOf(w.link, `{"pastDays":-1,"activityContacts":true}`)
		p := w.shown(w.link, PreviewOptions{})
		w.runOf(w.link, RunOptions{})
		rep := w.runOf(l, RunOptions{})
		if p.Brought == nil || p.Brought.Counts.CreatedLocal != 1 || !slices.Equal(planned(p.Brought.Changes), done(rep.Steps, nil)) {
			w.t.Errorf("shown\n%+v\ndone\n%v", p.Brought, done(rep.Steps, nil))
		}
	})
}

// anew removes the link of an address book, and links it, or another one, to the same CRM again.
func (w *world) anew(l store.Link, another bool) store.Link {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		if err := tx.DeleteLink(l.ID); err != nil {
			return err
		}
		l.Cursor, l.LastSuccess, l.LocalSeq, l.ListedAt = "", nil, 0, nil
		if another {
			c, err := tx.CreateCollection(store.Collection{UserID: w.user.ID, Home: store.AddressBooks, Slug: "fresh"})
			if err != nil {
				return err
			}
			l.CollectionID = c.ID
		}
		var err error
		l, err = tx.CreateLink(l)
		return err
	})
	return l
}

// shut opens the remotes of all links but one.
type shut struct {
	fixed
	but store.LinkID
}

func (d shut) Open(ctx context.Context, l store.Link, u store.User) (remote.Remote, error) {
	if l.ID == d.but {
		return nil, pim.Errorf("test", pim.ErrAuth, "the password is wrong")
	}
	return d.fixed.Open(ctx, l, u)
}

// What cannot be told is said to be so, and the rest of the preview stands.
func TestPreviewWithoutTheAddressBook(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		l := w.withPeople(parsed(w.t, `{"groups":["Nobody"]}`))
		w.crm.Group("Nobody")
		w.crm.Add(person("Ann"), "")
		w.lunchWith("Ann")
		w.runOf(w.link, RunOptions{})
		w.rulesOf(w.link, `{"pastDays":-1,"activityContacts":true}`)
		w.engine.Remotes = shut{fixed{w.crm.Remote()}, l.ID}
		p := w.shown(w.link, PreviewOptions{})
		if b := p.Brought; b == nil || b.Name != "people" || b.Outcome != OutcomeFailed || b.Error != "the password is wrong" || len(b.Changes) != 0 {
			w.t.Errorf("%+v %+v", p, p.Brought)
		}
	})
}

// What a run moves from and to the user's other collections is shown as that, as is what other
// links have.
func TestPreviewOfMoves(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		o     mem.Options
		rules rule.Rules
		do    func(w *world)
		want  string
	}{
		"moved out": {mem.Options{}, open(rule.Ask), func(w *world) {
			w.put("a.ics", event("uid-a", "one"))
			w.clean()
			private := w.another("private")
			w.update(func(tx *store.Tx) error {
				_, err := tx.MoveObject(store.Move{From: w.coll.ID, Name: "a.ics", To: private.ID, NewName: "a.ics", By: "dav:test"})
				return err
			})
		}, "local|unlink|uid-a|one"},
		"a series moved out": {mem.Options{NoSeries: true}, expanding(), func(w *world) {
			o := w.put("s.ics", dailySeries("s", "Stand-up", 3))
			w.clean()
			private := w.another("private")
			w.update(func(tx *store.Tx) error {
				_, err := tx.MoveObject(store.Move{From: w.coll.ID, Name: o.Name, To: private.ID, NewName: o.Name, By: "dav:test"})
				return err
			})
		}, "unlink"},
		"linked elsewhere": {mem.Options{NoUID: true, NotIdempotent: true}, open(rule.Ask), func(w *world) {
			w.put("a.ics", event("uid-a", "one"))
			w.clean()
			w.relink(w.another("work"))
		}, "local|move|uid-a|one"},
		"another link has the record": {mem.Options{NoUID: true, NotIdempotent: true}, open(rule.Ask), func(w *world) {
			w.put("a.ics", event("uid-a", "one"))
			w.clean()
			first := w.coll
			w.linkTo(w.another("work"))
			w.rulesOf(w.link, `{"pastDays":-1,"futureDays":-1,"direction":"out"}`)
			w.clean()
			w.update(func(tx *store.Tx) error {
				_, err := tx.CopyObject(store.Move{From: first.ID, Name: "a.ics", To: w.coll.ID, NewName: "a.ics", By: "dav:test"})
				return err
			})
		}, "remote|create|uid-a|one"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, c.o, c.rules, func(w *world) {
				c.do(w)
				p := w.previewed(w.t.Fatalf, RunOptions{})
				if got := strings.Join(planned(p.Changes), "\n"); !strings.Contains(got, c.want) {
					w.t.Errorf("%s is not in\n%s", c.want, got)
				}
				for _, change := range p.Changes {
					if change.Kind != pim.KindEvent {
						w.t.Errorf("%+v", change)
					}
				}
			})
		})
	}
}

// However much other collections and links have, a preview copies only what the run may read of
// it.
func TestPreviewCopiesWhatIsNeeded(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		for i := range 30 {
			w.put(fmt.Sprintf("%d.ics", i), event(fmt.Sprint("uid-", i), fmt.Sprint("item ", i)))
		}
		w.clean()
		big, people := w.coll, w.withPeople(open(rule.Ask))
		for i := range 20 {
			w.crm.Add(person(fmt.Sprint("Contact", i)), "")
		}
		w.runOf(people, RunOptions{})
		private := w.another("private")
		w.coll = private
		for i := range 40 {
			w.put(fmt.Sprintf("%d.ics", i), event(fmt.Sprint("own-", i), fmt.Sprint("own ", i)))
		}
		w.linkTo(w.another("work"))
		w.rulesOf(w.link, `{"pastDays":-1,"futureDays":-1,"direction":"out"}`)
		w.clean()
		w.put("gone.ics", event("gone", "was here"))
		w.clean()
		w.update(func(tx *store.Tx) error {
			if _, err := tx.CopyObject(store.Move{From: big.ID, Name: "7.ics", To: w.coll.ID, NewName: "7.ics", By: "dav:test"}); err != nil {
				return err
			}
			_, err := tx.MoveObject(store.Move{From: w.coll.ID, Name: "gone.ics", To: private.ID, NewName: "gone.ics", By: "dav:test"})
			return err
		})
		copied, remove, err := w.engine.scratch(w.ctx, w.link.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		defer remove()
		count := func(query string, args ...any) (n int) {
			if err := copied.Writer().QueryRowContext(w.ctx, query, args...).Scan(&n); err != nil {
				w.t.Fatal(err)
			}
			return n
		}
		if n := count(`SELECT count(*) FROM objects WHERE collection_id <> ?`, w.coll.ID); n != 1 {
			w.t.Errorf("%d objects of other collections", n)
		}
		if n := count(`SELECT count(*) FROM pairs WHERE link_id <> ?`, w.link.ID); n != 1 {
			w.t.Errorf("%d pairs of other links", n)
		}
		if n := count(`SELECT count(*) FROM identities WHERE collection_id = ?`, people.CollectionID); n != 0 {
			w.t.Errorf("%d identities of contacts", n)
		}
		if n := count(`SELECT count(*) FROM versions WHERE object_id NOT IN (SELECT id FROM objects)`); n != 0 {
			w.t.Errorf("%d texts of nothing", n)
		}
	})
}

// What another person has is not read.
func TestPreviewReadsOnePersonsItems(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		bob := newWorld(t, s, "bob", mem.Options{}, open(rule.Ask))
		bob.put("a.ics", event("uid-a", "Bob's"))
		bob.clean()
		ann := newWorld(t, s, "ann", mem.Options{}, open(rule.Ask))
		ann.put("a.ics", event("uid-a", "Ann's"))
		copied, remove, err := ann.engine.scratch(ann.ctx, ann.link.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer remove()
		for _, table := range []string{"users", "collections", "links", "objects"} {
			var n int
			if err := copied.Writer().QueryRowContext(ann.ctx, `SELECT count(*) FROM `+table).Scan(&n); err != nil || n != 1 {
				t.Errorf("%s: %d %v", table, n, err)
			}
		}
	})
}
