package relay

import (
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// refusedWorld has an object that a device changed from an old version: its write was
// refused (or overwrote the newer one), and others changed the object since.
func refusedWorld(t *testing.T, cause store.Cause) (*world, store.ConflictID) {
	t.Helper()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
	base := w.put("a.ics", event("uid-a", "base"))
	text := func(title, place string, extra ...string) []byte {
		e := event("uid-a", title)
		e.Location = place
		wr, err := newCodec(w.clock.Now(), "").create(e, "uid-a")
		if err != nil {
			t.Fatal(err)
		}
		return []byte(strings.Replace(string(wr.text), "END:VEVENT", strings.Join(append(extra, "END:VEVENT"), "\r\n"), 1))
	}
	device, server := text("device", "device's place", "X-ALARM:device"), text("server", "")
	c := store.Conflict{UserID: w.user.ID, CollectionID: w.coll.ID, ObjectID: base.ID, Name: "a.ics", UID: "uid-a", Kind: pim.KindEvent,
		Cause: cause, Base: base.Text, Mine: device, Theirs: server}
	if cause == store.CauseBlind {
		c.Mine, c.Theirs = server, device // what was written over is what is only in the report
	}
	w.update(func(tx *store.Tx) error {
		var err error
		c, err = tx.AddConflict(c)
		return err
	})
	w.edit("a.ics", func(e *pim.Event) { e.Title, e.Notes = "newer", "newer notes" })
	return w, c.ID
}

func TestTakingWhatStandsChangesNothing(t *testing.T) {
	t.Parallel()
	for cause, standing := range map[store.Cause]Take{store.CausePrecondition: Theirs, store.CauseBlind: Mine} {
		w, id := refusedWorld(t, cause)
		before := w.object("a.ics")
		w.view(func(tx *store.Tx) error {
			c, err := tx.Conflict(id)
			if err != nil {
				return err
			}
			c, err = Standing(tx, c)
			shown := c.Theirs
			if cause == store.CauseBlind {
				shown = c.Mine
			}
			if string(shown) != string(before.Text) {
				t.Errorf("%s: what is shown is not what the server holds", cause)
			}
			return err
		})
		if err := w.engine.Settle(w.ctx, id, Choice{All: standing}, "ann"); err != nil {
			t.Fatal(err)
		}
		if after := w.object("a.ics"); after.Seq != before.Seq {
			t.Errorf("%s: %q became %q", cause, w.item(before).Title, w.item(after).Title)
		}
		// Nor does a deletion since come undone.
		w, id = refusedWorld(t, cause)
		w.delete("a.ics")
		if err := w.engine.Settle(w.ctx, id, Choice{All: standing}, "ann"); err != nil || len(w.objects()) != 0 {
			t.Errorf("%s: %d objects, %v", cause, len(w.objects()), err)
		}
	}
}

func TestTakingWhatWasLostKeepsWhatOthersChanged(t *testing.T) {
	t.Parallel()
	for cause, lost := range map[store.Cause]Take{store.CausePrecondition: Mine, store.CauseBlind: Theirs} {
		w, id := refusedWorld(t, cause)
		if err := w.engine.Settle(w.ctx, id, Choice{All: lost}, "ann"); err != nil {
			t.Fatal(err)
		}
		o := w.object("a.ics")
		if e := w.item(o); e.Title != "device" || e.Location != "device's place" || e.Notes != "newer notes" || !strings.Contains(string(o.Text), "X-ALARM:device") {
			t.Errorf("%s: %+v\n%s", cause, e, o.Text)
		}
		// Field by field, and what is not named stays.
		w, id = refusedWorld(t, cause)
		other := map[Take]Take{Mine: Theirs, Theirs: Mine}[lost]
		if err := w.engine.Settle(w.ctx, id, Choice{All: other, Fields: map[pim.FieldID]Take{pim.FieldLocation: lost}}, "ann"); err != nil {
			t.Fatal(err)
		}
		if e := w.item(w.object("a.ics")); e.Title != "newer" || e.Location != "device's place" {
			t.Errorf("%s: %+v", cause, e)
		}
		w, id = refusedWorld(t, cause)
		mustFail(t, w.engine.Settle(w.ctx, id, Choice{Fields: map[pim.FieldID]Take{pim.FieldLocation: lost}}, "ann"), pim.ErrInvalid)
		mustFail(t, w.engine.Settle(w.ctx, id, Choice{All: lost, Fields: map[pim.FieldID]Take{pim.FieldStatus: lost}}, "ann"), pim.ErrInvalid)
		// Of an item that is gone.
		w.delete("a.ics")
		if err := w.engine.Settle(w.ctx, id, Choice{All: lost}, "ann"); err != nil || w.item(w.only()).Title != "device" {
			t.Errorf("%s: %v", cause, err)
		}
	}
}

func TestARefusedDeletion(t *testing.T) {
	t.Parallel()
	for take, left := range map[Take]int{Mine: 0, Theirs: 1} {
		w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
		o := w.put("a.ics", event("uid-a", "base"))
		var c store.Conflict
		w.update(func(tx *store.Tx) error {
			var err error
			c, err = tx.AddConflict(store.Conflict{UserID: w.user.ID, CollectionID: w.coll.ID, ObjectID: o.ID, Name: "a.ics", UID: "uid-a",
				Kind: pim.KindEvent, Cause: store.CausePrecondition, Base: o.Text, Theirs: o.Text})
			return err
		})
		if err := w.engine.Settle(w.ctx, c.ID, Choice{All: take}, "ann"); err != nil || len(w.objects()) != left {
			t.Errorf("%s: %d objects, %v", take, len(w.objects()), err)
		}
	}
}

func TestBothVersionsAreKept(t *testing.T) {
	t.Parallel()
	for _, cause := range []store.Cause{store.CausePrecondition, store.CauseBlind} {
		w, id := refusedWorld(t, cause)
		before := w.object("a.ics")
		if err := w.engine.Settle(w.ctx, id, Choice{All: KeepBoth}, "ann"); err != nil {
			t.Fatal(err)
		}
		titles := map[string]bool{}
		for _, o := range w.objects() {
			titles[w.item(o).Title] = true
		}
		if len(w.objects()) != 2 || !titles["newer"] || !titles["device"] || w.object("a.ics").Seq != before.Seq {
			t.Errorf("%s: %v", cause, titles)
		}
		w.clean()
		w.quiet()
		if len(w.records()) != 2 {
			t.Errorf("%s: %d records", cause, len(w.records()))
		}
		if err := w.engine.Undo(w.ctx, id, "ann"); err != nil || len(w.objects()) != 1 || len(w.conflicts(false)) != 1 {
			t.Errorf("%s, undone: %v, %d objects", cause, err, len(w.objects()))
		}
	}
}

func TestBothVersionsOfALinkAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
	w.put("a.ics", event("uid-a", "base"))
	w.clean()
	w.edit("a.ics", func(e *pim.Event) { e.Title = "here" })
	w.change(w.record().ID, func(e *pim.Event) { e.Title = "there" })
	w.clean()
	if err := w.engine.Settle(w.ctx, w.conflicts(false)[0].ID, Choice{All: KeepBoth}, "ann"); err != nil {
		t.Fatal(err)
	}
	w.clean()
	w.clean()
	w.quiet()
	here, there := map[string]int{}, map[string]int{}
	for _, o := range w.objects() {
		here[w.item(o).Title]++
	}
	for _, r := range w.records() {
		there[r.Item.(*pim.Event).Title]++
	}
	if len(here) != 2 || here["here"] != 1 || here["there"] != 1 || len(there) != 2 || there["here"] != 1 || there["there"] != 1 {
		t.Errorf("%v here, %v there", here, there)
	}
}

