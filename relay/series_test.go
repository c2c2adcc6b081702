package relay

import (
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

func TestSeriesRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoSeries: true}, open(rule.Ask), func(w *world) {
		w.put("s.ics", dailySeries("s", "Stand-up", 3))
		w.clean()
		w.quiet()
		if got := w.there(); len(got) != 0 {
			t.Fatalf("the CRM has %q", got)
		}
		w.view(func(tx *store.Tx) error {
			held, err := tx.PairsIn(w.link.ID, store.PairsHeld, 10, 0)
			if err == nil && (len(held) != 1 || held[0].Hold != string(rule.HoldSeries) || held[0].RetryAt != nil || held[0].Error != "") {
				t.Errorf("held: %+v", held)
			}
			return err
		})
		x, err := w.engine.Explain(w.ctx, w.link.ID, "s")
		if err != nil || len(x) != 1 || !strings.Contains(strings.Join(x[0].Words, " "), "It repeats, and the remote keeps nothing that does") {
			t.Errorf("explained as %+v, %v", x, err)
		}
		// Without the repetition it goes.
		w.edit("s.ics", func(e *pim.Event) { e.Recurrence = nil })
		w.clean()
		w.same("08 09:00 Stand-up")
	})
}

func TestSeriesExpanded(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoSeries: true, NoUID: true}, expanding(), func(w *world) {
		w.put("s.ics", dailySeries("s", "Stand-up", 4))
		w.clean()
		w.same("08 09:00 Stand-up", "09 09:00 Stand-up", "10 09:00 Stand-up", "11 09:00 Stand-up")
		w.quiet()
		// A change of one activity is one of that occurrence, and of no other.
		w.change(w.recordAt(9).ID, func(e *pim.Event) { e.Location = "Room 2" })
		w.clean()
		w.same("08 09:00 Stand-up", "09 09:00 Stand-up Room 2", "10 09:00 Stand-up", "11 09:00 Stand-up")
		if os := w.objects(); len(os) != 1 || !strings.Contains(string(os["s.ics"].Text), "RECURRENCE-ID") {
			t.Fatalf("objects %v", os)
		}
		// A deleted activity is an exception.
		w.crm.Remove(mem.Activities, w.recordAt(10).ID)
		w.clean()
		w.same("08 09:00 Stand-up", "09 09:00 Stand-up Room 2", "11 09:00 Stand-up")
		w.quiet()
		// A change of the series changes those that did not change by themselves.
		w.edit("s.ics", func(e *pim.Event) { e.Title = "Daily" })
		w.clean()
		w.same("08 09:00 Daily", "09 09:00 Stand-up Room 2", "11 09:00 Daily")
		// It gets longer, and an occurrence is taken out.
		w.edit("s.ics", func(e *pim.Event) {
			e.Recurrence.Rules = []string{"FREQ=DAILY;COUNT=5"}
			e.Recurrence.Except = append(e.Recurrence.Except, pim.At(time.Date(2026, 1, 8, 9, 0, 0, 0, time.UTC), ""))
		})
		w.clean()
		w.same("09 09:00 Stand-up Room 2", "11 09:00 Daily", "12 09:00 Daily")
		w.quiet()
		x, err := w.engine.Explain(w.ctx, w.link.ID, "s")
		if err != nil || !strings.Contains(strings.Join(x[0].Words, " "), "3 of its occurrences are synced") {
			t.Errorf("explained as %+v, %v", x, err)
		}
		w.delete("s.ics")
		w.clean()
		w.same()
		w.quiet()
	})
}

func TestSeriesThatMovesKeepsItsRecords(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoSeries: true}, expanding(), func(w *world) {
		w.put("s.ics", dailySeries("s", "Stand-up", 30))
		w.clean()
		before := map[remote.ItemID]bool{}
		for _, rec := range w.records() {
			before[rec.ID] = true
		}
		w.edit("s.ics", func(e *pim.Event) {
			e.Start, e.End = pim.At(e.Start.Time.Add(time.Hour), ""), pim.At(e.End.Time.Add(time.Hour), "")
		})
		if rep := w.clean(); rep.Counts.DeletedRemote+rep.Counts.CreatedRemote != 0 || rep.Counts.UpdatedRemote != 30 {
			t.Errorf("%+v", rep.Counts)
		}
		for _, rec := range w.records() {
			if !before[rec.ID] {
				t.Errorf("%s is new", rec.ID)
			}
		}
		w.quiet()
	})
}

