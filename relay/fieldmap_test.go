package relay

import (
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// TestRowX17 takes custom columns to an X- property, a category and lines below the notes,
// and back.
func TestRowX17CustomFields(t *testing.T) {
	t.Parallel()
	onBoth(t, withoutCategories(), mappedRules(customs(t)), func(w *world) {
		id := w.crm.Add(&pim.Event{Activity: pim.Activity{Title: "Visit", Notes: "Bring samples.\nRegion: ask Ann"},
			Start: event("", "").Start, End: event("", "").End}, "")
		for name, v := range map[string]string{"UsrRegion": "North, upper", "UsrKey": "yes", "UsrHint": "two\nlines", "UsrLevel": "Gold"} {
			w.crm.SetColumn(mem.Activities, id, name, v)
		}
		w.clean()
		w.quiet()
		it, text := w.item(w.only()), string(w.only().Text)
		if !strings.Contains(text, "X-REGION:North\\, upper\r\n") {
			w.t.Errorf("no property in\n%s", text)
		}
		if want := "Bring samples.\nRegion: ask Ann\n\n--- CRM ---\nHint: two↵lines\nLevel: Gold"; it.Notes != want {
			w.t.Errorf("notes %q, want %q", it.Notes, want)
		}
		if c := strings.Join(it.Categories, ","); c != "Key account" {
			w.t.Errorf("categories %s", c)
		}
		// A device changes all of them, and writes at the end of the notes.
		w.rewrite("X-REGION:North\\, upper", "X-REGION;X-OWN=1:South")
		w.edit(w.only().Name, func(e *pim.Event) {
			e.Categories = []string{"Trip", "Family"}
			e.Notes = "Bring samples.\nRegion: ask Ann\n\n--- CRM ---\nLevel: Silver\nHint: one\nCall before."
		})
		w.clean()
		w.wantColumns(map[string]string{"UsrRegion": "South", "UsrKey": "", "UsrHint": "one", "UsrLevel": "Silver"})
		rec := w.record().Item.(*pim.Event)
		if rec.Notes != "Bring samples.\nRegion: ask Ann\nCall before." {
			w.t.Errorf("the person's own notes in the CRM: %q", rec.Notes)
		}
		if c := strings.Join(w.item(w.only()).Categories, ","); c != "Trip,Family" {
			w.t.Errorf("the person's own categories here: %s", c)
		}
		w.quiet()
		// One custom field here, another there: both stay.
		w.rewrite("X-REGION;X-OWN=1:South", "X-REGION;X-OWN=1:West")
		w.setColumn("UsrKey", "yes")
		w.clean()
		w.quiet()
		w.wantColumns(map[string]string{"UsrRegion": "West", "UsrKey": "yes", "UsrLevel": "Silver"})
		if text := string(w.only().Text); !strings.Contains(text, "X-REGION;X-OWN=1:West") || !strings.Contains(text, "Key account") || !strings.Contains(text, "Trip,Family") {
			w.t.Errorf("merged:\n%s", text)
		}
		// Notes of a device that knows nothing of the lines say nothing about them.
		w.edit(w.only().Name, func(e *pim.Event) { e.Notes = "all new" })
		w.clean()
		w.wantColumns(map[string]string{"UsrHint": "one", "UsrLevel": "Silver"})
		if rec := w.record().Item.(*pim.Event); rec.Notes != "all new" {
			w.t.Errorf("notes %q", rec.Notes)
		}
		w.setColumn("UsrLevel", "")
		w.clean()
		w.quiet()
		if it := w.item(w.only()); it.Notes != "all new\n\n--- CRM ---\nHint: one" {
			w.t.Errorf("notes %q", it.Notes)
		}
		h, err := w.engine.History(w.ctx, w.coll.ID, w.only().UID)
		if err != nil || !historyHas(h, pim.FieldCustom, "Region: West") {
			w.t.Errorf("history does not show the custom fields: %+v, %v", h, err)
		}
	})
}

// A custom field that both changed differently is a conflict like any other.
func TestRowX17CustomFieldsConflict(t *testing.T) {
	t.Parallel()
	for take, want := range map[string]string{"mine": "here", "theirs": "there"} {
		t.Run(take, func(t *testing.T) {
			t.Parallel()
			onBoth(t, withoutCategories(), mappedRules(customs(t)), func(w *world) {
				w.crm.Add(event("", "Visit"), "")
				w.setColumn("UsrRegion", "first")
				w.clean()
				w.rewrite("X-REGION:first", "X-REGION:here")
				w.setColumn("UsrRegion", "there")
				w.clean()
				w.quiet()
				cs := w.conflicts(false)
				if len(cs) != 1 || cs[0].Fields != `["custom"]` {
					w.t.Fatalf("%+v", cs)
				}
				w.view(func(tx *store.Tx) error {
					it, err := ReadFor(tx, w.link.ID, cs[0].Kind, cs[0].Theirs, "")
					if err != nil || pim.CustomValue(it, "UsrRegion=X-REGION") != "there" {
						w.t.Errorf("theirs in the report: %+v, %v", it, err)
					}
					return nil
				})
				ch, err := ParseChoice(take)
				if err != nil {
					w.t.Fatal(err)
				}
				if err := w.engine.Settle(w.ctx, cs[0].ID, ch, "ann"); err != nil {
					w.t.Fatal(err)
				}
				w.clean()
				w.quiet()
				w.wantColumns(map[string]string{"UsrRegion": want})
				if text := string(w.only().Text); !strings.Contains(text, "X-REGION:"+want) {
					w.t.Errorf("settled as %s:\n%s", take, text)
				}
			})
		})
	}
}

// TestRowX18 keeps the report in another column from some day on: what stands on either
// side then is compared afresh, and nothing is lost or doubled.
func TestRowX18AFieldInAnotherColumn(t *testing.T) {
	t.Parallel()
	to := func(t testing.TB) rule.FieldMap {
		return rule.FieldMap{Set: []remote.FieldColumn{{Field: pim.FieldReport, Column: column(t, "UsrReport")}}}
	}
	for name, c := range map[string]struct {
		hub, column, want string
		open              int
	}{
		"here only":  {"done", "", "done", 0},
		"there only": {"", "asked", "asked", 0},
		"the same":   {"done", "done", "done", 0},
		"nothing":    {"", "", "", 0},
		"both":       {"done", "asked", "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, extraColumns(), open(rule.Ask), func(w *world) {
				e := event("a", "Visit")
				e.CRM.Report = c.hub
				w.put("a.ics", e)
				w.clean()
				w.setColumn("UsrReport", c.column)
				w.clean()
				touch := w.remap(to(t))
				if want := (rule.Touch{Pairs: true, Fields: true}); touch != want {
					w.t.Errorf("touches %+v", touch)
				}
				if cs := w.conflicts(false); len(cs) != c.open {
					w.t.Fatalf("%d conflicts, want %d", len(cs), c.open)
				}
				w.quiet()
				if c.open > 0 {
					if hub := w.item(w.object("a.ics")).CRM.Report; hub != c.hub || w.column("UsrReport") != c.column {
						w.t.Errorf("an open field moved: %q, %q", hub, w.column("UsrReport"))
					}
					return
				}
				if hub := w.item(w.object("a.ics")).CRM.Report; hub != c.want || w.column("UsrReport") != c.want {
					w.t.Errorf("%q here, %q there, want %q", hub, w.column("UsrReport"), c.want)
				}
				if own := w.record().Item.(*pim.Event).CRM.Report; own != c.hub {
					w.t.Errorf("the column that the field is kept in no more became %q", own)
				}
				// From now on it is a field like any other.
				w.edit("a.ics", func(e *pim.Event) { e.CRM.Report = "changed" })
				w.clean()
				w.wantColumns(map[string]string{"UsrReport": "changed"})
				w.setColumn("UsrReport", "")
				w.clean()
				w.quiet()
				if hub := w.item(w.object("a.ics")).CRM.Report; hub != "" {
					w.t.Errorf("cleared there, %q here", hub)
				}
			})
		})
	}
}

