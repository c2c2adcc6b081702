package relay

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

func TestRowB14Merge(t *testing.T) {
	t.Parallel()
	rules := open(rule.Ask)
	rules.Approve = true // a person asked for it: nothing waits
	onBoth(t, mem.Options{NoUID: true}, rules, func(w *world) {
		d := w.twins()
		if why, err := WhyAlike(d); err != nil || !slices.Contains(why.Reasons, "nearly the same title") || d.Score < 550 {
			w.t.Errorf("%+v %+v %v", d, why, err)
		}
		m := w.merge(d)
		if m.Kept != d.FirstID || m.Gone != d.SecondID {
			w.t.Errorf("the older is kept: %+v", m)
		}
		if len(m.Left) != 1 || m.Left[0].Field != pim.FieldTitle || m.Left[0].Value != "Review of budget" {
			w.t.Errorf("left out: %+v", m.Left)
		}
		w.want(1, 1)
		o := w.only()
		got := w.item(o)
		if got.Notes != "bring the numbers\n\nask Otto" || got.Location != "Room 1" || got.Title != "Review of the budget" || !slices.Equal(got.Categories, []string{"red", "blue"}) {
			w.t.Errorf("merged: %+v", got)
		}
		if !strings.Contains(string(o.Text), "X-EXAMPLE-SEAT:12") {
			w.t.Errorf("a line that no field stands for is lost:\n%s", o.Text)
		}
		if there := w.record().Item.(*pim.Event); there.Notes != got.Notes || there.Location != "Room 1" {
			w.t.Errorf("there: %+v", there)
		}
		if _, err := w.engine.MergeDuplicate(w.ctx, d.ID, nil, "test"); pim.ReasonOf(err) != pim.ErrExists {
			w.t.Errorf("a second time: %v", err)
		}
		if err := w.engine.IgnoreDuplicate(w.ctx, d.ID, "test"); pim.ReasonOf(err) != pim.ErrConflict {
			w.t.Errorf("ignoring what was merged: %v", err)
		}
	})
}

func TestRowB14MergeByChoice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
	d := w.twins()
	m := w.merge(d, "title=b", "notes=a", "categories=b")
	got := w.item(w.only())
	if got.Title != "Review of budget" || got.Notes != "bring the numbers" || !slices.Equal(got.Categories, []string{"blue"}) {
		t.Errorf("%+v", got)
	}
	var left []string
	for _, l := range m.Left {
		left = append(left, string(l.Field)+"="+l.Value)
	}
	slices.Sort(left)
	if fmt.Sprint(left) != "[categories=red notes=ask Otto title=Review of the budget]" {
		t.Errorf("left out: %v", left)
	}
	for _, bad := range []string{"title", "title=c", "colour=a", "="} {
		if _, err := ParsePicks([]string{bad}); pim.ReasonOf(err) != pim.ErrInvalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// The one with a record is kept, although it is younger.
func TestRowB14TheOneWithARecordIsKept(t *testing.T) {
	t.Parallel()
	rules := open(rule.Ask)
	rules.Out.Create = []string{"Call"}
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, rules)
	w.put("a.ics", event("uid-a", "Review of the budget"))
	w.clean()
	w.clock.Advance(time.Minute)
	w.crm.Add(event("", "Review of budget"), "")
	w.clean()
	d := w.suggested()
	if m := w.merge(d); m.Kept != d.SecondID {
		t.Errorf("%+v", m)
	}
	w.want(1, 1)
}

