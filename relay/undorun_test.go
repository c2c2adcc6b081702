package relay

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/crm/mem"
	exmem "crmbridge/exchange/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// both is what people see on the two sides.
func (w *world) both() string {
	var here, there []string
	for name, o := range w.objects() {
		here = append(here, name+"\n"+string(o.Text))
	}
	for _, r := range w.records() {
		e := pim.Clone(r.Item).(*pim.Event)
		there = append(there, strings.Join([]string{e.Title, e.Notes, e.Location, e.Start.String(), e.End.String()}, "|"))
	}
	slices.Sort(here)
	slices.Sort(there)
	return strings.Join(here, "\n") + "\n--\n" + strings.Join(there, "\n")
}

// undo takes a run back, and dies on the way as often as it is told to.
func (m *machine) undo(t *rapid.T, id store.RunID) Undone {
	for {
		if rapid.Bool().Draw(t, "dies") {
			m.kill(rapid.IntRange(1, 12).Draw(t, "step"))
		}
		u, err := m.engine.UndoRun(m.ctx, id)
		t.Logf("undo: %v %v", u, err)
		m.restart()
		if err == nil || !errors.Is(err, errKilled) {
			if err != nil && !errors.Is(err, pim.ErrNotFound) {
				t.Fatal(err)
			}
			return u
		}
	}
}

// Taken back, both sides are what they were before the run, whatever it did and however
// often the undo dies; let go on, all is well again.
func TestUndoPutsBothSidesBack(t *testing.T) {
	t.Parallel()
	edits := []string{"new here", "new there", "edit here", "edit here", "edit there", "edit there", "delete here", "delete there"}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		worlds := 0
		for name, o := range machineWeaknesses() {
			t.Run(name, func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) {
					worlds++
					m := newMachine(newWorld(t, s, fmt.Sprintf("undo%d", worlds), o, open(rule.Ask)), rule.Ask)
					for range rapid.IntRange(0, 8).Draw(rt, "before") {
						m.do(rt, rapid.SampledFrom(edits).Draw(rt, "what"))
					}
					m.tryRun(rt, true)
					m.clock.Advance(10 * leaseTime)
					for range rapid.IntRange(1, 8).Draw(rt, "edits") {
						m.do(rt, rapid.SampledFrom(edits).Draw(rt, "what"))
					}
					m.clock.Advance(10 * leaseTime)
					before := m.both()
					rep, err := m.engine.Run(m.ctx, m.link.ID, RunOptions{Full: true, AllowDeletions: true})
					if err != nil {
						rt.Fatal(err)
					}
					rt.Logf("run: %v", brief(rep.Steps))
					m.clock.Advance(10 * leaseTime)
					if u := m.undo(rt, rep.Run.ID); len(u.Left) > 0 || u.Unknown {
						rt.Fatalf("left: %+v, unknown %t", u.Left, u.Unknown)
					}
					if after := m.both(); after != before {
						rt.Fatalf("before:\n%s\nafter:\n%s", before, after)
					}
					if _, err := m.engine.SetPaused(m.ctx, m.link.ID, false); err != nil {
						rt.Fatal(err)
					}
					m.finish(rt)
				})
			})
		}
	})
}

// What was changed since is left, and told; the rest goes back.
func TestUndoLeavesWhatWasChangedSince(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "one"))
		w.put("b.ics", event("uid-b", "two"))
		there := w.crm.Add(event("", "three"), "")
		w.clean()
		w.edit("a.ics", func(e *pim.Event) { e.Title = "one, changed" })
		w.edit("b.ics", func(e *pim.Event) { e.Title = "two, changed" })
		w.change(there, func(e *pim.Event) { e.Title = "three, changed" })
		rep := w.clean()
		var b remote.Record
		for _, r := range w.records() {
			if r.Item.Summary() == "two, changed" {
				b = r
			}
		}
		w.change(b.ID, func(e *pim.Event) { e.Title = "two, changed again" })
		u, err := w.engine.UndoRun(w.ctx, rep.Run.ID)
		if err != nil {
			t.Fatal(err)
		}
		if u.Items != 2 || len(u.Left) != 1 || u.Left[0].UID != "uid-b" || !strings.Contains(u.Left[0].Reason, "changed at the remote since") {
			t.Errorf("%+v", u)
		}
		got := w.both()
		for _, want := range []string{"\none|", "\nthree, changed|", "two, changed again|", "SUMMARY:one\\, changed", "SUMMARY:two\\, changed", "SUMMARY:three\r"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not there:\n%s", want, got)
			}
		}
		if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{}); !errors.Is(err, pim.ErrHeld) {
			t.Errorf("the link is not paused: %v", err)
		}
		if _, err := w.engine.UndoRun(w.ctx, u.Run.ID); !errors.Is(err, pim.ErrInvalid) {
			t.Errorf("undoing the undo: %v", err)
		}
		again, err := w.engine.UndoRun(w.ctx, rep.Run.ID)
		if err != nil || again.Items != 0 || len(again.Left) != 1 {
			t.Errorf("a second time: %+v %v", again, err)
		}
		if _, err := w.engine.UndoRun(w.ctx, 999_999); !errors.Is(err, pim.ErrNotFound) {
			t.Errorf("an unknown run: %v", err)
		}
	})
}

