package relay

import (
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// ruled is a world with the rules of text and no window.
func ruled(t *testing.T, text string) *world {
	t.Helper()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, rules(t, text))
	return w
}

func rules(t testing.TB, text string) rule.Rules {
	t.Helper()
	r, err := rule.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// rerule changes the rules as a person does, and runs.
func (w *world) rerule(text string) rule.Touch {
	w.t.Helper()
	touch, err := w.engine.SetRules(w.ctx, w.link.ID, rules(w.t, text))
	if err != nil {
		w.t.Fatal(err)
	}
	w.clean()
	return touch
}

func typed(uid, title, typ string) *pim.Event {
	e := event(uid, title)
	e.CRM.Type = typ
	return e
}

func private(uid, title string) *pim.Event {
	e := event(uid, title)
	e.Class, e.Notes, e.Location = pim.Private, "with the lawyer", "Court 3"
	return e
}

func (w *world) titles() map[string]bool {
	w.t.Helper()
	m := map[string]bool{}
	for _, o := range w.objects() {
		m[w.item(o).Title] = true
	}
	return m
}

func (w *world) recordTitles() map[string]remote.ItemID {
	m := map[string]remote.ItemID{}
	for _, rec := range w.records() {
		m[rec.Item.Summary()] = rec.ID
	}
	return m
}

const noWindow = `"pastDays":-1,"futureDays":-1`

// S4 S5 X2 X14: types that are created, per direction.
func TestRowS4S5TypesThatAreCreated(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"in":{"create":["Meeting"]},"out":{"create":["Call"]}}`)
	w.crm.Add(typed("", "their meeting", "Meeting"), "")
	w.crm.Add(typed("", "their call", "Call"), "")
	w.put("m.ics", typed("m", "my meeting", "Meeting"))
	w.put("c.ics", typed("c", "my call", "Call"))
	w.put("n.ics", event("n", "my nothing"))
	w.clean()
	if got := w.titles(); len(got) != 4 || !got["their meeting"] || got["their call"] {
		t.Errorf("objects: %v", got)
	}
	if got := w.recordTitles(); len(got) != 3 || got["my call"] == "" {
		t.Errorf("records: %v", got)
	}
	w.quiet()
	// What was kept out comes once the rule lets it, and nothing is made twice.
	if touch := w.rerule(`{` + noWindow + `,"out":{"create":["Call","-"]}}`); !touch.Listing {
		t.Errorf("touched %+v", touch)
	}
	if got := w.titles(); len(got) != 5 || !got["their call"] {
		t.Errorf("objects: %v", got)
	}
	if got := w.recordTitles(); len(got) != 4 || got["my nothing"] == "" {
		t.Errorf("records: %v", got)
	}
	w.quiet()
}

// S5 X14: types whose changes and deletions carry over; the rest waits, and is not lost.
func TestRowS5TypesWhoseChangesCarry(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"in":{"carry":[]},"out":{"carry":["Call"]}}`)
	w.put("m.ics", typed("m", "meeting", "Meeting"))
	w.put("c.ics", typed("c", "call", "Call"))
	w.put("d.ics", typed("d", "deleted meeting", "Meeting"))
	w.clean()
	ids := w.recordTitles()
	w.edit("m.ics", func(e *pim.Event) { e.Title = "meeting, changed here" })
	w.edit("c.ics", func(e *pim.Event) { e.Title = "call, changed here" })
	w.delete("d.ics")
	w.change(ids["call"], func(e *pim.Event) { e.Location = "there" })
	w.clean()
	got := w.recordTitles()
	if len(got) != 3 || got["meeting"] == "" || got["call, changed here"] == "" || got["deleted meeting"] == "" {
		t.Errorf("records: %v", got)
	}
	if e := w.item(w.object("c.ics")); e.Location != "" {
		t.Errorf("a change came in: %+v", e)
	}
	w.quiet()
	w.rerule(`{` + noWindow + `}`)
	got = w.recordTitles()
	if len(got) != 2 || got["meeting, changed here"] == "" || got["call, changed here"] == "" {
		t.Errorf("records once the rules let them: %v", got)
	}
	if e := w.item(w.object("c.ics")); e.Location != "there" {
		t.Errorf("%+v", e)
	}
	w.quiet()
}

