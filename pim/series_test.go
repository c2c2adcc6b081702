package pim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

var berlinTime = func() *time.Location {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return loc
}()

// berlin is nine o'clock in Berlin on a day of October or November 2026, where clocks change on the 25th of October.
func berlin(month time.Month, day, hour int) pim.When {
	return pim.At(time.Date(2026, month, day, hour, 0, 0, 0, berlinTime), "Europe/Berlin")
}

// weekly is a series on Mondays from the 5th of October on, at nine in Berlin, with what edits make of it.
func weekly(edits ...func(*pim.Event)) *pim.Event {
	e := &pim.Event{
		Activity: pim.Activity{UID: "u", Title: "Review", Location: "Room 1", Recurrence: &pim.Recurrence{Rules: []string{"FREQ=WEEKLY"}}},
		Start:    berlin(10, 5, 9), End: berlin(10, 5, 10),
	}
	for _, edit := range edits {
		edit(e)
	}
	return e
}

// changing lets one occurrence differ.
func changing(at pim.When, edit func(*pim.Event)) func(*pim.Event) {
	return func(e *pim.Event) {
		o := pim.OccurrenceAt(e, at).(*pim.Event)
		edit(o)
		rec := e.Recurrence
		rec.Except = slices.DeleteFunc(rec.Except, at.Equal)
		rec.Changed = append(slices.DeleteFunc(rec.Changed, func(o pim.Occurrence) bool { return o.At.Equal(at) }), pim.Occurrence{At: at, Item: o})
	}
}

func excluding(at pim.When) func(*pim.Event) {
	return func(e *pim.Event) {
		e.Recurrence.Except = append(e.Recurrence.Except, at)
		e.Recurrence.Changed = slices.DeleteFunc(e.Recurrence.Changed, func(o pim.Occurrence) bool { return o.At.Equal(at) })
	}
}

func titled(s string) func(*pim.Event) { return func(e *pim.Event) { e.Title = s } }
func placed(s string) func(*pim.Event) { return func(e *pim.Event) { e.Location = s } }
func ruled(s string) func(*pim.Event) {
	return func(e *pim.Event) { e.Recurrence.Rules = []string{s} }
}

// later moves a series by an hour, with the names of its occurrences as their programs do.
func later(e *pim.Event) {
	move := func(w pim.When) pim.When { return pim.At(w.Time.Add(time.Hour), w.Zone) }
	e.Start, e.End = move(e.Start), move(e.End)
	for i := range e.Recurrence.Except {
		e.Recurrence.Except[i] = move(e.Recurrence.Except[i])
	}
	for i := range e.Recurrence.Changed {
		e.Recurrence.Changed[i].At = move(e.Recurrence.Changed[i].At)
	}
}