// A field that is taken out of the map moves no more, and keeps its base: put back, what
// one side changed meanwhile is carried, and no conflict.
func TestRowX18AFieldTakenOutAndPutBack(t *testing.T) {
	t.Parallel()
	onBoth(t, extraColumns(), open(rule.Ask), func(w *world) {
		e := event("a", "Visit")
		e.Notes, e.Location = "first", "room"
		w.put("a.ics", e)
		w.clean()
		w.remap(rule.FieldMap{Without: []pim.FieldID{pim.FieldNotes}})
		w.quiet()
		w.edit("a.ics", func(e *pim.Event) { e.Notes, e.Location = "second", "hall" })
		w.clean()
		w.quiet()
		if rec := w.record().Item.(*pim.Event); rec.Notes != "first" || rec.Location != "hall" {
			w.t.Errorf("while it is out: %+v", rec)
		}
		// An item that is made meanwhile never had it.
		w.put("b.ics", func() *pim.Event { b := event("b", "Other"); b.Notes = "here"; return b }())
		w.clean()
		other := w.recordTitles()["Other"]
		w.crm.Edit(mem.Activities, other, func(it pim.Item) { it.(*pim.Event).Notes = "there" })
		w.clean()
		w.remap(rule.FieldMap{})
		w.quiet()
		first := w.recordTitles()["Visit"]
		for _, rec := range w.records() {
			if rec.ID == first && rec.Item.(*pim.Event).Notes != "second" {
				w.t.Errorf("put back: %+v", rec.Item)
			}
		}
		if cs := w.conflicts(false); len(cs) != 1 || cs[0].UID != "b" || cs[0].Fields != `["notes"]` {
			w.t.Errorf("what never was agreed on is asked: %+v", cs)
		}
	})
}

