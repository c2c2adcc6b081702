package relay

import (
	"context"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// named finds an object by its title.
func (w *world) named(title string) store.Object {
	w.t.Helper()
	for _, o := range w.objects() {
		if w.item(o).Title == title {
			return o
		}
	}
	w.t.Fatalf("no object %q", title)
	return store.Object{}
}

// entitled finds a record by its title.
func (w *world) entitled(title string) remote.Record {
	w.t.Helper()
	for _, r := range w.records() {
		if r.Item.(*pim.Event).Title == title {
			return r
		}
	}
	w.t.Fatalf("no record %q", title)
	return remote.Record{}
}

func (w *world) resend(o RunOptions) Report {
	w.t.Helper()
	rep, err := w.engine.Run(w.ctx, w.link.ID, o)
	if err != nil || rep.Run.Outcome != OutcomeOK {
		w.t.Fatalf("%+v, %v", rep, err)
	}
	return rep
}

// TestRowX14ForcedSync: everything is sent again to a side; deletions pending in either
// direction are not brought along, and a usual run does them as ever.
func TestRowX14ForcedSync(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mem.Options{"strong": {}, "weak": {NoDeletionReport: true, NoItemsInDelta: true, NoUID: true, Stamps: time.Second, Unchecked: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, o, open(rule.Ask), func(w *world) {
				for _, title := range []string{"a", "b", "c"} {
					w.put(title+".ics", event("uid-"+title, title))
				}
				w.clean()
				w.crm.Remove(mem.Activities, w.entitled("a").ID)
				w.delete("b.ics")
				if rep := w.resend(RunOptions{Resend: ToRemote}); rep.Counts.DeletedLocal+rep.Counts.DeletedRemote != 0 || len(w.objects()) != 2 || len(w.records()) != 3 {
					w.t.Fatalf("to the CRM: %+v, %d objects, %d records", rep.Counts, len(w.objects()), len(w.records()))
				}
				if len(w.conflicts(false)) != 0 {
					w.t.Errorf("what was asked for became a conflict: %+v", w.conflicts(false))
				}
				w.clean() // the deletion of b
				if len(w.records()) != 2 {
					w.t.Fatalf("%d records after a usual run", len(w.records()))
				}
				w.quiet()

				w.delete(w.named("a").Name)
				w.crm.Remove(mem.Activities, w.entitled("c").ID)
				if rep := w.resend(RunOptions{Resend: ToLocal}); rep.Counts.DeletedLocal+rep.Counts.DeletedRemote != 0 || len(w.objects()) != 2 || len(w.records()) != 1 {
					w.t.Fatalf("to here: %+v, %d objects, %d records", rep.Counts, len(w.objects()), len(w.records()))
				}
				w.clean() // the deletion of c
				if w.named("a"); len(w.objects()) != 1 || len(w.records()) != 1 {
					w.t.Errorf("%d objects, %d records", len(w.objects()), len(w.records()))
				}
				w.quiet()
			})
		})
	}
}

func TestResendSurvivesACRMThatLostEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{NoDeletionReport: true}, open(rule.Ask))
	for _, title := range []string{"a", "b", "c", "d"} {
		w.put(title+".ics", event("uid-"+title, title))
	}
	w.clean()
	w.crm.Clear(mem.Activities)
	w.resend(RunOptions{Resend: ToRemote})
	if len(w.objects()) != 4 || len(w.records()) != 4 {
		t.Errorf("%d objects, %d records", len(w.objects()), len(w.records()))
	}
	w.quiet()
}

func TestResendOverwritesNoChange(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "plan"))
		w.clean()
		w.change(w.record().ID, func(e *pim.Event) { e.Notes, e.Title = "theirs", "plan there" })
		w.edit("a.ics", func(e *pim.Event) { e.Location, e.Title = "mine", "plan here" })
		w.engine.Run(w.ctx, w.link.ID, RunOptions{Resend: ToRemote}) //nolint:errcheck // what it left is looked at
		here, there := w.item(w.only()), w.record().Item.(*pim.Event)
		if here.Notes != "theirs" || there.Location != "mine" || here.Title != "plan here" || there.Title != "plan there" || len(w.conflicts(false)) != 1 {
			w.t.Errorf("here %+v, there %+v, %d conflicts", here, there, len(w.conflicts(false)))
		}
	})
}

// narrow is a driver that does not carry notes yet.
type narrow struct{ remote.Remote }

func (n narrow) Traits() remote.Traits {
	t := n.Remote.Traits()
	all := t.Carries
	t.Carries = map[pim.Kind]pim.FieldSet{}
	for k, set := range all {
		t.Carries[k] = set.Minus(pim.Set(pim.FieldNotes))
	}
	return t
}

func (n narrow) Create(ctx context.Context, c remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	e.Item = without(e.Item, pim.Set(pim.FieldNotes))
	return n.Remote.Create(ctx, c, e, key)
}