func TestMergeOfSeries(t *testing.T) {
	t.Parallel()
	f, _ := pim.FieldByID(pim.FieldRecurrence)
	one, two := berlin(10, 12, 9), berlin(11, 2, 9) // either side of the change of clocks
	type edits []func(*pim.Event)
	for _, c := range []struct {
		name               string
		base, mine, theirs edits // of the base: mine and theirs come after it
		want               edits // nil: a collision
	}{
		{"two occurrences", nil, edits{changing(one, titled("mine"))}, edits{changing(two, titled("theirs"))},
			edits{changing(one, titled("mine")), changing(two, titled("theirs"))}},
		{"two fields of one", nil, edits{changing(one, titled("mine"))}, edits{changing(one, placed("theirs"))},
			edits{changing(one, titled("mine")), changing(one, placed("theirs"))}},
		{"two fields of one that differed", edits{changing(one, titled("was"))}, edits{changing(one, titled("mine"))}, edits{changing(one, placed("theirs"))},
			edits{changing(one, titled("mine")), changing(one, placed("theirs"))}},
		{"one field of one", nil, edits{changing(one, titled("mine"))}, edits{changing(one, titled("theirs"))}, nil},
		{"the same of one", nil, edits{changing(one, titled("both"))}, edits{changing(one, titled("both"))}, edits{changing(one, titled("both"))}},
		{"the rule and an occurrence", nil, edits{ruled("FREQ=WEEKLY;COUNT=9")}, edits{changing(one, titled("theirs"))},
			edits{ruled("FREQ=WEEKLY;COUNT=9"), changing(one, titled("theirs"))}},
		{"two rules", nil, edits{ruled("FREQ=DAILY")}, edits{ruled("FREQ=MONTHLY")}, nil},
		{"two exclusions", nil, edits{excluding(one)}, edits{excluding(two)}, edits{excluding(one), excluding(two)}},
		{"an exclusion and another's end", edits{excluding(one)}, edits{excluding(two)}, edits{func(e *pim.Event) { e.Recurrence.Except = nil }}, edits{excluding(two)}},
		{"a date more on each side", nil, edits{func(e *pim.Event) { e.Recurrence.Dates = []pim.When{one} }}, edits{func(e *pim.Event) { e.Recurrence.Dates = []pim.When{two} }},
			edits{func(e *pim.Event) { e.Recurrence.Dates = []pim.When{one, two} }}},

		{"excluded here, changed there: a change beats a deletion", nil, edits{excluding(one)}, edits{changing(one, titled("theirs"))}, edits{changing(one, titled("theirs"))}},
		{"changed here, excluded there", edits{changing(one, titled("was"))}, edits{changing(one, placed("mine"))}, edits{excluding(one)},
			edits{changing(one, titled("was")), changing(one, placed("mine"))}},
		{"excluded there, as it was here", edits{changing(one, titled("was"))}, edits{changing(two, titled("mine"))}, edits{excluding(one)},
			edits{excluding(one), changing(two, titled("mine"))}},
		{"excluded there, set back here", edits{changing(one, titled("was"))}, edits{changing(one, func(*pim.Event) {}), func(e *pim.Event) { e.Recurrence.Changed = nil }}, edits{excluding(one)},
			edits{excluding(one)}},
		{"set back there, as it was here", edits{changing(one, titled("was"))}, edits{changing(two, titled("mine"))}, edits{func(e *pim.Event) { e.Recurrence.Changed = nil }},
			edits{changing(two, titled("mine"))}},
		{"set back there, another field changed here", edits{changing(one, titled("was"))}, edits{changing(one, placed("mine"))}, edits{func(e *pim.Event) { e.Recurrence.Changed = nil }},
			edits{changing(one, placed("mine"))}},
		{"set back there, the same field changed here", edits{changing(one, titled("was"))}, edits{changing(one, titled("mine"))}, edits{func(e *pim.Event) { e.Recurrence.Changed = nil }}, nil},
		{"an exclusion undone by a change here", edits{excluding(one)}, edits{func(e *pim.Event) { e.Recurrence.Except = nil }, changing(one, titled("mine"))}, edits{excluding(two)},
			edits{excluding(two), changing(one, titled("mine"))}},

		{"the series an hour later there, excluded here", nil, edits{excluding(two)}, edits{later}, edits{excluding(two), later}},
		{"the series an hour later there, an occurrence changed here", nil, edits{changing(two, placed("mine"))}, edits{later}, edits{later, changing(berlin(11, 2, 10), placed("mine"))}},
		{"the series an hour later here with its names, another excluded there", edits{excluding(one)}, edits{later}, edits{excluding(two)},
			edits{excluding(one), excluding(two), later}},
		{"the series an hour later on both sides", nil, edits{later, excluding(berlin(10, 12, 10))}, edits{later, excluding(berlin(11, 2, 10))},
			edits{later, excluding(berlin(10, 12, 10)), excluding(berlin(11, 2, 10))}},
		{"it ends here, and goes on there", nil, edits{func(e *pim.Event) { e.Recurrence = nil }}, edits{excluding(one)}, nil},
		{"it ends here", nil, edits{func(e *pim.Event) { e.Recurrence = nil }}, nil, edits{func(e *pim.Event) { e.Recurrence = nil }}},
	} {
		base, mine, theirs := weekly(c.base...), weekly(append(slices.Clone(c.base), c.mine...)...), weekly(append(slices.Clone(c.base), c.theirs...)...)
		for _, way := range []string{"", " the other way round"} {
			into := pim.Clone(mine)
			ok := f.Merge(base, mine, theirs, into)
			if ok != (c.want != nil) {
				t.Errorf("%s%s: merged: %v\n%s", c.name, way, ok, f.Text(into))
			} else if want := weekly(c.want...); ok && !f.Equal(into, want) {
				t.Errorf("%s%s:\n%s\nwant\n%s", c.name, way, f.Text(into), f.Text(want))
			}
			mine, theirs = theirs, mine
		}
	}
}