// S11 X9: private items without content; nothing written back.
func TestRowS11PrivateItemsAreMasked(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"out":{"private":"mask"}}`)
	w.put("p.ics", private("p", "divorce"))
	w.put("o.ics", event("o", "open"))
	w.clean()
	id, ok := w.recordTitles()["Private"]
	if !ok || w.recordTitles()["open"] == "" {
		t.Fatalf("records: %v", w.recordTitles())
	}
	record := func() *pim.Event {
		for _, rec := range w.records() {
			if rec.ID == id {
				return rec.Item.(*pim.Event)
			}
		}
		t.Fatal("no record")
		return nil
	}
	if e := record(); e.Notes != "" || e.Location != "" || e.Start.IsZero() {
		t.Errorf("the record shows %+v", e)
	}
	w.quiet()
	// Content that somebody writes there stays there, and times come back.
	w.change(id, func(e *pim.Event) {
		e.Title, e.Notes, e.End = "whose?", "call me", pim.At(e.End.Time.AddDate(0, 0, 1), "")
	})
	w.clean()
	mine := w.item(w.object("p.ics"))
	if mine.Title != "divorce" || mine.Notes != "with the lawyer" || mine.End.Time.Day() != 9 {
		t.Errorf("the object is %+v", mine)
	}
	// Content that is changed here is not sent either.
	w.edit("p.ics", func(e *pim.Event) { e.Notes = "with another lawyer" })
	w.clean()
	if e := record(); e.Notes != "call me" || e.Title != "whose?" {
		t.Errorf("the record shows %+v", e)
	}
	w.quiet()
	// Made public, it goes over in full, but for what collides.
	w.change(id, func(e *pim.Event) { e.Title, e.Notes = "Private", "" })
	w.clean()
	w.edit("p.ics", func(e *pim.Event) { e.Class = pim.Public })
	w.clean()
	if e := record(); e.Title != "divorce" || e.Notes != "with another lawyer" || e.Location != "Court 3" {
		t.Errorf("public, the record shows %+v; conflicts %+v", e, w.conflicts(false))
	}
	// Made private again, the content goes.
	w.edit("p.ics", func(e *pim.Event) { e.Class = pim.Private })
	w.clean()
	if e := record(); e.Title != "Private" || e.Notes != "" || e.Location != "" {
		t.Errorf("private again, the record shows %+v", e)
	}
	w.quiet()
}

// S11 X9: the same inward: what is masked here is never sent back as content.
func TestRowX9PrivateRecordsAreMasked(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"in":{"private":"mask"}}`)
	id := w.crm.Add(private("", "their divorce"), "")
	w.clean()
	o := w.only()
	if e := w.item(o); e.Title != "Private" || e.Notes != "" || e.Location != "" || e.Class != pim.Private {
		t.Errorf("the object shows %+v", e)
	}
	w.edit(o.Name, func(e *pim.Event) { e.Title, e.End = "mine?", pim.At(e.End.Time.AddDate(0, 0, 1), "") })
	w.clean()
	if e := w.record().Item.(*pim.Event); e.Title != "their divorce" || e.Notes != "with the lawyer" || e.End.Time.Day() != 9 {
		t.Errorf("the record is %+v", e)
	}
	w.edit(o.Name, func(e *pim.Event) { e.Title = "Private" })
	w.clean()
	w.change(id, func(e *pim.Event) { e.Class = pim.Public })
	w.clean()
	if e := w.item(w.only()); e.Title != "their divorce" || e.Notes != "with the lawyer" {
		t.Errorf("public, the object shows %+v", e)
	}
	w.quiet()
}