func TestItemBecomesASeriesAndBack(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoSeries: true}, expanding(), func(w *world) {
		w.put("s.ics", event("s", "Once"))
		w.clean()
		id := w.record().ID
		w.edit("s.ics", func(e *pim.Event) { e.Recurrence = &pim.Recurrence{Rules: []string{"FREQ=DAILY;COUNT=2"}} })
		w.clean()
		w.same("08 09:00 Once", "09 09:00 Once")
		if w.recordAt(8).ID != id {
			t.Error("the first occurrence is another record")
		}
		w.edit("s.ics", func(e *pim.Event) { e.Recurrence = nil })
		w.clean()
		w.same("08 09:00 Once")
		if w.record().ID != id {
			t.Error("what is left is another record")
		}
		w.quiet()
		w.change(id, func(e *pim.Event) { e.Title = "Once more" })
		w.clean()
		w.same("08 09:00 Once more")
	})
}

// A series that cannot be made into single items, and of which one was changed by a person, fails alone.
func TestOneSeriesDoesNotStopTheLink(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]string{"endless": "FREQ=SECONDLY", "much": "FREQ=HOURLY"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{NoSeries: true}, expanding(), func(w *world) {
				w.put("s.ics", dailySeries("s", "Stand-up", 2))
				w.clean()
				w.edit("s.ics", func(e *pim.Event) { e.Title = "Mine" })
				w.change(w.recordAt(9).ID, func(e *pim.Event) { e.Title = "Theirs" })
				w.run()
				w.edit("s.ics", func(e *pim.Event) { e.Recurrence.Rules = []string{"FREQ=HOURLY"} })
				o := w.object("s.ics")
				text, err := newCodec(w.clock.Now(), "").index(o.Kind, []byte(strings.Replace(string(o.Text), "FREQ=HOURLY", rule, 1)))
				if err != nil {
					w.t.Fatal(err)
				}
				w.putText("s.ics", o.UID, text)
				for _, c := range w.conflicts(false) {
					if err := w.engine.Settle(w.ctx, c.ID, Choice{All: Theirs}, "ann"); err != nil {
						w.t.Fatal(err)
					}
				}
				w.put("o.ics", event("o", "Other"))
				for range 2 {
					if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{AllowDeletions: true}); err != nil {
						w.t.Fatalf("the run: %v", err)
					}
				}
				if got := w.there(); !slices.Contains(got, "08 09:00 Other") {
					w.t.Fatalf("the CRM has %q", got)
				}
				if p := w.failing()["s"]; (p.ErrorKind == string(pim.ErrTooLarge) && p.Attempts == 1) != (name == "endless") || w.failing()["o"].ID != 0 {
					w.t.Fatalf("failing: %+v", w.failing())
				}
				// Tried again it still is not lost.
				w.clock.Advance(7 * 24 * time.Hour)
				w.run()
				if p := w.failing()["s"]; name == "endless" && p.Attempts != 2 {
					w.t.Fatalf("failing: %+v", p)
				}
				w.edit("s.ics", func(e *pim.Event) { e.Recurrence.Rules = []string{"FREQ=DAILY;COUNT=2"} })
				w.clock.Advance(7 * 24 * time.Hour) // what waited for it is tried again
				w.run()
				w.run()
				w.same("08 09:00 Mine", "08 09:00 Other", "09 09:00 Theirs")
				if len(w.failing()) != 0 {
					w.t.Fatalf("failing: %+v", w.failing())
				}
				w.quiet()
			})
		})
	}
}

// The record of an occurrence that was taken out does not become that of the day that the window gained.
func TestCancelledOccurrenceKeepsItsRecordFromOthers(t *testing.T) {
	t.Parallel()
	r := rule.Rules{PastDays: 5, FutureDays: 5, Series: rule.SeriesExpand}.Defaults()
	onBoth(t, mem.Options{NoSeries: true}, r, func(w *world) {
		e := dailySeries("s", "Stand-up", 500)
		at := w.clock.Now().Truncate(24 * time.Hour).Add(9 * time.Hour)
		e.Start, e.End = pim.At(at, ""), pim.At(at.Add(time.Hour), "")
		w.put("s.ics", e)
		w.clean()
		out := at.AddDate(0, 0, 2)
		taken := w.recordAt(out.Day()).ID
		w.clock.Advance(24 * time.Hour)
		w.edit("s.ics", func(e *pim.Event) { e.Recurrence.Except = []pim.When{pim.At(out, "")} })
		if rep := w.clean(); rep.Counts.DeletedRemote != 1 || rep.Counts.CreatedRemote != 1 || rep.Counts.UpdatedRemote != 0 {
			w.t.Errorf("%+v", rep.Counts)
		}
		for _, rec := range w.records() {
			if rec.ID == taken {
				w.t.Errorf("the record is that of %s now", rec.Item.(*pim.Event).Start)
			}
		}
		w.quiet()
		// Longer by one and without another, at once: that is no move either.
		out = at.AddDate(0, 0, 3)
		taken = w.recordAt(out.Day()).ID
		w.edit("s.ics", func(e *pim.Event) {
			e.Recurrence.Except = append(e.Recurrence.Except, pim.At(out, ""))
			e.Recurrence.Dates = append(e.Recurrence.Dates, pim.At(out.Add(3*time.Hour), ""))
		})
		w.clean()
		if w.recordAt(out.Day()).ID == taken {
			w.t.Error("the record was given to another occurrence")
		}
	})
}