// Of an occurrence of which a side knows no more than that it differs, the other side's is taken.
func TestMergeOfOccurrencesThatAreNotKnown(t *testing.T) {
	t.Parallel()
	f, _ := pim.FieldByID(pim.FieldRecurrence)
	at := berlin(10, 12, 9)
	unknown := func(e *pim.Event) { e.Recurrence.Changed = []pim.Occurrence{{At: at}} }
	base, mine, theirs := weekly(unknown), weekly(unknown, excluding(berlin(11, 2, 9))), weekly(changing(at, titled("theirs")))
	into := pim.Clone(mine)
	if want := weekly(changing(at, titled("theirs")), excluding(berlin(11, 2, 9))); !f.Merge(base, mine, theirs, into) || !f.Equal(into, want) {
		t.Errorf("%s", f.Text(into))
	}
}

func TestMergeOfSeriesSharesNothing(t *testing.T) {
	t.Parallel()
	f, _ := pim.FieldByID(pim.FieldRecurrence)
	mine, theirs := weekly(changing(berlin(10, 12, 9), titled("mine"))), weekly(changing(berlin(11, 2, 9), titled("theirs")), excluding(berlin(11, 9, 9)))
	into := pim.Clone(mine).(*pim.Event)
	if !f.Merge(weekly(), mine, theirs, into) {
		t.Fatal("collides")
	}
	before, after := f.Text(mine)+f.Text(theirs), func() string { return f.Text(mine) + f.Text(theirs) }
	into.Recurrence.Rules[0] = "x"
	into.Recurrence.Except[0] = berlin(12, 1, 9)
	for _, o := range into.Recurrence.Changed {
		o.Item.(*pim.Event).Title = "x"
	}
	if after() != before {
		t.Error("shared")
	}
}