// Custom fields, too: a map that is taken back and given again goes on where it was.
func TestRowX17TakenOutAndPutBack(t *testing.T) {
	t.Parallel()
	onBoth(t, withoutCategories(), mappedRules(customs(t)), func(w *world) {
		w.crm.Add(event("", "Visit"), "")
		w.setColumn("UsrRegion", "North")
		w.setColumn("UsrHint", "one")
		w.clean()
		w.remap(rule.FieldMap{})
		w.quiet()
		if text := string(w.only().Text); !strings.Contains(text, "X-REGION:North") {
			w.t.Errorf("what was mapped stays as it is:\n%s", text)
		}
		w.setColumn("UsrRegion", "South")
		w.change(w.record().ID, func(e *pim.Event) { e.Location = "hall" })
		w.clean()
		w.remap(customs(t))
		w.quiet()
		if text := string(w.only().Text); !strings.Contains(text, "X-REGION:South") || strings.Count(text, "X-REGION") != 1 {
			w.t.Errorf("put back:\n%s", text)
		}
		if cs := w.conflicts(false); len(cs) != 0 {
			w.t.Errorf("%+v", cs)
		}
		w.wantColumns(map[string]string{"UsrRegion": "South", "UsrHint": "one"})
	})
}

// A run that dies while the map is changed loses nothing: the next one goes on.
func TestRowX18KilledWhileTheMapChanges(t *testing.T) {
	t.Parallel()
	for n := 1; n < 14; n++ {
		onBothShort(t, n, func(w *world) {
			e := event("a", "Visit")
			e.CRM.Report = "here"
			w.put("a.ics", e)
			w.clean()
			w.setColumn("UsrCount", "3")
			w.setColumn("UsrReport", "there")
			m := rule.FieldMap{Set: []remote.FieldColumn{{Field: pim.FieldReport, Column: column(t, "UsrReport")}},
				Custom: []rule.Custom{{Column: column(t, "UsrCount"), As: "X-COUNT"}}}
			if _, err := w.engine.SetRules(w.ctx, w.link.ID, mappedRules(m)); err != nil {
				w.t.Fatal(err)
			}
			w.kill(n)
			_, _ = w.engine.Run(w.ctx, w.link.ID, RunOptions{Trigger: "test"})
			w.restart()
			w.clean()
			w.quiet()
			if cs := w.conflicts(false); len(cs) != 1 || cs[0].Fields != `["report"]` {
				w.t.Errorf("killed at %d: %+v", n, cs)
			}
			if !strings.Contains(string(w.only().Text), "X-COUNT:3") || w.column("UsrReport") != "there" {
				w.t.Errorf("killed at %d:\n%s", n, w.only().Text)
			}
		})
	}
}