// A record that is private by its own word keeps its content, whatever the rule says of
// what goes out.
func TestAPrivateRecordIsNotOverwrittenByAMask(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"out":{"private":"mask"}}`)
	id := w.crm.Add(private("", "their divorce"), "")
	w.clean()
	o := w.only()
	w.edit(o.Name, func(e *pim.Event) { e.Notes = "mine"; e.Priority = 3 })
	w.clean()
	e := w.record().Item.(*pim.Event)
	if e.Title != "their divorce" || e.Notes != "with the lawyer" || e.Priority != 3 {
		t.Errorf("the record is %+v", e)
	}
	// The same when a public record is made private there.
	w.change(id, func(e *pim.Event) { e.Class = pim.Public })
	w.clean()
	w.change(id, func(e *pim.Event) { e.Class = pim.Private })
	w.clean()
	if e := w.record().Item.(*pim.Event); e.Title != "their divorce" || e.Location != "Court 3" {
		t.Errorf("made private there, the record is %+v", e)
	}
	w.quiet()
}

// Nor does it go from where it is at home.
func TestAPrivateRecordStaysWhereItIsAtHome(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"out":{"private":"none"}}`)
	id := w.crm.Add(event("", "theirs"), "")
	w.put("mine.ics", event("mine", "mine"))
	w.clean()
	w.change(id, func(e *pim.Event) { e.Class = pim.Private })
	w.clean()
	for name, o := range w.objects() {
		if w.item(o).Title == "theirs" {
			w.edit(name, func(e *pim.Event) { e.Notes = "looked at again" })
		}
	}
	w.clean()
	if o, r := w.titles(), w.recordTitles(); !o["theirs"] || r["theirs"] == "" {
		t.Errorf("%v, %v", o, r)
	}
	w.quiet()
}