func TestOwnOccurrence(t *testing.T) {
	t.Parallel()
	days := &pim.Event{Start: pim.On(2026, 10, 5), End: pim.On(2026, 10, 7)}
	floating := &pim.Event{Start: pim.When{Time: time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC), Floating: true}}
	floating.End = floating.Start
	due := &pim.Task{Due: berlin(10, 5, 9)}
	both := &pim.Task{Start: berlin(10, 5, 9), Due: berlin(10, 6, 12)}
	for _, c := range []struct {
		name       string
		series     pim.Item
		at         pim.When
		start, end string
	}{
		{"over a change of clocks", weekly(), pim.At(berlin(11, 2, 9).Time, ""), "2026-11-02T08:00:00Z", "2026-11-02T09:00:00Z"},
		{"by its day", weekly(), pim.On(2026, 11, 2), "2026-11-02T08:00:00Z", "2026-11-02T09:00:00Z"},
		{"by a time without zone", weekly(), pim.When{Time: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), Floating: true}, "2026-11-02T08:00:00Z", "2026-11-02T09:00:00Z"},
		{"of days", days, pim.On(2026, 11, 2), "2026-11-02", "2026-11-04"},
		{"of days, by a midnight", days, berlin(11, 2, 0), "2026-11-02", "2026-11-04"},
		{"without zone", floating, pim.When{Time: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), Floating: true}, "2026-11-02T09:00:00", "2026-11-02T09:00:00"},
		{"without zone, by a moment", floating, berlin(11, 2, 9), "2026-11-02T09:00:00", "2026-11-02T09:00:00"},
		{"due", due, berlin(11, 2, 9), "", "2026-11-02T08:00:00Z"},
		{"started and due", both, berlin(11, 2, 9), "2026-11-02T08:00:00Z", "2026-11-03T11:00:00Z"},
	} {
		own := pim.OwnOccurrence(c.series, c.at)
		var start, end pim.When
		switch v := own.(type) {
		case *pim.Event:
			start, end = v.Start, v.End
		case *pim.Task:
			start, end = v.Start, v.Due
		}
		if start.String() != c.start || end.String() != c.end || pim.RecurrenceOf(own) != nil {
			t.Errorf("%s: %s to %s", c.name, start, end)
		}
	}
	if e := pim.OwnOccurrence(weekly(), berlin(11, 2, 9)).(*pim.Event); e.Start.Zone != "Europe/Berlin" || e.Title != "Review" {
		t.Errorf("%+v", e)
	}
	if pim.OwnOccurrence(&pim.Contact{}, berlin(11, 2, 9)) != nil || pim.OwnOccurrence(nil, berlin(11, 2, 9)) != nil {
		t.Error("a contact has occurrences")
	}
}

// The clocks change on 25 October: by the clock an occurrence keeps its time of day and its length, and takes an hour more.
func TestOwnOccurrenceOnClock(t *testing.T) {
	t.Parallel()
	loc := berlinTime
	night := &pim.Event{Start: berlin(10, 23, 23), End: berlin(10, 24, 7), Activity: pim.Activity{Recurrence: &pim.Recurrence{}}}
	got := pim.OwnOccurrenceOnClock(night, berlin(10, 24, 23), loc).(*pim.Event)
	if got.Start.String() != "2026-10-24T21:00:00Z" || got.End.String() != "2026-10-25T06:00:00Z" || got.End.Zone != "Europe/Berlin" || got.Recurrence != nil {
		t.Errorf("the night of the change is from %v to %v", got.Start, got.End)
	}
	if exact := pim.OwnOccurrence(night, berlin(10, 24, 23)).(*pim.Event); exact.End.String() != "2026-10-25T05:00:00Z" {
		t.Errorf("exactly as long it ends at %v", exact.End)
	}
	if got := pim.OwnOccurrenceOnClock(night, berlin(10, 24, 23), nil).(*pim.Event); got.End.String() != "2026-10-25T05:00:00Z" {
		t.Errorf("in UTC, where no clock changes, it ends at %v", got.End)
	}
	days := &pim.Event{Start: pim.On(2026, 10, 23), End: pim.On(2026, 10, 25)}
	if got := pim.OwnOccurrenceOnClock(days, pim.On(2026, 10, 30), loc).(*pim.Event); got.Start != pim.On(2026, 10, 30) || got.End != pim.On(2026, 11, 1) {
		t.Errorf("two days are %v to %v", got.Start, got.End)
	}
	task := &pim.Task{Start: berlin(10, 23, 9), Due: pim.On(2026, 10, 24)}
	for name, own := range map[string]pim.Item{"on clocks": pim.OwnOccurrenceOnClock(task, berlin(10, 30, 9), loc), "exactly": pim.OwnOccurrence(task, berlin(10, 30, 9))} {
		if got := own.(*pim.Task); got.Start.String() != "2026-10-30T08:00:00Z" || got.Due != pim.On(2026, 10, 31) {
			t.Errorf("%s, the task is %v to %v", name, got.Start, got.Due)
		}
	}
}

