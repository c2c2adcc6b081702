package relay

import (
	"context"
	"errors"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

type dazed struct {
	remote.Remote
	remote.Finder
	on bool
}

func (d *dazed) Create(ctx context.Context, c remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	rec, err := d.Remote.Create(ctx, c, e, key)
	if err == nil && d.on {
		return remote.Record{}, pim.Errorf("test: create", pim.ErrUnavailable, "it is not found")
	}
	return rec, err
}

func (d *dazed) Find(ctx context.Context, c remote.CollectionID, key string, e remote.Entry) (remote.Record, bool, error) {
	if d.on {
		return remote.Record{}, false, nil
	}
	return d.Finder.Find(ctx, c, key, e)
}

func (d *dazed) Changes(ctx context.Context, c remote.CollectionID, s remote.Scope, since remote.Cursor) (remote.Delta, error) {
	if d.on {
		return remote.Delta{Next: since}, nil
	}
	return d.Remote.Changes(ctx, c, s, since)
}

func TestARecordThatShowsLateIsNotDoubled(t *testing.T) {
	t.Parallel()
	for _, o := range []mem.Options{{}, {NoUID: true}} {
		for _, changed := range []bool{false, true} {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				w := newWorld(t, s, "ann", o, open(rule.Ask))
				r := w.crm.Remote()
				d := &dazed{Remote: r, Finder: r.(remote.Finder)}
				w.engine.Remotes = fixed{d}
				w.clean()
				d.on = true
				w.put("a.ics", event("uid-a", "one"))
				for range 3 {
					w.clock.Advance(time.Hour)
					w.run()
				}
				if d.on = false; changed {
					w.change(w.records()[0].ID, func(e *pim.Event) { e.Location = "there" })
				}
				w.clock.Advance(time.Hour)
				w.clean()
				w.clean()
				w.quiet()
				w.record()
				if e := w.item(w.only()); e.Title != "one" || changed && e.Location != "there" {
					t.Errorf("%+v: %+v", o, e)
				}
			})
		}
	}
}

func TestADoubleIsMadeOneAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, "ann", mem.Options{NoUID: true}, open(rule.Ask))
		w.put("a.ics", event("uid-a", "one"))
		w.clean()
		w.update(func(tx *store.Tx) error { // as if the record had been taken for somebody else's
			p, err := tx.PairByObject(w.link.ID, w.object("a.ics").ID)
			if err != nil {
				return err
			}
			p.RemoteID, p.TheirItem, p.TheirPrint, p.RemotePrint, p.RemoteItem, p.LocalPrint, p.LocalItem = "", nil, "", "", nil, "", nil
			wake(&p)
			if err := tx.SavePair(&p); err != nil {
				return err
			}
			l, err := tx.Link(w.link.ID)
			l.Cursor = ""
			return errors.Join(err, tx.SaveIdentity(store.Identity{UserID: w.user.ID, Driver: "mem", Place: w.crm.Remote().Traits().Place, RemoteID: string(w.records()[0].ID), UID: "uid-other"}), tx.UpdateLink(l, "Cursor"))
		})
		w.run()
		w.clean()
		w.quiet()
		w.only()
		w.record()
	})
}

type busy struct {
	remote.Remote
	then func(id remote.ItemID)
}

func (b *busy) Update(ctx context.Context, c remote.CollectionID, old remote.Ref, e remote.Entry, set pim.FieldSet) (remote.Record, error) {
	rec, err := b.Remote.Update(ctx, c, old, e, set)
	if err != nil || b.then == nil {
		return rec, err
	}
	b.then(rec.ID)
	b.then = nil
	got, err := b.Fetch(ctx, c, []remote.ItemID{rec.ID})
	if err != nil {
		return rec, err
	}
	return got[0], nil
}

func TestAChangeJustAfterOursIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	for _, merge := range []bool{false, true} {
		storetest.Each(t, func(t *testing.T, s *store.Store) {
			w := newWorld(t, s, "ann", mem.Options{}, open(rule.Ask))
			b := &busy{Remote: w.crm.Remote()}
			w.engine.Remotes = fixed{b}
			w.put("a.ics", event("uid-a", "one"))
			w.clean()
			w.edit("a.ics", func(e *pim.Event) { e.Title = "two" })
			if merge {
				w.change(w.record().ID, func(e *pim.Event) { e.Notes = "theirs" })
			}
			b.then = func(id remote.ItemID) { w.change(id, func(e *pim.Event) { e.Location = "there" }) }
			w.clean()
			w.clean()
			w.quiet()
			for _, e := range []*pim.Event{w.item(w.only()), w.record().Item.(*pim.Event)} {
				if e.Title != "two" || e.Location != "there" || merge && e.Notes != "theirs" {
					t.Errorf("%+v", e)
				}
			}
		})
	}
}

// A create whose answer was lost, and whose record somebody deleted; then another try of it
// with something newer, of which it is not known either whether it was done. The newer
// must not go with the record of the older.
func TestASecondTryOfACreateLosesNothingNewer(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mem.Options{
		"finder":     {NoDeletionReport: true, NoUID: true, NoItemsInDelta: true, NotIdempotent: true},
		"idempotent": {NoDeletionReport: true, NoUID: true, NoItemsInDelta: true},
	} {
		for call := 1; call <= 8; call++ {
			w := newWorld(t, storetest.Open(t), "ann", o, open(rule.PreferClient))
			w.put("a.ics", event("a", "older"))
			w.crm.LoseAnswers(1)
			w.run()
			w.crm.LoseAnswers(0)
			w.crm.Remove(mem.Activities, w.record().ID)
			for n, title := range []string{"newer", "newest"} {
				w.edit("a.ics", func(e *pim.Event) { e.Title = title })
				w.clock.Advance(24 * time.Hour)
				w.crm.FailCall(call+n, &pim.Error{Op: "mem", Kind: pim.ErrProtocol, Public: "no"})
				_, _ = w.engine.Run(w.ctx, w.link.ID, RunOptions{AllowDeletions: true})
			}
			w.crm.SetFaults(nil)
			for range 4 { // the first may meet what is left of the faults
				w.clock.Advance(24 * time.Hour)
				_, _ = w.engine.Run(w.ctx, w.link.ID, RunOptions{AllowDeletions: true, Full: true})
			}
			if o := w.titles(); len(o) != 1 || !o["newest"] || len(w.records()) != 1 {
				t.Errorf("%s, call %d: objects %v, %d records", name, call, o, len(w.records()))
			}
		}
	}
}
