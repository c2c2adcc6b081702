package relay

import (
	"errors"
	"sync/atomic"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

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