func TestRowB14UndoOfAMerge(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"at once", "after a run", "after a change"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{NoUID: true}, open(rule.Ask), func(w *world) {
				d := w.twins()
				before := w.objects()
				w.merge(d)
				want := "Review of the budget"
				switch when {
				case "after a run":
					w.clean()
				case "after a change":
					w.clean()
					want = "Review, moved"
					w.edit("a.ics", func(e *pim.Event) { e.Title = want })
				}
				if err := w.engine.UndoDuplicate(w.ctx, d.ID, "test"); err != nil {
					w.t.Fatal(err)
				}
				w.want(2, 2)
				a, b := w.object("a.ics"), w.object("b.ics")
				if got := w.item(a); got.Title != want || got.Notes != "bring the numbers" || got.Location != "" || !slices.Equal(got.Categories, []string{"red"}) {
					w.t.Errorf("the kept one: %+v", got)
				}
				if string(b.Text) != string(before["b.ics"].Text) || b.UID != "uid-b" {
					w.t.Errorf("the other one:\n%s", b.Text)
				}
				var there []string
				for _, r := range w.records() {
					there = append(there, r.Item.Summary())
					if e := r.Item.(*pim.Event); e.Title == want && (e.Location != "" || e.Notes != "bring the numbers") {
						w.t.Errorf("the kept one's record: %+v", e)
					}
				}
				if !slices.Equal(sorted(there...), sorted(want, "Review of budget")) {
					w.t.Errorf("there: %v", there)
				}
				// They are not one: nobody is asked again, until one of them changes.
				if n, err := w.engine.FindDuplicates(w.ctx, w.coll.ID); err != nil || n != 0 {
					w.t.Errorf("%d suggested again, %v", n, err)
				}
				if ds := w.duplicates(store.DuplicateIgnored); len(ds) != 1 || ds[0].FirstID != a.ID || ds[0].SecondID != b.ID {
					w.t.Errorf("%+v", ds)
				}
			})
		})
	}
}

func TestRowB14UndoWhenItCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
	d := w.twins()
	mustFail(t, w.engine.UndoDuplicate(w.ctx, d.ID, "test"), pim.ErrInvalid)
	w.merge(d)
	w.delete("a.ics")
	mustFail(t, w.engine.UndoDuplicate(w.ctx, d.ID, "test"), pim.ErrNotFound)
	mustFail(t, w.engine.UndoDuplicate(w.ctx, d.ID+5, "test"), pim.ErrNotFound)
}

func TestRowB14Ignored(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		d := w.twins()
		if err := w.engine.IgnoreDuplicate(w.ctx, d.ID, "test"); err != nil {
			w.t.Fatal(err)
		}
		find := func(want int) {
			w.t.Helper()
			if n, err := w.engine.FindDuplicates(w.ctx, w.coll.ID); err != nil || n != want {
				w.t.Errorf("%d suggested, want %d; %v", n, want, err)
			}
		}
		find(0)
		w.edit("b.ics", func(e *pim.Event) { e.Notes = "not compared" })
		find(0)
		w.edit("b.ics", func(e *pim.Event) { e.Location = "Room 2" })
		find(1)
		if err := w.engine.IgnoreDuplicate(w.ctx, d.ID, "test"); err != nil {
			w.t.Fatal(err)
		}
		if err := w.engine.UndoDuplicate(w.ctx, d.ID, "test"); err != nil {
			w.t.Fatal(err)
		}
		if ds := w.duplicates(store.DuplicateOpen); len(ds) != 1 {
			w.t.Errorf("%+v", ds)
		}
		w.delete("b.ics")
		if ds := w.duplicates(store.DuplicateOpen); len(ds) != 0 {
			w.t.Errorf("of an item that is gone: %+v", ds)
		}
		_, err := w.engine.MergeDuplicate(w.ctx, d.ID, nil, "test")
		mustFail(w.t, err, pim.ErrNotFound)
	})
}

// While a conflict about one of the two is open, nothing is merged and no merge is undone: the record's side would be written over.
func TestRowB14WhileAConflictIsOpen(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoUID: true}, open(rule.Ask), func(w *world) {
		d := w.twins()
		collide := func(name string) store.ConflictID {
			w.t.Helper()
			var p store.Pair
			w.view(func(tx *store.Tx) (err error) {
				o, err := tx.Object(w.coll.ID, name)
				if err == nil {
					p, err = tx.PairByObject(w.link.ID, o.ID)
				}
				return err
			})
			w.edit(name, func(e *pim.Event) { e.Location = "Room 7, for " + name })
			w.change(remote.ItemID(p.RemoteID), func(e *pim.Event) { e.Location = "Room 8, for " + name })
			w.clean()
			cs := w.conflicts(false)
			if len(cs) != 1 {
				w.t.Fatalf("%d conflicts", len(cs))
			}
			return cs[0].ID
		}
		settle := func(id store.ConflictID) {
			w.t.Helper()
			if err := w.engine.Settle(w.ctx, id, Choice{All: Theirs}, "test"); err != nil {
				w.t.Fatal(err)
			}
			w.clean()
		}
		refused := func(err error, id store.ConflictID) {
			w.t.Helper()
			if mustFail(w.t, err, pim.ErrHeld); !strings.Contains(pim.PublicText(err), fmt.Sprintf("number %d", id)) {
				w.t.Errorf("%v", err)
			}
		}
		id := collide("b.ics")
		_, err := w.engine.MergeDuplicate(w.ctx, d.ID, nil, "test")
		refused(err, id)
		settle(id)
		m := w.merge(d)
		w.clean()
		var kept store.Object
		w.view(func(tx *store.Tx) (err error) { kept, err = tx.ObjectByID(m.Kept); return err })
		id = collide(kept.Name)
		refused(w.engine.UndoDuplicate(w.ctx, d.ID, "test"), id)
		settle(id)
		if err := w.engine.UndoDuplicate(w.ctx, d.ID, "test"); err != nil {
			w.t.Error(err)
		}
		w.want(2, 2)
	})
}

