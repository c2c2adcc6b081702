package relay

import (
	"context"
	"slices"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/remote/several"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// chooses opens a remote as Connections do: a link to several folders sees them as one.
type chooses struct {
	r   remote.Remote
	now func() time.Time
}

func (c chooses) Open(_ context.Context, l store.Link, _ store.User) (remote.Remote, error) {
	return several.For(remote.CollectionID(l.Remote), c.r, c.now), nil
}

// throughFolders makes the world's link one to a place of several folders.
func (w *world) throughFolders(place remote.CollectionID) {
	w.t.Helper()
	w.engine.Remotes = chooses{w.crm.Remote(), w.clock.Now}
	w.link.Remote = string(place)
	w.update(func(tx *store.Tx) error { return tx.UpdateLink(w.link, "Remote") })
}

var mailFolders = []remote.CollectionID{mem.Activities, folderB, folderU}

// places are all folders, and those same three by choice.
func places() map[string]remote.CollectionID {
	return map[string]remote.CollectionID{"all": several.All(pim.Kinds(pim.KindEvent)), "chosen": several.Place(mailFolders...)}
}

func onPlaces(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	for name, opt := range markings() {
		for kind, place := range places() {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, storetest.Open(t), "ann", opt, open(rule.Ask))
				w.throughFolders(place)
				f(t, w)
			})
		}
	}
}

// counts are the records in each folder.
func (w *world) counts() []int {
	var n []int
	for _, f := range mailFolders {
		n = append(n, len(w.crm.Items(f)))
	}
	return n
}

func (w *world) wantCounts(objects int, records ...int) {
	w.t.Helper()
	if n := len(w.objects()); n != objects || !slices.Equal(w.counts(), records) {
		w.t.Fatalf("%d objects and %v records, want %d and %v", n, w.counts(), objects, records)
	}
}

// TestRowC3AllCalendarsAreOne: what is in any of the folders is in the one collection; changes and deletions go to the folder that an item is
// in, and new items to the first one.
func TestRowC3AllCalendarsAreOne(t *testing.T) {
	t.Parallel()
	onPlaces(t, func(t *testing.T, w *world) {
		for i, f := range mailFolders {
			w.crm.AddTo(f, event("", "made there "+string(f)))
			w.put(string(f)+".ics", event("uid-"+string(f), "made here "+string(rune('a'+i))))
		}
		w.clean()
		w.wantCounts(6, 4, 1, 1)
		w.quiet()
		for name, o := range w.objects() {
			if slices.Contains([]string{"activities.ics", "work.ics", "unlinked.ics"}, name) {
				continue
			}
			w.edit(name, func(e *pim.Event) { e.Location = "Room of " + o.UID })
		}
		w.clean()
		for _, f := range mailFolders {
			if !slices.ContainsFunc(w.crm.Items(f), func(rec remote.Record) bool {
				e := rec.Item.(*pim.Event)
				return e.Title == "made there "+string(f) && e.Location != ""
			}) {
				t.Errorf("what was changed here is not in %s", f)
			}
		}
		w.crm.Remove(folderB, w.crm.Items(folderB)[0].ID)
		w.clean()
		w.wantCounts(5, 4, 0, 1)
		for name, o := range w.objects() {
			if e := w.item(o); e.Title == "made there "+string(folderU) {
				w.delete(name)
			}
		}
		w.clean()
		w.wantCounts(4, 4, 0, 0)
		w.quiet()
	})
}

// TestRowC3MovedAmongAllCalendars: between two folders of one link nothing is made or deleted, and a change of that moment goes along; a
// copy is an item of its own.
func TestRowC3MovedAmongAllCalendars(t *testing.T) {
	t.Parallel()
	onPlaces(t, func(t *testing.T, w *world) {
		w.put("a.ics", event("uid-a", "moves"))
		w.clean()
		w.clean()
		was := w.object("a.ics")
		id, ok := w.crm.Move(mem.Activities, w.crm.Items(mem.Activities)[0].ID, folderB)
		if !ok {
			t.Fatal("not moved")
		}
		w.edit("a.ics", func(e *pim.Event) { e.Location = "Room 4" })
		w.clean()
		w.clean()
		w.wantCounts(1, 0, 1, 0)
		if now := w.object("a.ics"); now.ID != was.ID {
			t.Error("the object was made anew")
		}
		if e := w.crm.Items(folderB)[0].Item.(*pim.Event); e.Location != "Room 4" {
			t.Errorf("what was changed here meanwhile is %q there", e.Location)
		}
		if _, ok := w.crm.Copy(folderB, id, folderU); !ok {
			t.Fatal("not copied")
		}
		w.clean()
		w.clean()
		w.wantCounts(2, 0, 1, 1)
		w.quiet()
	})
}

// TestRowC3ChosenAgain: a link to one folder that is removed and made anew as one of all of them, and back, has the same items.
func TestRowC3ChosenAgain(t *testing.T) {
	t.Parallel()
	onPlaces(t, func(t *testing.T, w *world) {
		place := w.link.Remote
		w.throughFolders(mem.Activities)
		w.crm.AddTo(mem.Activities, event("", "made there"))
		w.put("a.ics", event("uid-a", "made here"))
		w.clean()
		w.clean()
		before := w.objects()
		for _, p := range []string{place, string(mem.Activities)} {
			w.update(func(tx *store.Tx) (err error) {
				if err := w.engine.RemoveLink(tx, w.link.ID, false); err != nil {
					return err
				}
				l := w.link
				l.ID, l.Remote, l.Cursor, l.LastSuccess, l.ListedAt, l.LocalSeq = 0, p, "", nil, nil, 0
				w.link, err = tx.CreateLink(l)
				return err
			})
			w.clean()
			w.clean()
			w.wantCounts(2, 2, 0, 0)
			for name, o := range w.objects() {
				if before[name].ID != o.ID {
					t.Errorf("%s was made anew", name)
				}
			}
			w.quiet()
		}
	})
}