// A series whose past fills up goes on being synced.
func TestLongSeriesGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: a thousand occurrences")
	}
	t.Parallel()
	r := rule.Rules{PastDays: 5, FutureDays: 900, Series: rule.SeriesExpand}.Defaults()
	w := newWorld(t, storetest.Open(t), "long", mem.Options{NoSeries: true}, r)
	e := dailySeries("s", "Stand-up", 5000)
	at := w.clock.Now().Truncate(24 * time.Hour)
	e.Start, e.End = pim.At(at, ""), pim.At(at.Add(time.Hour), "")
	w.put("s.ics", e)
	w.clean()
	w.clock.Advance(200 * 24 * time.Hour)
	w.clean()
	if n := len(w.records()); n < 1090 {
		w.t.Fatalf("%d records", n)
	}
	w.edit("s.ics", func(e *pim.Event) { e.Title = "Daily" })
	w.clean()
	n := 0
	for _, rec := range w.records() {
		if rec.Item.(*pim.Event).Title != "Daily" {
			n++
		}
	}
	if n != 0 {
		w.t.Fatalf("%d of %d records were not changed", n, len(w.records()))
	}
}

func TestChangedActivityOutlivesItsOccurrence(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoSeries: true}, expanding(), func(w *world) {
		w.put("s.ics", dailySeries("s", "Stand-up", 3))
		w.clean()
		// Taken out here and changed there at once: the change wins, and is reported.
		w.edit("s.ics", func(e *pim.Event) {
			e.Recurrence.Except = []pim.When{pim.At(time.Date(2026, 1, 9, 9, 0, 0, 0, time.UTC), "")}
		})
		w.change(w.recordAt(9).ID, func(e *pim.Event) { e.Location = "Room 2" })
		w.clean()
		w.same("08 09:00 Stand-up", "09 09:00 Stand-up Room 2", "10 09:00 Stand-up")
		if n := len(w.conflicts(false)); n != 1 {
			t.Errorf("%d conflicts", n)
		}
		// The same with the whole series: what changed becomes an item of its own.
		w.change(w.recordAt(10).ID, func(e *pim.Event) { e.Location = "Room 3" })
		w.delete("s.ics")
		w.clean()
		w.same("10 09:00 Stand-up Room 3")
		w.quiet()
	})
}

func TestWindowOfSeriesMovesOn(t *testing.T) {
	t.Parallel()
	r := rule.Rules{PastDays: 5, FutureDays: 5, Series: rule.SeriesExpand}.Defaults()
	onBoth(t, mem.Options{NoSeries: true}, r, func(w *world) {
		e := dailySeries("s", "Stand-up", 500)
		at := w.clock.Now().Truncate(24 * time.Hour).Add(-100 * 24 * time.Hour)
		e.Start, e.End = pim.At(at, ""), pim.At(at.Add(time.Hour), "")
		w.put("s.ics", e)
		w.clean()
		first := len(w.records())
		if first < 9 || first > 11 {
			t.Fatalf("%d records in a window of ten days", first)
		}
		w.quiet()
		w.clock.Advance(3 * 24 * time.Hour)
		if rep := w.clean(); rep.Counts.CreatedRemote != 3 || rep.Counts.Done() != 3 {
			t.Errorf("three days later: %+v", rep.Counts)
		}
		w.quiet()
	})
}

func TestConflictOfAnOccurrence(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoSeries: true}, expanding(), func(w *world) {
		w.put("s.ics", dailySeries("s", "Stand-up", 2))
		w.clean()
		w.edit("s.ics", func(e *pim.Event) { e.Title = "Mine" })
		w.change(w.recordAt(9).ID, func(e *pim.Event) { e.Title = "Theirs" })
		w.run()
		open := w.conflicts(false)
		if len(open) != 1 {
			t.Fatalf("%d conflicts", len(open))
		}
		if err := w.engine.Settle(w.ctx, open[0].ID, Choice{All: Theirs}, "ann"); err != nil {
			t.Fatal(err)
		}
		w.clean()
		w.same("08 09:00 Mine", "09 09:00 Theirs")
		w.quiet()
		// Both versions kept: the occurrence is theirs, and ours an item of its own.
		w.edit("s.ics", func(e *pim.Event) { e.Title = "Ours" })
		w.change(w.recordAt(8).ID, func(e *pim.Event) { e.Title = "Of them" })
		w.run()
		if open = w.conflicts(false); len(open) != 1 {
			t.Fatalf("%d conflicts", len(open))
		}
		if err := w.engine.Settle(w.ctx, open[0].ID, Choice{All: KeepBoth}, "ann"); err != nil {
			t.Fatal(err)
		}
		w.clean()
		w.same("08 09:00 Of them", "08 09:00 Ours", "09 09:00 Theirs")
		w.quiet()
	})
}
