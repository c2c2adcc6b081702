package relay

import (
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/store"
)

// A world with a conflict: for tests of what a person chooses, and takes back.

// collision has an item whose title and place both sides changed, and whose notes only the hub
// did; the conflict is open.
func (w *world) collision() store.ConflictID {
	w.t.Helper()
	w.changeBoth(func(e *pim.Event) { e.Title, e.Location, e.Notes = "mine", "my place", "note" },
		func(e *pim.Event) { e.Title, e.Location = "theirs", "their place" })
	w.clean()
	w.quiet()
	cs := w.conflicts(false)
	if len(cs) != 1 {
		w.t.Fatalf("%d conflicts", len(cs))
	}
	return cs[0].ID
}

func (w *world) choose(id store.ConflictID, take string) {
	w.t.Helper()
	ch, err := ParseChoice(take)
	if err == nil {
		err = w.engine.Settle(w.ctx, id, ch, "ann")
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) takeBack(id store.ConflictID) {
	w.t.Helper()
	if err := w.engine.Undo(w.ctx, id, "ann"); err != nil {
		w.t.Fatal(err)
	}
}

// sides are title and place of every item here, and there.
func (w *world) sides() string {
	var here, there []string
	for _, o := range w.objects() {
		e := w.item(o)
		here = append(here, e.Title+"@"+e.Location)
	}
	for _, r := range w.records() {
		e := r.Item.(*pim.Event)
		there = append(there, e.Title+"@"+e.Location)
	}
	slices.Sort(here)
	slices.Sort(there)
	return strings.Join(here, ",") + " | " + strings.Join(there, ",")
}

// openAgain wants the report open, and the sides as they were, also after runs.
func (w *world) openAgain(id store.ConflictID, before string) {
	w.t.Helper()
	for range 2 {
		cs := w.conflicts(false)
		if after := w.both(); after != before || len(cs) != 1 || cs[0].ID != id || len(w.conflicts(true)) != 1 {
			w.t.Fatalf("open: %d of %d; before:\n%s\nafter:\n%s", len(cs), len(w.conflicts(true)), before, after)
		}
		w.clean()
	}
	w.quiet()
}

var choices = map[string]string{
	"mine": "mine@my place | mine@my place", "theirs": "theirs@their place | theirs@their place",
	"title=mine,location=theirs": "mine@their place | mine@their place",
	"both":                       "mine@my place,theirs@their place | mine@my place,theirs@their place",
}