// What turns private goes when what changed on the other side is saved, and not before.
func TestWhatTurnsPrivateTakesNothingWithIt(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"out":{"private":"none"}}`)
	w.put("a.ics", event("a", "a"))
	w.clean()
	w.edit("a.ics", func(e *pim.Event) { e.Class = pim.Private })
	w.change(w.record().ID, func(e *pim.Event) { e.Notes = "written there meanwhile" })
	w.clean()
	w.clean()
	if e := w.item(w.object("a.ics")); e.Notes != "written there meanwhile" || len(w.records()) != 0 {
		t.Errorf("%+v, %d records", e, len(w.records()))
	}
	w.quiet()
}

// What a rule takes from the CRM stays here, also when the answer to that is lost.
func TestAnItemThatARuleWithdrewStaysHere(t *testing.T) {
	t.Parallel()
	for _, later := range []string{`{` + noWindow + `}`, `{` + noWindow + `,"out":{"private":"none"}}`} {
		w := ruled(t, `{`+noWindow+`,"out":{"private":"none"}}`)
		w.put("a.ics", event("a", "mine"))
		w.clean()
		w.edit("a.ics", func(e *pim.Event) { e.Class = pim.Private })
		w.crm.LoseAnswers(1)
		w.run()
		w.crm.LoseAnswers(0)
		if len(w.records()) != 0 {
			t.Fatal("the record was not withdrawn")
		}
		w.clock.Advance(24 * 3600e9)
		w.rerule(later)
		if o := w.titles(); len(o) != 1 || !o["mine"] {
			t.Errorf("%s: %v", later, o)
		}
		w.quiet()
	}
}

// What was private all along is masked, or goes, when the rule says so later.
func TestPrivateItemsAreMaskedByALaterRule(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`}`)
	w.put("mine.ics", private("mine", "mine"))
	w.crm.Add(private("", "theirs"), "")
	w.clean()
	w.rerule(`{` + noWindow + `,"in":{"private":"mask"},"out":{"private":"mask"}}`)
	if o, r := w.titles(), w.recordTitles(); len(o) != 2 || len(r) != 2 || !o["mine"] || !o["Private"] || r["theirs"] == "" || r["Private"] == "" {
		t.Errorf("masked: %v, %v", o, r)
	}
	w.quiet()
	w.rerule(`{` + noWindow + `}`)
	if o, r := w.titles(), w.recordTitles(); !o["mine"] || !o["theirs"] || r["theirs"] == "" || r["mine"] == "" {
		t.Errorf("in full again: %v, %v", o, r)
	}
	w.rerule(`{` + noWindow + `,"in":{"private":"none"},"out":{"private":"none"}}`)
	if o, r := w.titles(), w.recordTitles(); len(o) != 1 || len(r) != 1 || !o["mine"] || r["theirs"] == "" {
		t.Errorf("not at all: %v, %v", o, r)
	}
	w.quiet()
}

// Rules that change while a run is under way are gone by all the same, whatever the run had
// begun with the others.
func TestRulesChangedDuringARun(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 12; n++ {
		w := ruled(t, `{`+noWindow+`}`)
		w.put("a.ics", event("a", "a"))
		w.put("b.ics", event("b", "b"))
		w.crm.Add(event("", "c"), "")
		w.clean()
		w.edit("a.ics", func(e *pim.Event) { e.Class = pim.Private })
		w.change(w.recordTitles()["b"], func(e *pim.Event) { e.Location = "there" })
		var counted atomic.Int64 // workers count together
		w.engine.pause = func(string) error {
			if counted.Add(1) == int64(n) {
				_, err := w.engine.SetRules(w.ctx, w.link.ID, rules(t, `{`+noWindow+`,"out":{"private":"mask"}}`))
				return err
			}
			return nil
		}
		if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{}); err != nil && !errors.Is(err, errRules) {
			t.Fatal(err)
		}
		w.engine.pause = nil
		steps := int(counted.Load())
		if l := w.linkNow(); l.Failures != 0 || l.LastError != "" {
			t.Errorf("step %d: the link is said to fail: %s", n, l.LastError)
		}
		w.rerule(`{` + noWindow + `,"out":{"private":"mask"}}`)
		got := w.recordTitles()
		if _, masked := got["Private"]; !masked && steps >= n || len(got) != 3 {
			t.Errorf("step %d of %d: %v", n, steps, got)
		}
		w.quiet()
	}
}

// A mask whose write is not known to have been done is ours all the same, whatever the
// rules say by then.
func TestAMaskWithALostAnswerIsOurs(t *testing.T) {
	t.Parallel()
	for _, later := range []string{`{` + noWindow + `}`, `{` + noWindow + `,"out":{"private":"mask"}}`, `{` + noWindow + `,"direction":"in"}`} {
		w := ruled(t, `{`+noWindow+`,"out":{"private":"mask"}}`)
		w.put("a.ics", event("a", "mine"))
		w.clean()
		w.edit("a.ics", func(e *pim.Event) { e.Class, e.Notes = pim.Private, "of mine" })
		w.crm.LoseAnswers(1)
		w.run()
		w.crm.LoseAnswers(0)
		if e := w.record().Item.(*pim.Event); e.Title != "Private" {
			t.Fatalf("the write was not done: %q", e.Title)
		}
		w.clock.Advance(24 * 3600e9)
		w.rerule(later)
		if e := w.item(w.only()); e.Title != "mine" || e.Notes != "of mine" {
			t.Errorf("%s: %+v", later, e)
		}
		w.quiet()
	}
}

// Who sees only a mask cannot delete what it hides.
func TestADeletedMaskComesBack(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"in":{"private":"mask"},"out":{"private":"mask"}}`)
	w.crm.Add(private("", "theirs"), "")
	w.put("mine.ics", private("mine", "mine"))
	w.clean()
	if o, r := w.titles(), w.recordTitles(); len(o) != 2 || len(r) != 2 || !o["Private"] || r["Private"] == "" {
		t.Fatalf("%v, %v", o, r)
	}
	for name, o := range w.objects() {
		if w.item(o).Title == "Private" {
			w.delete(name)
		}
	}
	w.crm.Remove(mem.Activities, w.recordTitles()["Private"])
	w.run()
	if o, r := w.titles(), w.recordTitles(); len(o) != 2 || len(r) != 2 || !o["mine"] || !o["Private"] || r["theirs"] == "" || r["Private"] == "" {
		t.Errorf("%v, %v", o, r)
	}
	w.quiet()
}

