package storetest

import (
	"testing"
	"time"

	"crmbridge/store"
)

// ended makes the report of a run with that many steps.
func (f *fixture) ended(l store.LinkID, r store.Run, steps int) (id store.RunID) {
	f.Helper()
	f.update(func(tx *store.Tx) error {
		begun, err := tx.StartRun(store.Run{LinkID: l, Trigger: r.Trigger})
		if err != nil {
			return err
		}
		r.ID, r.LinkID, id = begun.ID, l, begun.ID
		r.Trigger, r.Started = begun.Trigger, begun.Started
		return tx.FinishRun(r, make([]store.Step, steps))
	})
	return id
}

// Runs that found nothing share one report, which says how many and since when.
func testQuietRuns(t *testing.T, open Opener) {
	clock := NewClock()
	f := setUp(t, open, store.Config{Now: clock.Now})
	l := f.link(f.cal.ID, store.CRM, "crm").ID
	other := f.link(f.cal.ID, store.Exchange, "other").ID
	poll := store.Run{Trigger: "poll", Outcome: "ok", Quiet: 1}
	first := clock.Now()
	poll.Requests = 3
	f.ended(l, poll, 0)
	clock.Advance(time.Minute)
	f.ended(other, poll, 0)
	for range 9 {
		clock.Advance(time.Minute)
		f.ended(l, poll, 0)
	}
	manual := poll
	manual.Trigger = "manual"
	f.ended(l, manual, 0)
	f.ended(l, poll, 2) // it has steps after all
	down := store.Run{Trigger: "poll", Outcome: "failed", Error: "the server did not answer", Kind: "unavailable", Quiet: 1}
	f.ended(l, down, 0)
	f.ended(l, down, 0)
	refused := down
	refused.Error = "the server refused the login"
	f.ended(l, refused, 0)
	f.view(func(tx *store.Tx) error {
		rs, err := tx.Runs(store.RunFilter{Link: l})
		if err != nil {
			return err
		}
		var quiet []int
		for _, r := range rs {
			quiet = append(quiet, r.Quiet)
		}
		equal(t, "reports, newest first", len(rs), 5)
		for i, want := range []int{1, 2, 0, 1, 10} {
			equal(t, "runs of a report", quiet[i], want)
		}
		oldest := rs[4]
		if oldest.Since == nil || !oldest.Since.Equal(first.UTC().Truncate(time.Microsecond)) && oldest.Since.Sub(first).Abs() > time.Second {
			t.Errorf("since %v, want %v", oldest.Since, first)
		}
		equal(t, "requests of all of them", oldest.Requests, 30)
		early, err := tx.Runs(store.RunFilter{Link: l, Until: first.Add(5 * time.Minute)})
		if err != nil || len(early) != 1 || early[0].ID != oldest.ID {
			t.Errorf("the report that stands for runs before a time: %+v, %v", early, err)
		}
		failed, err := tx.Runs(store.RunFilter{Outcome: "failed", Trigger: "poll", Limit: 1})
		if err != nil || len(failed) != 1 || failed[0].Error != refused.Error {
			t.Errorf("failed ones: %+v, %v", failed, err)
		}
		older, err := tx.Runs(store.RunFilter{Link: l, Before: rs[3].ID})
		if err != nil || len(older) != 1 || older[0].ID != oldest.ID {
			t.Errorf("the page behind: %+v, %v", older, err)
		}
		return err
	})
}

// Reports go by age and by the number of steps, a bounded number at a time.
func testRunsPruned(t *testing.T, open Opener) {
	clock := NewClock()
	f := setUp(t, open, store.Config{Now: clock.Now})
	l := f.link(f.cal.ID, store.CRM, "crm").ID
	var ids []store.RunID
	for range 300 {
		ids = append(ids, f.ended(l, store.Run{Trigger: "change", Outcome: "ok"}, 2))
	}
	// One that goes on, with many steps.
	var going store.Run
	f.update(func(tx *store.Tx) (err error) {
		if going, err = tx.StartRun(store.Run{LinkID: l, Trigger: "poll"}); err != nil {
			return err
		}
		for range 10 {
			if err := tx.AddStep(&store.Step{RunID: going.ID, Action: "create"}); err != nil {
				return err
			}
		}
		return nil
	})
	clock.Advance(time.Hour)
	young := f.ended(l, store.Run{Trigger: "change", Outcome: "ok"}, 5)
	prune := func(age time.Duration, most int) (total, calls int) {
		for n := int64(1); n > 0; calls++ {
			f.update(func(tx *store.Tx) (err error) {
				n, err = tx.PruneRuns(tx.Now().Add(-age), most)
				return err
			})
			total += int(n)
		}
		return total, calls
	}
	total, _ := prune(2*time.Hour, 0)
	equal(t, "nothing is old", total, 0)
	total, _ = prune(2*time.Hour, 615)
	equal(t, "no more steps than that", total, 0)
	total, _ = prune(2*time.Hour, 115)
	equal(t, "by size", total, 250)
	f.view(func(tx *store.Tx) error {
		if _, err := tx.Run(ids[250]); err != nil {
			t.Errorf("the oldest that fits: %v", err)
		}
		ss, err := tx.Steps(store.StepFilter{Run: young, After: 0, Limit: 3})
		equal(t, "a page of steps", len(ss), 3)
		if err != nil {
			return err
		}
		rest, err := tx.Steps(store.StepFilter{Run: young, After: ss[2].ID})
		equal(t, "the next page", len(rest), 2)
		return err
	})
	total, calls := prune(30*time.Minute, 0)
	equal(t, "by age", total, 50)
	if calls < 2 {
		t.Errorf("%d calls", calls)
	}
	f.view(func(tx *store.Tx) error { _, err := tx.Run(young); return err })
	total, _ = prune(2*time.Hour, 5)
	equal(t, "one that goes on", total, 0)
	f.update(func(tx *store.Tx) error {
		if err := tx.AddStep(&store.Step{RunID: going.ID, Action: "create"}); err != nil {
			return err
		}
		going.Outcome = "ok"
		return tx.FinishRun(going, nil)
	})
}