func TestAChoiceIsTakenBack(t *testing.T) {
	t.Parallel()
	for cause, lost := range map[store.Cause]Take{store.CausePrecondition: Mine, store.CauseBlind: Theirs} {
		w, id := refusedWorld(t, cause)
		before := string(w.object("a.ics").Text)
		undo := func() {
			t.Helper()
			if err := w.engine.Undo(w.ctx, id, "ann"); err != nil {
				t.Fatal(err)
			}
			if after := string(w.object("a.ics").Text); after != before || len(w.conflicts(false)) != 1 {
				t.Errorf("%s: %d open, became\n%s", cause, len(w.conflicts(false)), after)
			}
		}
		settle := func(take Take) {
			t.Helper()
			if err := w.engine.Settle(w.ctx, id, Choice{All: take}, "ann"); err != nil {
				t.Fatal(err)
			}
		}
		mustFail(t, w.engine.Undo(w.ctx, id, "ann"), pim.ErrInvalid)
		settle(lost)
		undo()
		settle(map[Take]Take{Mine: Theirs, Theirs: Mine}[lost]) // changed nothing
		undo()
		settle(lost)
		w.edit("a.ics", func(e *pim.Event) { e.Title = "since" })
		mustFail(t, w.engine.Undo(w.ctx, id, "ann"), pim.ErrConflict)
	}
	// Of an item that was gone.
	w, id := refusedWorld(t, store.CausePrecondition)
	w.delete("a.ics")
	if err := w.engine.Settle(w.ctx, id, Choice{All: Mine}, "ann"); err != nil || len(w.objects()) != 1 {
		t.Fatalf("%v, %d objects", err, len(w.objects()))
	}
	if err := w.engine.Undo(w.ctx, id, "ann"); err != nil || len(w.objects()) != 0 {
		t.Errorf("%v, %d objects", err, len(w.objects()))
	}
	// Of a link: both sides are as they were, and the report is open (TestRowB12…).
	w = newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
	w.put("a.ics", event("uid-a", "base"))
	w.clean()
	w.edit("a.ics", func(e *pim.Event) { e.Title = "here" })
	w.change(w.record().ID, func(e *pim.Event) { e.Title = "there" })
	w.clean()
	id = w.conflicts(false)[0].ID
	if err := w.engine.Settle(w.ctx, id, Choice{All: Theirs}, "ann"); err != nil {
		t.Fatal(err)
	}
	w.clean()
	if err := w.engine.Undo(w.ctx, id, "ann"); err != nil {
		t.Fatal(err)
	}
	w.clean()
	w.quiet()
	if h, r := w.item(w.only()).Title, w.record().Item.(*pim.Event).Title; h != "here" || r != "there" || len(w.conflicts(false)) != 1 {
		t.Errorf("%q here, %q there, %d open", h, r, len(w.conflicts(false)))
	}
}