// What went because it was private comes back once another rule lets it.
func TestWhatWentComesBackByRule(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"out":{"private":"none"}}`)
	w.put("a.ics", event("a", "a"))
	w.clean()
	w.edit("a.ics", func(e *pim.Event) { e.Class = pim.Private })
	w.clean()
	if len(w.records()) != 0 || len(w.objects()) != 1 {
		t.Fatalf("%d records", len(w.records()))
	}
	w.rerule(`{` + noWindow + `}`)
	if r := w.recordTitles(); len(r) != 1 || r["a"] == "" || len(w.conflicts(true)) != 0 {
		t.Errorf("%v, %d conflicts", r, len(w.conflicts(true)))
	}
	w.quiet()
}

// Kinds that were left out come when they are let in, from both sides.
func TestKindsComeLater(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"kinds":["task"]}`)
	w.rerule(`{` + noWindow + `,"kinds":["event"]}`)
	w.rerule(`{` + noWindow + `,"direction":"in"}`)
	w.put("a.ics", event("a", "a"))
	w.crm.Add(event("", "b"), "")
	w.clean()
	w.rerule(`{` + noWindow + `,"kinds":["event"],"filter":{"field":"title","op":"is","value":"b"}}`)
	if o, r := w.titles(), w.recordTitles(); len(o) != 2 || len(r) != 2 {
		t.Errorf("%v, %v", o, r)
	}
	w.quiet()
}

// What the rules did not let through is deleted from neither side by the other's deletion.
func TestADeletionTakesNothingThatIsNowhereElse(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"in":{"carry":[]}}`)
	w.put("a.ics", event("a", "a"))
	w.put("b.ics", event("b", "b"))
	w.clean()
	w.change(w.recordTitles()["a"], func(e *pim.Event) { e.Notes = "only there" })
	w.clean()
	w.delete("a.ics")
	w.delete("b.ics")
	w.clean()
	if r := w.recordTitles(); len(r) != 1 || r["a"] == "" {
		t.Errorf("records: %v", r)
	}
	w.quiet()
	w.rerule(`{` + noWindow + `}`)
	if o := w.titles(); len(o) != 1 || !o["a"] {
		t.Errorf("objects: %v", o)
	}
	w.quiet()
}

// Linked anew, a mask in the CRM is known for what it is.
func TestAMaskIsKnownWhenALinkIsMadeAnew(t *testing.T) {
	t.Parallel()
	const text = `{` + noWindow + `,"out":{"private":"mask"}}`
	w := ruled(t, text)
	w.put("p.ics", private("p", "divorce"))
	w.clean()
	raw, err := json.Marshal(rules(t, text))
	if err != nil {
		t.Fatal(err)
	}
	w.update(func(tx *store.Tx) error {
		if err := tx.DeleteLink(w.link.ID); err != nil {
			return err
		}
		old := w.link
		w.link, err = tx.CreateLink(store.Link{UserID: old.UserID, CollectionID: old.CollectionID, Side: old.Side, Name: old.Name, Driver: old.Driver, Remote: old.Remote, Rules: raw, Interval: old.Interval})
		return err
	})
	w.clean()
	if e := w.record().Item.(*pim.Event); e.Title != "Private" || e.Notes != "" {
		t.Errorf("the record is %+v", e)
	}
	if e := w.item(w.only()); e.Title != "divorce" || e.Notes != "with the lawyer" {
		t.Errorf("the object is %+v", e)
	}
	if cs := w.conflicts(true); len(cs) != 0 {
		t.Errorf("%d conflicts", len(cs))
	}
	w.quiet()
}

// S11 X9: not at all; what turns private goes from the other side, and comes back.
func TestRowS11PrivateItemsDoNotGoOver(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"in":{"private":"none"},"out":{"private":"none"}}`)
	w.put("p.ics", private("p", "divorce"))
	w.put("o.ics", event("o", "open"))
	w.crm.Add(private("", "theirs"), "")
	there := w.crm.Add(event("", "their open"), "")
	w.clean()
	if got := w.titles(); len(got) != 3 || got["theirs"] {
		t.Errorf("objects: %v", got)
	}
	if got := w.recordTitles(); len(got) != 3 || got["divorce"] != "" {
		t.Errorf("records: %v", got)
	}
	w.quiet()
	w.edit("o.ics", func(e *pim.Event) { e.Class = pim.Private })
	w.change(there, func(e *pim.Event) { e.Class = pim.Private })
	w.clean()
	if got := w.titles(); len(got) != 2 || !got["open"] || got["their open"] {
		t.Errorf("turned private: objects %v", got)
	}
	if got := w.recordTitles(); len(got) != 2 || got["open"] != "" || got["their open"] == "" {
		t.Errorf("turned private: records %v", got)
	}
	w.quiet()
	w.edit("o.ics", func(e *pim.Event) { e.Class = pim.Public })
	w.change(there, func(e *pim.Event) { e.Class = pim.Public })
	w.clean()
	if o, r := w.titles(), w.recordTitles(); len(o) != 3 || len(r) != 3 || !o["their open"] || r["open"] == "" {
		t.Errorf("public again: %v, %v", o, r)
	}
	w.quiet()
}