// However much a run wrote, it goes back whole: more than its report lists, more than are read at once. Where there was no
// room for what undoing takes, the items are named.
func TestUndoIsWholeHoweverMuchTheRunWrote(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		const each = 30
		w.engine.shows = 7
		for i := range each {
			w.put(fmt.Sprintf("h%d.ics", i), event(fmt.Sprintf("uid-%d", i), fmt.Sprint("here ", i)))
			w.crm.Add(event("", fmt.Sprint("there ", i)), "")
		}
		before := w.both()
		if p, err := w.engine.Preview(w.ctx, w.link.ID, PreviewOptions{}); err != nil || len(p.Changes) != 7 || !p.Cut || p.Counts.Done() != 2*each {
			t.Errorf("preview: %d of %d listed, cut %t: %v", len(p.Changes), p.Counts.Done(), p.Cut, err)
		}
		rep := w.clean()
		if len(rep.Steps) != 7 || rep.Counts.Done() != 2*each {
			t.Fatalf("%d steps told of %+v", len(rep.Steps), rep.Counts)
		}
		u, err := w.engine.UndoRun(w.ctx, rep.Run.ID)
		if err != nil || u.Items != 2*each || len(u.Left) > 0 || u.Unknown {
			t.Fatalf("%+v %v", u, err)
		}
		if after := w.both(); after != before {
			t.Errorf("before:\n%s\nafter:\n%s", before, after)
		}
		w.engine.room = 1 // byte
		if _, err := w.engine.SetPaused(w.ctx, w.link.ID, false); err != nil {
			t.Fatal(err)
		}
		rep = w.clean()
		if u, err = w.engine.UndoRun(w.ctx, rep.Run.ID); err != nil || u.Items != 0 || len(u.Left) != 2*each || u.Left[0].Reason != "what it was before is not kept" {
			t.Fatalf("%+v %v", u, err)
		}
	})
}

// A run of an older version, which kept the steps of its first writes only, is said to have written more.
func TestUndoTellsOfWritesWithoutSteps(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "one"))
		w.put("b.ics", event("uid-b", "two"))
		rep := w.clean()
		w.update(func(tx *store.Tx) error {
			list, err := tx.WrittenBy(rep.Run.ID)
			if err != nil {
				return err
			}
			return tx.DropStep(list[0].Step)
		})
		if u, err := w.engine.UndoRun(w.ctx, rep.Run.ID); err != nil || u.Items != 1 || !u.Unknown {
			t.Errorf("%+v %v", u, err)
		}
	})
}

// TestRowS14ARunWithFilesIsTakenBack: what it made in the CRM goes, the files with it.
func TestRowS14ARunWithFilesIsTakenBack(t *testing.T) {
	t.Parallel()
	onPost(t, exmem.Options{}, exmem.Inbox, "{}", `{"fileMegabytes":1}`, func(o *owner) {
		m, files := with(letter(1), 10, 2<<20)
		o.deliver(exmem.Inbox, m, files...)
		o.run(o.in)
		rep := o.run(o.out)
		if len(o.mails()) != 1 || rep.Counts.Files != 1 {
			o.t.Fatalf("%d activities, %+v", len(o.mails()), rep.Counts)
		}
		u, err := o.engine.UndoRun(o.t.Context(), rep.Run.ID)
		if err != nil || u.Items != 1 || len(u.Left) != 0 || u.Unknown || len(o.mails()) != 0 {
			o.t.Errorf("%+v, %v: %d activities", u, err, len(o.mails()))
		}
	})
}

// What a person said about an item after the run is not taken back with it.
func TestUndoKeepsWhatAPersonSaidSince(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "one"))
		w.put("b.ics", event("uid-b", "two"))
		w.clean()
		w.edit("a.ics", func(e *pim.Event) { e.Title = "one, changed" })
		for _, r := range w.records() {
			if r.Item.Summary() == "two" {
				w.crm.Remove(mem.Activities, r.ID)
			}
		}
		rep := w.clean()
		if err := w.engine.SetTie(w.ctx, w.link.ID, "uid-a", rule.Apart); err != nil {
			t.Fatal(err)
		}
		if u, err := w.engine.UndoRun(w.ctx, rep.Run.ID); err != nil || u.Items != 2 {
			t.Fatalf("%+v %v", u, err)
		}
		if p := w.pairOf("uid-a"); p.Tie != string(rule.Apart) {
			t.Errorf("the item is tied %q again", p.Tie)
		}
		if p := w.pairOf("uid-b"); p.Tie != "" {
			t.Errorf("the other is tied %q", p.Tie)
		}
	})
}
