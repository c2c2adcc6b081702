package relay

import (
	"slices"
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// Moving an item out of a linked collection takes it apart from its record: both copies stay, whatever the rule of
// deletions says, and whether the client moves it or makes it there and deletes it here. Moving it back ties them again.
func TestRowB8MovedOutAndBack(t *testing.T) {
	t.Parallel()
	ways := map[string]func(tx *store.Tx, from, to store.Collection) error{
		"moved": func(tx *store.Tx, from, to store.Collection) error {
			_, err := tx.MoveObject(store.Move{From: from.ID, Name: "a.ics", To: to.ID, NewName: "a.ics", By: "dav:test"})
			return err
		},
		"made there and deleted here": func(tx *store.Tx, from, to store.Collection) error {
			o, err := tx.ObjectByUID(from.ID, "uid-a")
			if err != nil {
				return err
			}
			if _, err := tx.PutObject(store.Put{Collection: to.ID, Name: "a.ics", Kind: o.Kind, Component: o.Component, UID: o.UID, Text: o.Text, Start: o.Start, End: o.End, By: "dav:test"}); err != nil {
				return err
			}
			_, err = tx.DeleteObject(from.ID, "a.ics", store.Cond{}, "dav:test", 0)
			return err
		},
	}
	for name, move := range ways {
		for _, changed := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
					w.put("a.ics", event("uid-a", "one"))
					w.clean()
					private := w.another("private")
					id := w.record().ID
					if changed {
						w.change(id, func(e *pim.Event) { e.Title = "one, later" })
					}
					w.update(func(tx *store.Tx) error { return move(tx, w.coll, private) })
					for range 2 {
						w.clean()
						w.want(0, 1)
					}
					xs, err := w.engine.Explain(t.Context(), w.link.ID, "uid-a")
					if err != nil || len(xs) != 1 || !slices.ContainsFunc(xs[0].Words, func(s string) bool { return strings.Contains(s, `moved to "private"`) }) {
						t.Errorf("%v %+v", err, xs)
					}
					// A change over there is nobody's business here.
					w.change(id, func(e *pim.Event) { e.Location = "elsewhere" })
					w.clean()
					w.want(0, 1)
					linked := w.coll
					w.coll = private
					w.edit("a.ics", func(e *pim.Event) { e.Notes = "written there" })
					w.coll = linked
					w.update(func(tx *store.Tx) error { return move(tx, private, w.coll) })
					w.clean()
					w.want(1, 1)
					w.quiet()
					there := w.record().Item.(*pim.Event)
					if o := w.only(); w.record().ID != id || w.item(o).Location != "elsewhere" || there.Notes != "written there" || changed && w.item(o).Title != "one, later" {
						t.Errorf("tied to %s: %+v, %+v", w.record().ID, w.item(o), there)
					}
					if cs := w.conflicts(true); len(cs) != 0 {
						t.Errorf("conflicts: %+v", cs)
					}
				})
			})
		}
	}
}

// A deletion is one, though another collection with a link has an item of this UID.
func TestDeletedThoughAnotherLinkHasIt(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "one"))
		w.clean()
		w.delete("a.ics")
		w.another("private")
		w.clean()
		w.want(0, 0)
	})
}

// The occurrences of a series are where the series is.
func TestRowB8ASeriesMovedOut(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoSeries: true}, expanding(), func(w *world) {
		o := w.put("s.ics", dailySeries("s", "Stand-up", 3))
		w.clean()
		w.same("08 09:00 Stand-up", "09 09:00 Stand-up", "10 09:00 Stand-up")
		private := w.another("private")
		move := func(from, to store.Collection) {
			w.update(func(tx *store.Tx) error {
				_, err := tx.MoveObject(store.Move{From: from.ID, Name: o.Name, To: to.ID, NewName: o.Name, By: "dav:test"})
				return err
			})
			w.clean()
			w.quiet()
		}
		move(w.coll, private)
		w.want(0, 3)
		move(private, w.coll)
		w.same("08 09:00 Stand-up", "09 09:00 Stand-up", "10 09:00 Stand-up")
	})
}