// S13: no type, no record, until somebody chooses one.
func TestRowS13ItemsWithoutATypeWait(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"holdUntyped":true,"typeNames":["Visit"]}`)
	w.put("a.ics", event("a", "waits"))
	w.put("b.ics", typed("b", "typed", "Call"))
	c := event("c", "by category")
	c.Categories = []string{"visit"}
	w.put("c.ics", c)
	w.clean()
	got := w.recordTitles()
	if len(got) != 2 || got["waits"] != "" {
		t.Fatalf("records: %v", got)
	}
	for _, rec := range w.records() {
		if e := rec.Item.(*pim.Event); e.Title == "by category" && e.CRM.Type != "Visit" {
			t.Errorf("made as %q", e.CRM.Type)
		}
	}
	held := func() (held []store.Pair) {
		w.view(func(tx *store.Tx) error {
			return tx.EachPair(w.link.ID, func(p *store.Pair) error {
				if p.Hold != "" {
					held = append(held, *p)
				}
				return nil
			})
		})
		return held
	}
	if h := held(); len(h) != 1 || h[0].UID != "a" || h[0].Hold != string(rule.HoldType) {
		t.Errorf("held: %+v", h)
	}
	w.quiet()
	w.edit("a.ics", func(e *pim.Event) { e.Categories = []string{"Visit"} })
	w.clean()
	if got := w.recordTitles(); len(got) != 3 || len(held()) != 0 {
		t.Errorf("records: %v, held %d", got, len(held()))
	}
	w.quiet()
}

// S13: the default type is given, and told to the device when its object rests.
func TestRowS13TheDefaultTypeIsGiven(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"defaultType":"Meeting","annotateAfter":"10m"}`)
	before := w.put("a.ics", event("a", "new"))
	w.clean()
	if e := w.record().Item.(*pim.Event); e.CRM.Type != "Meeting" {
		t.Errorf("made as %q", e.CRM.Type)
	}
	if o := w.object("a.ics"); o.ETag != before.ETag {
		t.Error("the object was written at once: its device's next edit is refused")
	}
	w.clock.Advance(3600e9)
	w.clean()
	if e := w.item(w.object("a.ics")); e.CRM.Type != "Meeting" {
		t.Errorf("the device is told %q", e.CRM.Type)
	}
	w.quiet()
}