// TestRowX18Faults tells all faults of a map at once.
func TestRowX18FaultsOfAMap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", extraColumns(), open(rule.Ask))
	m := rule.FieldMap{
		Without: []pim.FieldID{pim.FieldSpent},
		Set: []remote.FieldColumn{
			{Field: pim.FieldReport, Column: remote.Column{Name: "UsrGone", Kind: remote.TextColumn}},
			{Field: pim.FieldNumber, Column: column(t, "UsrKey")},
			{Field: pim.FieldAttendees, Column: column(t, "UsrHint")},
			{Field: pim.FieldResult, Column: column(t, "UsrRegion")},
		},
		Custom: []rule.Custom{
			{Column: column(t, "UsrRegion"), As: "X-REGION"},
			{Column: column(t, "UsrMade"), As: "X-MADE"},
			{Column: column(t, "UsrLevel"), As: "X-CRM-LEVEL"},
			{Column: column(t, "UsrCount"), As: "Count"},
		},
	}
	_, err := w.engine.SetRules(w.ctx, w.link.ID, mappedRules(m))
	mustFail(t, err, pim.ErrInvalid)
	for _, want := range []string{"X-CRM-", `"Count" is neither`, `no column "UsrGone"`, "UsrKey holds a yes/no", "attendees has no plain value", "UsrRegion is mapped twice", "UsrMade is filled in by the CRM", "spent is not in the map"} {
		if !strings.Contains(pim.PublicText(err), want) {
			t.Errorf("%q is not told in %s", want, pim.PublicText(err))
		}
	}
}

// A preview of another map shows what it would write, and writes nothing.
func TestRowX18PreviewOfAMap(t *testing.T) {
	t.Parallel()
	onBoth(t, extraColumns(), open(rule.Ask), func(w *world) {
		e := event("a", "Visit")
		e.CRM.Report = "here"
		w.put("a.ics", e)
		w.clean()
		w.setColumn("UsrCount", "3")
		w.clean()
		now := mappedRules(rule.FieldMap{Set: []remote.FieldColumn{{Field: pim.FieldReport, Column: column(t, "UsrReport")}},
			Custom: []rule.Custom{{Column: column(t, "UsrCount"), As: "X-COUNT"}}})
		before := w.dump()
		p, err := w.engine.Preview(w.ctx, w.link.ID, PreviewOptions{Rules: &now})
		if err != nil || p.Outcome != OutcomeOK || len(p.Changes) != 2 {
			w.t.Fatalf("%+v, %v", p, err)
		}
		if w.dump() != before || w.column("UsrReport") != "" {
			w.t.Error("the preview wrote")
		}
	})
}

// A column that is a category, beside categories that the CRM has itself, could be taken for
// one of them: it is refused as long as those are synced.
func TestRowX17NoCategoryBesideThoseOfTheCRM(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", extraColumns(), open(rule.Ask))
	m := rule.FieldMap{Custom: []rule.Custom{{Column: column(t, "UsrKey"), As: rule.AsCategory}}}
	_, err := w.engine.SetRules(w.ctx, w.link.ID, mappedRules(m))
	mustFail(t, err, pim.ErrInvalid)
	if !strings.Contains(pim.PublicText(err), "UsrKey cannot be a category") {
		t.Errorf("told is %s", pim.PublicText(err))
	}
	m.Without = []pim.FieldID{pim.FieldCategories}
	if _, err := w.engine.SetRules(w.ctx, w.link.ID, mappedRules(m)); err != nil {
		t.Error(err)
	}
}