// The runs after a merge, and after its undoing, are killed at every step.
func TestRowB14KilledInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, undone := range []bool{false, true} {
		for n := 1; n < 40; n++ {
			w := newWorld(t, storetest.Open(t), "ann", mem.Options{NoUID: true}, open(rule.Ask))
			d := w.twins()
			w.merge(d)
			want := 1
			if undone {
				want = 2
				w.kill(n)
				_, _ = w.engine.Run(w.ctx, w.link.ID, RunOptions{})
				w.restart()
				if err := w.engine.UndoDuplicate(w.ctx, d.ID, "test"); err != nil {
					t.Fatal(err)
				}
			}
			w.kill(n)
			_, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true})
			w.restart()
			w.want(want, want)
			if err == nil {
				break
			}
		}
	}
}

// A merge while a run is about to write the other item: that deletion still waits for
// nobody.
func TestRowB14MergeDuringARun(t *testing.T) {
	t.Parallel()
	rules := open(rule.Ask)
	rules.Approve = true
	onBoth(t, mem.Options{NoUID: true}, rules, func(w *world) {
		d := w.twins()
		w.edit("b.ics", func(e *pim.Event) { e.Location = "Room 2" })
		merged := false
		w.engine.pause = func(step string) error {
			if step == "intent stored" && !merged {
				merged = true
				w.merge(d)
			}
			return nil
		}
		w.run()
		w.engine.pause = nil
		if !merged {
			w.t.Fatal("the run wrote nothing")
		}
		w.run()
		w.want(1, 1)
	})
}

// Many suggestions are stored in parts, so that devices do not wait for all of them, and what
// is alike no more goes, whichever part it is in.
func TestRowX20ManySuggestionsGoInParts(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		const n = 2*suggestBatch + 3
		w.update(func(tx *store.Tx) error {
			for i := range 2 * n {
				e := event(fmt.Sprintf("uid-%d", i), fmt.Sprintf("Review of number%d here", i/2))
				if i%2 == 1 {
					e.Title = fmt.Sprintf("Review of number%d", i/2)
				}
				wr, err := newCodec(w.clock.Now(), "").create(e, e.UID)
				if err != nil {
					return err
				}
				in := wr.put(w.coll.ID, e.UID+".ics", e.UID, pim.KindEvent)
				in.By = "dav:test"
				if _, err := tx.PutObject(in); err != nil {
					return err
				}
			}
			return nil
		})
		var pairs []store.Duplicate
		all := w.objects()
		for i := range n {
			a, b := all[fmt.Sprintf("uid-%d.ics", 2*i)], all[fmt.Sprintf("uid-%d.ics", 2*i+1)]
			pairs = append(pairs, store.Duplicate{UserID: w.user.ID, FirstID: a.ID, SecondID: b.ID, Kind: pim.KindEvent, Reasons: "{}", Print: "p"})
		}
		open := func() int {
			var ds []store.Duplicate
			w.view(func(tx *store.Tx) (err error) {
				ds, err = tx.Duplicates(store.DuplicateFilter{Collection: w.coll.ID, State: store.DuplicateOpen, Limit: 10 * n})
				return err
			})
			return len(ds)
		}
		for _, want := range []struct{ from, to, added int }{{0, n, n}, {0, n, 0}, {n - 1, n, 0}, {0, 2, 2}} {
			added, err := w.engine.suggestAll(w.ctx, w.coll.ID, slices.Clone(pairs[want.from:want.to]))
			if err != nil || added != want.added || open() != want.to-want.from {
				t.Fatalf("%+v: %d added, %d open, %v", want, added, open(), err)
			}
		}
	})
}