func TestResendSendsFieldsThatWereNotCarriedBefore(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	storetest.EachWith(t, store.Config{Now: clock.Now}, func(t *testing.T, s *store.Store) {
		w := newWorldAt(t, s, clock, "ann", mem.Options{}, open(rule.Ask))
		full := w.engine.Remotes.(fixed).r
		w.engine.Remotes = fixed{narrow{full}}
		for _, title := range []string{"a", "b"} {
			e := event("uid-"+title, title)
			e.Notes = "notes of " + title
			w.put(title+".ics", e)
		}
		w.clean()
		w.engine.Remotes = fixed{full}
		w.clean()
		if n := w.entitled("a").Item.(*pim.Event).Notes; n != "" {
			w.t.Fatalf("sent before it was asked for: %q", n)
		}
		w.clock.Advance(time.Hour)
		since := w.clock.Now()
		w.edit("b.ics", func(e *pim.Event) { e.Location = "Oslo" })
		w.resend(RunOptions{Resend: ToRemote, Since: since})
		if a, b := w.entitled("a").Item.(*pim.Event).Notes, w.entitled("b").Item.(*pim.Event).Notes; a != "" || b != "notes of b" {
			w.t.Fatalf("since: %q, %q", a, b)
		}
		w.resend(RunOptions{Resend: ToRemote})
		if a := w.entitled("a").Item.(*pim.Event).Notes; a != "notes of a" {
			w.t.Errorf("%q", a)
		}
		w.quiet()
	})
}

// TestRereadSince makes again here only what changed there since.
func TestRereadSince(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		old := w.crm.Add(event("", "old"), "")
		w.clock.Advance(48 * time.Hour)
		since := w.clock.Now()
		w.clock.Advance(time.Hour)
		w.crm.Add(event("", "new"), "")
		w.clean()
		for name := range w.objects() {
			w.delete(name)
		}
		w.resend(RunOptions{Resend: ToLocal, Since: since})
		if len(w.objects()) != 1 || w.item(w.only()).Title != "new" || len(w.records()) != 2 {
			w.t.Fatalf("%d objects, %d records", len(w.objects()), len(w.records()))
		}
		w.clean()
		if len(w.records()) != 1 || w.record().ID == old {
			w.t.Errorf("the other deletion did not go: %d records", len(w.records()))
		}
	})
}

// TestRowX14SinceProtectsWhatIsOlder: the CRM was restored from a copy and lost items. Of those
// that are older than what is sent again none is deleted here, in any later run, until a person
// says so.
func TestRowX14SinceProtectsWhatIsOlder(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(w *world){
		"some are left": func(w *world) {
			w.crm.Remove(mem.Activities, w.entitled("old 1").ID)
			w.crm.Remove(mem.Activities, w.entitled("old 2").ID)
			w.crm.Remove(mem.Activities, w.entitled("new").ID)
		},
		"none is left": func(w *world) { w.crm.Clear(mem.Activities) },
	} {
		for kind, o := range map[string]mem.Options{"strong": {}, "weak": {NoDeletionReport: true, NoItemsInDelta: true, NoUID: true}} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				clock := storetest.NewClock()
				storetest.EachWith(t, store.Config{Now: clock.Now}, func(t *testing.T, s *store.Store) {
					w := newWorldAt(t, s, clock, "ann", o, open(rule.Ask))
					for _, title := range []string{"old 1", "old 2", "old 3"} {
						w.put(title+".ics", event("uid-"+title, title))
					}
					w.clean()
					w.clock.Advance(48 * time.Hour)
					w.quiet() // the addresses of their pages are noted
					w.clock.Advance(time.Hour)
					since := w.clock.Now()
					w.put("new.ics", event("uid-new", "new"))
					w.clean()
					lose(w)
					gone := 4 - len(w.records())
					if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Resend: ToRemote, Since: since}); err != nil {
						w.t.Fatal(err)
					}
					w.entitled("new")
					for range 3 {
						w.clock.Advance(24 * time.Hour)
						if rep := w.run(); rep.Counts.DeletedLocal != 0 || rep.Run.Outcome != OutcomeHeld || rep.Counts.Withheld != gone-1 || len(w.objects()) != 4 {
							w.t.Fatalf("%+v %s, %d objects", rep.Counts, rep.Run.Error, len(w.objects()))
						}
					}
					// One is gone for good, the others come back there.
					if n, err := w.engine.Approve(w.ctx, w.link.ID, "uid-old 1"); n != 1 || err != nil {
						w.t.Fatal(n, err)
					}
					if _, err := w.engine.Reject(w.ctx, w.link.ID, ""); err != nil {
						w.t.Fatal(err)
					}
					w.want(3, 3)
				})
			})
		}
	}
}
