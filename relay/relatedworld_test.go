package relay

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// withPeople gives a world an address book, linked to the contacts of its CRM, and the link.
func (w *world) withPeople(rules rule.Rules) store.Link {
	w.t.Helper()
	raw, err := json.Marshal(rules)
	if err != nil {
		w.t.Fatal(err)
	}
	var l store.Link
	w.update(func(tx *store.Tx) error {
		c, err := tx.CreateCollection(store.Collection{UserID: w.user.ID, Home: store.AddressBooks, Slug: "people"})
		if err != nil {
			return err
		}
		l, err = tx.CreateLink(store.Link{UserID: w.user.ID, CollectionID: c.ID, Side: store.CRM, Name: "people",
			Driver: "mem", Remote: string(mem.Contacts), Rules: raw, Interval: time.Minute})
		return err
	})
	return l
}

// runOf does a usual run of a link.
func (w *world) runOf(l store.Link, o RunOptions) Report {
	w.t.Helper()
	o.Trigger = "test"
	rep, err := w.engine.Run(w.ctx, l.ID, o)
	if err != nil || rep.Run.Outcome != OutcomeOK {
		w.t.Fatalf("run of %s: %s %v %+v", l.Name, rep.Run.Outcome, err, rep.Steps)
	}
	return rep
}

// cards are the names in a collection.
func (w *world) cards(l store.Link) string {
	w.t.Helper()
	var names []string
	w.view(func(tx *store.Tx) error {
		return tx.EachObject(l.CollectionID, store.EachOptions{Text: true}, func(o *store.Object) error {
			it, err := newCodec(w.clock.Now(), "").read(o.Kind, o.Text)
			if err == nil {
				names = append(names, it.Summary())
			}
			return err
		})
	})
	slices.Sort(names)
	return strings.Join(names, " ")
}

func (w *world) rulesOf(l store.Link, text string) {
	w.t.Helper()
	if _, err := w.engine.SetRules(w.ctx, l.ID, parsed(w.t, text)); err != nil {
		w.t.Fatal(err)
	}
}

// explained is what is told of a contact of a link.
func (w *world) explained(l store.Link, record remote.ItemID) string {
	w.t.Helper()
	var p store.Pair
	w.view(func(tx *store.Tx) (err error) {
		p, err = tx.PairByRemote(l.ID, string(record))
		return err
	})
	x, err := w.engine.Explain(w.ctx, l.ID, p.UID)
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(x[0].Words, "\n")
}

func person(name string, more ...func(*pim.Contact)) *pim.Contact {
	c := &pim.Contact{FullName: name, Emails: []pim.Labeled{{Value: strings.ToLower(name) + "@example.org"}}}
	for _, f := range more {
		f(c)
	}
	return c
}

// ops counts the calls of a CRM by what they do.
func (w *world) ops(l store.Link) map[string]int {
	w.t.Helper()
	counts := map[string]int{}
	w.crm.SetFaults(func(c mem.Call) mem.Fault {
		counts[c.Op]++
		return mem.Fault{}
	})
	defer w.crm.SetFaults(nil)
	w.runOf(l, RunOptions{})
	return counts
}

// secondBook links another address book to the same account.
func (w *world) secondBook() {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		c, err := tx.CreateCollection(store.Collection{UserID: w.user.ID, Home: store.AddressBooks, Slug: "second"})
		if err == nil {
			_, err = tx.CreateLink(store.Link{UserID: w.user.ID, CollectionID: c.ID, Side: store.CRM, Name: "second", Driver: "mem", Remote: string(mem.Contacts), Interval: time.Minute})
		}
		return err
	})
}
