package relay

import (
	"encoding/json"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

func private(uid, title string) *pim.Event {
	e := event(uid, title)
	e.Class, e.Notes, e.Location = pim.Private, "with the lawyer", "Court 3"
	return e
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

// What turned private is withdrawn only where a deletion may go: not from a remote that would mail those who take part,
// nor against the direction of the link.
func TestWithdrawnOnlyWhereDeletionsGo(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string]string{"mail": `{"out":{"private":"none"}}`, "direction": `{"direction":"in","out":{"private":"none"}}`, "types": `{"out":{"private":"none","carry":[]}}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
				w.put("a.ics", event("uid-a", "one"))
				w.clean()
				if name == "mail" {
					w.change(w.record().ID, func(e *pim.Event) { e.Attendees = append(e.Attendees, guest("bo")) })
					w.clean()
				}
				w.setRules(rules)
				w.clean()
				w.edit("a.ics", func(e *pim.Event) { e.Class, e.Notes = pim.Private, "secret" })
				for range 2 {
					w.clean()
				}
				w.want(1, 1)
				if e := w.record().Item.(*pim.Event); e.Notes != "" {
					w.t.Errorf("what is private went over: %+v", e)
				}
				w.quiet()
			})
		})
	}
	// And the other way round.
	onBoth(t, mem.Options{}, parsed(t, `{"direction":"out","in":{"private":"none"}}`), func(w *world) {
		w.put("a.ics", event("uid-a", "one"))
		w.clean()
		w.change(w.record().ID, func(e *pim.Event) { e.Class = pim.Private })
		w.clean()
		w.want(1, 1)
	})
}
