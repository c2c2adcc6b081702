package relay

import (
	"errors"
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

// A person can link what the rules leave on the other side.
func TestRowB8ARecordIsBrought(t *testing.T) {
	t.Parallel()
	rules := open(rule.Ask)
	rules.OnlyLinked = true
	onBoth(t, mem.Options{}, rules, func(w *world) {
		id := w.crm.Add(event("", "left there"), "")
		w.crm.Add(event("", "left there, too"), "")
		w.clean()
		if n := len(w.objects()); n != 0 {
			t.Fatalf("%d objects", n)
		}
		if _, err := w.engine.Bring(w.ctx, w.link.ID, "nothing"); !errors.Is(err, pim.ErrNotFound) {
			t.Errorf("an unknown record: %v", err)
		}
		uid, err := w.engine.Bring(w.ctx, w.link.ID, id)
		if err != nil {
			t.Fatal(err)
		}
		w.clean()
		if o := w.only(); o.UID != uid || w.item(o).Title != "left there" {
			t.Errorf("%s here, %s was told", o.UID, uid)
		}
		w.change(id, func(e *pim.Event) { e.Title = "changed" })
		w.clean()
		if got := w.item(w.only()).Title; got != "changed" {
			t.Errorf("its changes do not come: %q", got)
		}
		if again, err := w.engine.Bring(w.ctx, w.link.ID, id); err != nil || again != uid {
			t.Errorf("brought again: %s %v", again, err)
		}
		w.clean()
		w.only()
		w.quiet()
	})
}

// Who links a record whose item was deleted here wants it here: whether that deletion was
// settled, the record kept, or no run has read it yet.
func TestRowB8ARecordIsBroughtBack(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"settled", "not read yet"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			rules := open(rule.Ask)
			if when == "settled" {
				rules.Remove = map[pim.Kind]rule.Removal{pim.KindEvent: rule.RemoveKeep}
			}
			onBoth(t, mem.Options{}, rules, func(w *world) {
				id := w.crm.Add(event("", "there"), "")
				w.clean()
				uid := w.only().UID
				w.delete(w.only().Name)
				if when == "settled" {
					w.clean()
				}
				got, err := w.engine.Bring(w.ctx, w.link.ID, id)
				if err != nil || got != uid {
					w.t.Fatalf("%s, %v; it had %s", got, err, uid)
				}
				w.want(1, 1)
				if n := len(w.conflicts(false)); n != 0 {
					w.t.Errorf("%d conflicts", n)
				}
			})
		})
	}
}