// S3: the window of each direction; leaving it is no deletion.
func TestRowS3WindowPerDirection(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{"pastDays":-1,"futureDays":-1,"out":{"pastDays":30}}`)
	old := event("old", "old")
	now := w.clock.Now()
	old.Start, old.End = pim.At(now.AddDate(0, 0, -40), ""), pim.At(now.AddDate(0, 0, -40), "")
	fresh := event("fresh", "fresh")
	fresh.Start, fresh.End = pim.At(now, ""), pim.At(now.Add(3600e9), "")
	w.put("old.ics", old)
	w.put("fresh.ics", fresh)
	theirs := event("", "their old")
	theirs.Start, theirs.End = old.Start, old.End
	w.crm.Add(theirs, "")
	w.clean()
	if o, r := w.titles(), w.recordTitles(); len(o) != 3 || len(r) != 2 || r["old"] != "" {
		t.Errorf("%v, %v", o, r)
	}
	w.clock.Advance(60 * 24 * 3600e9)
	w.clean()
	if o, r := w.titles(), w.recordTitles(); len(o) != 3 || len(r) != 2 {
		t.Errorf("after the window moved: %v, %v", o, r)
	}
	w.edit("fresh.ics", func(e *pim.Event) { e.Title = "fresh still" })
	w.clean()
	if r := w.recordTitles(); r["fresh still"] == "" {
		t.Errorf("what left the window is not carried any more: %v", r)
	}
	w.quiet()
}

// B7: the filter says what comes; what was not wanted is not even kept.
func TestRowB7Filter(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"filter":{"field":"company","op":"is","value":"Acme"}}`)
	a, b := event("", "of Acme"), event("", "of nobody")
	a.CRM.Company = "ACME"
	w.crm.Add(a, "")
	id := w.crm.Add(b, "")
	w.clean()
	if o := w.titles(); len(o) != 1 || !o["of Acme"] {
		t.Errorf("objects: %v", o)
	}
	pairs := 0
	w.view(func(tx *store.Tx) error {
		return tx.EachPair(w.link.ID, func(*store.Pair) error { pairs++; return nil })
	})
	if pairs != 1 {
		t.Errorf("%d pairs", pairs)
	}
	w.change(id, func(e *pim.Event) { e.CRM.Company = "Acme" })
	w.clean()
	if o := w.titles(); len(o) != 2 {
		t.Errorf("once it fits: %v", o)
	}
	w.change(id, func(e *pim.Event) { e.CRM.Company = "Other" })
	w.clean()
	if o := w.titles(); len(o) != 2 {
		t.Errorf("leaving the filter deleted: %v", o)
	}
	w.quiet()
}