func TestOccurrenceAt(t *testing.T) {
	t.Parallel()
	at := berlin(11, 2, 9)
	e := weekly(changing(at, titled("other")))
	e.Recurrence.Changed = append(e.Recurrence.Changed, pim.Occurrence{At: berlin(11, 9, 9)})
	for name, c := range map[string]struct {
		at    pim.When
		title string
	}{
		"one that differs": {pim.At(at.Time, ""), "other"}, "by its day": {pim.On(2026, 11, 2), "other"},
		"not known how": {berlin(11, 9, 9), "Review"}, "as the series has it": {berlin(11, 16, 9), "Review"},
	} {
		if got := pim.OccurrenceAt(e, c.at).Summary(); got != c.title {
			t.Errorf("%s: %s", name, got)
		}
	}
	pim.OccurrenceAt(e, at).(*pim.Event).Title = "scribbled"
	if pim.OccurrenceAt(e, at).Summary() != "other" {
		t.Error("shared")
	}
}

func TestStartShift(t *testing.T) {
	t.Parallel()
	one, two := berlin(10, 12, 9), berlin(11, 2, 9)
	moved := func(d time.Duration) func(*pim.Event) {
		return func(e *pim.Event) { e.Start = pim.At(e.Start.Time.Add(d), e.Start.Zone) }
	}
	allDay := func(e *pim.Event) { e.Start, e.End = pim.On(2026, 10, 6), pim.On(2026, 10, 7) }
	for _, c := range []struct {
		name    string
		was, is *pim.Event
		at      pim.When
		want    string
	}{
		{"not at all", weekly(), weekly(titled("x")), two, two.String()},
		{"an hour later, over a change of clocks", weekly(), weekly(moved(time.Hour)), two, "2026-11-02T09:00:00Z"},
		{"the names did not", weekly(excluding(one)), weekly(excluding(one), moved(time.Hour)), two, two.String()},
		{"the names did", weekly(excluding(one)), weekly(excluding(one), later), two, "2026-11-02T09:00:00Z"},
		{"a week later is another beginning of the same", weekly(), weekly(moved(7 * 24 * time.Hour)), two, two.String()},
		{"a day later is another day", weekly(), weekly(moved(24 * time.Hour)), two, "2026-11-03T08:00:00Z"},
		{"a day later, every day", weekly(ruled("FREQ=DAILY")), weekly(ruled("FREQ=DAILY"), moved(24*time.Hour)), two, two.String()},
		{"to days", weekly(), weekly(allDay), two, "2026-11-03"},
		{"from days", weekly(allDay), weekly(), pim.On(2026, 11, 3), two.String()},
		{"by its day", weekly(), weekly(moved(23 * time.Hour)), pim.On(2026, 11, 2), "2026-11-03"},
	} {
		s := pim.StartShift(c.was, c.is)
		if got := s.Of(c.at); got.String() != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if back := s.Back().Of(s.Of(c.at)); back.String() != c.at.String() {
			t.Errorf("%s: %s comes back as %s", c.name, c.at, back)
		}
	}
}

