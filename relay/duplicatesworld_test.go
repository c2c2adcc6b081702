package relay

import (
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// twins are two events that may be one, each with something of its own: "a.ics" is the
// older, and has a record when linked is set before the other comes.
func (w *world) twins() store.Duplicate {
	w.t.Helper()
	a := event("uid-a", "Review of the budget")
	a.Notes, a.Categories = "bring the numbers", []string{"red"}
	w.put("a.ics", a)
	w.clean()
	w.clock.Advance(time.Minute)
	b := event("uid-b", "Review of budget")
	b.Notes, b.Categories, b.Location = "ask Otto", []string{"blue"}, "Room 1"
	o := w.put("b.ics", b)
	text := strings.Replace(string(o.Text), "SUMMARY:", "X-EXAMPLE-SEAT:12\r\nSUMMARY:", 1)
	wr, err := newCodec(w.clock.Now(), "").index(pim.KindEvent, []byte(text))
	if err != nil {
		w.t.Fatal(err)
	}
	w.putText("b.ics", "uid-b", wr)
	w.clean()
	return w.suggested()
}

// suggested is the only open duplicate.
func (w *world) suggested() store.Duplicate {
	w.t.Helper()
	if _, err := w.engine.FindDuplicates(w.ctx, w.coll.ID); err != nil {
		w.t.Fatal(err)
	}
	ds := w.duplicates(store.DuplicateOpen)
	if len(ds) != 1 {
		w.t.Fatalf("%d duplicates, want one: %+v", len(ds), ds)
	}
	return ds[0]
}

func (w *world) duplicates(s store.DuplicateState) (ds []store.Duplicate) {
	w.t.Helper()
	w.view(func(tx *store.Tx) (err error) {
		ds, err = tx.Duplicates(store.DuplicateFilter{Collection: w.coll.ID, State: s})
		return err
	})
	return ds
}

func (w *world) merge(d store.Duplicate, picks ...string) DuplicateMerge {
	w.t.Helper()
	choice, err := ParsePicks(picks)
	if err != nil {
		w.t.Fatal(err)
	}
	m, err := w.engine.MergeDuplicate(w.ctx, d.ID, choice, "test")
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func sorted(words ...string) []string {
	slices.Sort(words)
	return words
}