// B15: deletions wait for a person when the rule says so.
func TestRowB15DeletionsWait(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"approve":true}`)
	for _, name := range []string{"approved", "rejected", "changed"} {
		w.put(name+".ics", event(name, name))
		w.put(name+"-there.ics", event(name+"-there", name+" there"))
	}
	w.clean()
	ids := w.recordTitles()
	for _, name := range []string{"approved", "rejected", "changed"} {
		w.delete(name + ".ics")
		w.crm.Remove(mem.Activities, ids[name+" there"])
	}
	rep := w.run()
	if rep.Run.Outcome != OutcomeHeld || rep.Counts.Withheld != 6 || rep.Counts.Done() != 0 {
		t.Fatalf("%s %+v", rep.Run.Outcome, rep.Counts)
	}
	for _, name := range []string{"approved", "rejected"} {
		for _, uid := range []string{name, name + "-there"} {
			do := w.engine.Approve
			if name == "rejected" {
				do = w.engine.Reject
			}
			if n, err := do(w.ctx, w.link.ID, uid); n != 1 || err != nil {
				t.Fatalf("%s: %d %v", uid, n, err)
			}
		}
	}
	// A change beats the deletion, approved or not.
	w.change(ids["changed"], func(e *pim.Event) { e.Notes = "still needed" })
	w.edit("changed-there.ics", func(e *pim.Event) { e.Notes = "still needed" })
	if _, err := w.engine.Approve(w.ctx, w.link.ID, ""); err != nil {
		t.Fatal(err)
	}
	w.clean()
	objects, records := w.titles(), w.recordTitles()
	for _, name := range []string{"rejected", "rejected there", "changed", "changed there"} {
		if !objects[name] || records[name] == "" {
			t.Errorf("%s is missing: %v, %v", name, objects, records)
		}
	}
	if len(objects) != 4 || len(records) != 4 {
		t.Errorf("%v, %v", objects, records)
	}
	for _, c := range w.conflicts(true) {
		if c.UID == "rejected" || c.UID == "rejected-there" {
			t.Errorf("a rejected deletion became a conflict: %+v", c)
		}
	}
	w.quiet()
	_, err := w.engine.Approve(w.ctx, w.link.ID, "")
	mustFail(t, err, pim.ErrNotFound)
}

// X15: archiving is not deleting.
func TestRowX15WhatIsOldIsArchived(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`,"archiveDays":30}`)
	now := w.clock.Now()
	for name, age := range map[string]int{"old": -40, "young": -20, "old here": -40, "young here": -20} {
		e := event(name, name)
		e.Start, e.End = pim.At(now.AddDate(0, 0, age), ""), pim.At(now.AddDate(0, 0, age).Add(3600e9), "")
		w.put(name+".ics", e)
	}
	w.clean()
	ids := w.recordTitles()
	w.crm.Remove(mem.Activities, ids["old"])
	w.crm.Remove(mem.Activities, ids["young"])
	w.delete("old here.ics")
	w.delete("young here.ics")
	w.clean()
	if o, r := w.titles(), w.recordTitles(); len(o) != 1 || !o["old"] || len(r) != 1 || r["old here"] == "" {
		t.Errorf("objects %v, records %v", o, r)
	}
	w.quiet()
}

// A change of rules looks at what it touches and at nothing else.
func TestAChangeOfRulesTouchesNoMore(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{`+noWindow+`}`)
	w.put("a.ics", event("a", "a"))
	w.put("b.ics", event("b", "b"))
	w.clean()
	id := w.recordTitles()["a"]
	w.edit("a.ics", func(e *pim.Event) { e.Title = "mine" })
	w.change(id, func(e *pim.Event) { e.Title = "theirs" })
	w.run()
	if len(w.conflicts(false)) != 1 {
		t.Fatal("no conflict")
	}
	dirty := func() int {
		n := 0
		w.view(func(tx *store.Tx) (err error) { _, n, _, err = tx.CountPairs(w.link.ID); return err })
		return n
	}
	set := func(text string) rule.Touch {
		touch, err := w.engine.SetRules(w.ctx, w.link.ID, rules(t, text))
		if err != nil {
			t.Fatal(err)
		}
		return touch
	}
	if set(`{` + noWindow + `,"brakeAbsolute":5}`); dirty() != 0 || w.linkNow().Cursor == "" {
		t.Errorf("a brake wakes %d", dirty())
	}
	if set(`{` + noWindow + `,"policy":"crm"}`); dirty() != 1 || w.linkNow().Cursor == "" {
		t.Errorf("a policy wakes %d", dirty())
	}
	w.clean()
	if e := w.item(w.object("a.ics")); e.Title != "theirs" || len(w.conflicts(false)) != 0 {
		t.Errorf("the new policy did not settle: %q", e.Title)
	}
	w.quiet()
	if set(`{` + noWindow + `,"policy":"crm","out":{"private":"mask"}}`); dirty() != 2 || w.linkNow().Cursor == "" {
		t.Errorf("a mask wakes %d", dirty())
	}
	w.quiet()
	if set(`{` + noWindow + `,"policy":"crm","filter":{"field":"title","op":"is empty"}}`); dirty() != 2 || w.linkNow().Cursor != "" {
		t.Errorf("a filter wakes %d", dirty())
	}
	w.quiet()
	_, err := w.engine.SetRules(w.ctx, w.link.ID, rule.Rules{Policy: "best"})
	mustFail(t, err, pim.ErrInvalid)
}