// Two people who write to different occurrences, or fields of them, both find what they wrote.
func TestMergeOfSeriesLosesNothing(t *testing.T) {
	t.Parallel()
	f, _ := pim.FieldByID(pim.FieldRecurrence)
	weeks := []pim.When{berlin(10, 5, 9), berlin(10, 12, 9), berlin(10, 26, 9), berlin(11, 2, 9)}
	rapid.Check(t, func(t *rapid.T) {
		edit := func(who string) (out []func(*pim.Event)) {
			for _, at := range weeks {
				switch rapid.IntRange(0, 3).Draw(t, who) {
				case 1:
					out = append(out, changing(at, titled(who)))
				case 2:
					out = append(out, changing(at, placed(who)))
				case 3:
					out = append(out, excluding(at))
				}
			}
			return out
		}
		start := edit("base")
		base := weekly(start...)
		mine, theirs := weekly(append(slices.Clone(start), edit("mine")...)...), weekly(append(slices.Clone(start), edit("theirs")...)...)
		into := pim.Clone(mine)
		if !f.Merge(base, mine, theirs, into) {
			return // both wrote the same field of one occurrence
		}
		for _, at := range weeks {
			b, x, y := pim.OccurrenceAt(base, at), pim.OccurrenceAt(mine, at), pim.OccurrenceAt(theirs, at)
			got := pim.OccurrenceAt(into, at)
			for _, side := range []pim.Item{x, y} {
				wrote := pim.Diff(b, side, pim.Set(pim.FieldTitle, pim.FieldLocation))
				for _, id := range wrote.IDs() {
					field, _ := pim.FieldByID(id)
					if written := field.Text(side); (written == "mine" || written == "theirs") && field.Text(got) != written {
						t.Fatalf("%s of %s is %q, not %q as somebody wrote", id, at, field.Text(got), written)
					}
				}
			}
		}
		for _, line := range strings.Split(f.Show(into), "\n") {
			if day, is := strings.CutPrefix(line, "not "); is && strings.Contains(f.Show(into), "changed "+day) {
				t.Fatalf("excluded and changed: %s", f.Show(into))
			}
		}
	})
}

func TestSameRules(t *testing.T) {
	t.Parallel()
	tuesday := func(e *pim.Event) { e.Start, e.End = berlin(10, 6, 9), berlin(10, 6, 10) }
	for name, c := range map[string]struct {
		a, b *pim.Event
		same bool
	}{
		"none":                        {&pim.Event{}, &pim.Event{}, true},
		"one and none":                {weekly(), &pim.Event{}, false},
		"an interval of one":          {weekly(ruled("FREQ=WEEKLY;BYDAY=MO")), weekly(ruled("BYDAY=MO;INTERVAL=1;FREQ=WEEKLY")), true},
		"the day of the start":        {weekly(ruled("FREQ=WEEKLY")), weekly(ruled("FREQ=WEEKLY;BYDAY=MO")), true},
		"not where one begins":        {weekly(ruled("FREQ=WEEKLY")), weekly(ruled("FREQ=WEEKLY;BYDAY=MO"), tuesday), false},
		"alike, wherever they begin":  {weekly(ruled("FREQ=WEEKLY")), weekly(ruled("FREQ=WEEKLY"), tuesday), true},
		"the last day and its end":    {weekly(ruled("FREQ=WEEKLY;UNTIL=20261102")), weekly(ruled("FREQ=WEEKLY;UNTIL=20261102T225959Z")), true},
		"a day later, an hour before": {weekly(ruled("FREQ=WEEKLY;UNTIL=20261102")), weekly(ruled("FREQ=WEEKLY;UNTIL=20261102T070000Z")), false},
		"nobody can read them":        {weekly(ruled("FREQ=OFTEN")), weekly(ruled("FREQ=OFTEN;X=1")), false},
	} {
		if pim.SameRules(c.a, c.b) != c.same || pim.SameRules(c.b, c.a) != c.same {
			t.Errorf("%s: the same is not %v", name, c.same)
		}
	}
	// One spells its rule anew while the other makes it longer.
	base, mine, theirs := weekly(ruled("FREQ=WEEKLY;COUNT=9")), weekly(ruled("FREQ=WEEKLY;INTERVAL=1;COUNT=9")), weekly(ruled("FREQ=WEEKLY;COUNT=12"))
	f, _ := pim.FieldByID(pim.FieldRecurrence)
	if into := weekly(); !f.Merge(base, mine, theirs, into) || into.Recurrence.Rules[0] != "FREQ=WEEKLY;COUNT=12" {
		t.Errorf("merged: %v", into.Recurrence.Rules)
	}
}
