package remotetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/rrule"
	"crmbridge/remote"
)

// series asks what remote.RuleRecurrence promises: a rule, occurrences that are taken out, and occurrences that differ, each as
// a whole, all of it changed by either side. Rules are such as every program has: of days, of weeks by day, of months by day
// or by weekday, of years, with a number or an end. They are compared by the starts that they give.
func series(a *account) {
	if a.traits.Recurrence != remote.RuleRecurrence {
		a.skip("Recurrence is not RuleRecurrence")
	}
	if !slices.Contains(a.kinds, pim.KindEvent) || !a.traits.Carries[pim.KindEvent].Has(pim.FieldRecurrence) {
		a.skip("events that repeat are not carried")
	}
	for _, c := range []struct {
		name string
		run  func(*account)
	}{
		{"rules", seriesRules},
		{"across a change of clocks", func(a *account) { a.lifeOf(a.inBerlin()) }},
		{"all-day", seriesOfDays},
		{"occurrences that are not known", unknownOccurrence},
		{"a write of another field", besideSeries},
	} {
		a.t.Run(c.name, func(t *testing.T) {
			b := *a
			b.t, b.ctx = t, t.Context()
			c.run(&b)
		})
	}
}

// sampleSeries is a series and where some of its occurrences are.
type sampleSeries struct {
	item *pim.Event
	at   []pim.When // starts that the rule gives, the first one is not among them
	step time.Duration
}

// repeating is an event with little more than a title and what repeats it.
func (a *account) repeating(n int, start, end pim.When, rule string) *pim.Event {
	e := a.minimal(pim.KindEvent, n).(*pim.Event)
	full := a.sample(pim.KindEvent, n)
	pim.Copy(e, full, pim.Set(pim.FieldNotes, pim.FieldLocation).And(a.traits.Carries[pim.KindEvent]).Minus(a.h.Closed))
	e.Start, e.End = start, end
	e.Recurrence = &pim.Recurrence{Rules: []string{rule}}
	return e
}

// inBerlin is a series on eight Mondays at nine, on whose fourth Sunday clocks go back.
func (a *account) inBerlin() sampleSeries {
	at := func(week int) pim.When { return a.berlin(2026, 10, 5+7*week, 9) }
	s := sampleSeries{item: a.repeating(1, at(0), a.berlin(2026, 10, 5, 10), "FREQ=WEEKLY;BYDAY=MO;COUNT=8"), step: time.Hour}
	for week := 1; week < 8; week++ {
		s.at = append(s.at, at(week))
	}
	return s
}

func (a *account) berlin(y int, m time.Month, d, hour int) pim.When {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		a.t.Fatal(err)
	}
	return pim.At(time.Date(y, m, d, hour, 0, 0, 0, loc), "Europe/Berlin")
}

func seriesOfDays(a *account) {
	if !a.traits.AllDay {
		a.skip("AllDay is false")
	}
	s := sampleSeries{item: a.repeating(2, pim.On(2026, 10, 5), pim.On(2026, 10, 7), "FREQ=WEEKLY;BYDAY=MO;COUNT=8"), step: 24 * time.Hour}
	for week := 1; week < 8; week++ {
		s.at = append(s.at, pim.On(2026, 10, 5+7*week))
	}
	a.lifeOf(s)
}

// differing lets one occurrence differ by its title and its time, as far as they are carried.
func (a *account) differing(e *pim.Event, at pim.When, by time.Duration, title string) {
	o := pim.OccurrenceAt(e, at).(*pim.Event)
	carried := a.traits.Carries[pim.KindEvent].Minus(a.h.Closed)
	if carried.Has(pim.FieldTitle) {
		o.Title = title
	}
	if carried.Has(pim.FieldTime) {
		o.Start.Time, o.End.Time = o.Start.Time.Add(by), o.End.Time.Add(by)
	}
	rec := e.Recurrence
	rec.Except = slices.DeleteFunc(rec.Except, at.Equal)
	rec.Changed = append(slices.DeleteFunc(rec.Changed, func(o pim.Occurrence) bool { return o.At.Equal(at) }), pim.Occurrence{At: at, Item: o})
}

func excluding(e *pim.Event, at pim.When) {
	rec := e.Recurrence
	rec.Changed = slices.DeleteFunc(rec.Changed, func(o pim.Occurrence) bool { return o.At.Equal(at) })
	rec.Except = append(rec.Except, at)
}

// lifeOf creates a series with an occurrence taken out and one that differs, and changes it from both sides.
func (a *account) lifeOf(s sampleSeries) {
	c, only := a.homes[pim.KindEvent], pim.Set(pim.FieldRecurrence)
	want := s.item
	excluding(want, s.at[0])
	a.differing(want, s.at[3], s.step, "Moved and renamed")
	a.differing(want, s.at[5], 0, "Renamed")
	rec := a.create(pim.KindEvent, want)
	if rec.Item != nil {
		a.sameSeries("the answer to the create", rec.Item, want)
	}
	a.sameSeries("created", a.must(c, rec.ID).Item, want)
	_, _, cursor := a.drain(c, remote.Scope{}, "")

	behind := func(what string, edit func(e *pim.Event)) {
		a.t.Helper()
		next := pim.Clone(want).(*pim.Event)
		edit(next)
		a.tick()
		a.Behind.Edit(a.t, c, rec.ID, next, only)
		want = next
		recs, _, after := a.drain(c, remote.Scope{}, cursor)
		now, shown := latest(recs)[rec.ID]
		if !shown {
			a.t.Fatalf("%s at the remote: no change shows", what)
		}
		if now.Item != nil {
			a.sameSeries(what+" at the remote, in changes", now.Item, want)
		}
		a.sameSeries(what+" at the remote", a.must(c, rec.ID).Item, want)
		cursor = after
	}
	through := func(what string, edit func(e *pim.Event)) {
		a.t.Helper()
		next := pim.Clone(want).(*pim.Event)
		edit(next)
		a.tick()
		old := a.must(c, rec.ID)
		made, err := a.Remote.Update(a.ctx, c, old.Ref, a.entry(next), only)
		if err != nil {
			a.t.Fatalf("%s: %v", what, err)
		}
		want = next
		if made.Item != nil {
			a.sameSeries("the answer to "+what, made.Item, want)
		}
		a.sameSeries(what, a.must(c, rec.ID).Item, want)
		_, _, cursor = a.drain(c, remote.Scope{}, cursor)
	}

	behind("an occurrence changed", func(e *pim.Event) { a.differing(e, s.at[1], s.step, "Changed there") })
	behind("an occurrence taken out", func(e *pim.Event) { excluding(e, s.at[2]) })
	behind("an occurrence that differed taken out", func(e *pim.Event) { excluding(e, s.at[1]) })
	through("a changed occurrence changed again", func(e *pim.Event) { a.differing(e, s.at[3], s.step, "Changed again") })
	through("one more changed, one more taken out", func(e *pim.Event) {
		a.differing(e, s.at[4], -s.step, "One more")
		excluding(e, s.at[6])
	})
	through("a changed occurrence set back", func(e *pim.Event) {
		e.Recurrence.Changed = slices.DeleteFunc(e.Recurrence.Changed, func(o pim.Occurrence) bool { return o.At.Equal(s.at[5]) })
	})
}

// unknownOccurrence: one of which no more is said than that it differs stays as it is.
func unknownOccurrence(a *account) {
	c, s := a.homes[pim.KindEvent], a.inBerlin()
	a.differing(s.item, s.at[3], s.step, "Stays")
	rec := a.create(pim.KindEvent, s.item)
	next := pim.Clone(s.item).(*pim.Event)
	next.Recurrence.Changed[0].Item = nil
	excluding(next, s.at[1])
	if _, err := a.Remote.Update(a.ctx, c, a.must(c, rec.ID).Ref, a.entry(next), pim.Set(pim.FieldRecurrence)); err != nil {
		a.t.Fatal(err)
	}
	excluding(s.item, s.at[1])
	a.sameSeries("after a write that does not know an occurrence", a.must(c, rec.ID).Item, s.item)
}

// besideSeries: a write of another field takes no occurrence away.
func besideSeries(a *account) {
	set := pim.Set(pim.FieldNotes, pim.FieldLocation).And(a.traits.Carries[pim.KindEvent]).Minus(a.traits.ReadOnly).Minus(a.h.Closed)
	if set.IsEmpty() {
		a.skip("neither notes nor places are carried")
	}
	c, s := a.homes[pim.KindEvent], a.inBerlin()
	excluding(s.item, s.at[0])
	a.differing(s.item, s.at[3], s.step, "Stays")
	rec := a.create(pim.KindEvent, s.item)
	a.tick()
	next := pim.Clone(s.item)
	pim.Copy(next, a.sample(pim.KindEvent, 3), set)
	pim.RecurrenceOf(next).Changed, pim.RecurrenceOf(next).Except = nil, nil // is not asked for
	if _, err := a.Remote.Update(a.ctx, c, a.must(c, rec.ID).Ref, a.entry(next), set); err != nil {
		a.t.Fatal(err)
	}
	got := pim.RecurrenceOf(a.must(c, rec.ID).Item)
	if got == nil || len(got.Except) != 1 || !slices.ContainsFunc(got.Changed, func(o pim.Occurrence) bool { return o.At.Equal(s.at[3]) }) {
		a.t.Errorf("after a write of %s the series says %+v of its occurrences", set, got)
	}
}

// seriesRules are created and come back with the same starts.
func seriesRules(a *account) {
	start, end := a.berlin(2026, 10, 5, 9), a.berlin(2026, 10, 5, 10) // a Monday, the first of its month
	for _, rule := range []string{
		"FREQ=DAILY;COUNT=40", "FREQ=DAILY;INTERVAL=3;UNTIL=20261224T225959Z", "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=20", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;UNTIL=20270201T080000Z",
		"FREQ=MONTHLY;BYMONTHDAY=5;COUNT=6", "FREQ=MONTHLY;BYDAY=1MO;COUNT=6", "FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=5;COUNT=4", "FREQ=WEEKLY;BYDAY=MO",
	} {
		want := a.repeating(1, start, end, rule)
		rec := a.create(pim.KindEvent, want)
		a.sameSeries(rule, a.must(a.homes[pim.KindEvent], rec.ID).Item, want)
	}
}

// sameSeries reports where got is not the series that must come back of sent.
func (a *account) sameSeries(what string, got pim.Item, sent *pim.Event) {
	a.t.Helper()
	is, ok := got.(*pim.Event)
	if !ok || is.Recurrence == nil {
		a.t.Fatalf("%s: got %+v, want an event that repeats", what, got)
	}
	carried := a.traits.Carries[pim.KindEvent]
	compared := carried.Minus(a.traits.ReadOnly).Minus(pim.Set(pim.FieldRecurrence, pim.FieldCustom))
	a.report(what+": the series", is, a.expect(sent), compared)
	if x, y := a.startsOf(is), a.startsOf(sent); x != y {
		a.t.Errorf("%s: the rule gives\n%s, want\n%s", what, x, y)
	}
	if x, y := except(is), except(sent); x != y {
		a.t.Errorf("%s: taken out are %q, want %q", what, x, y)
	}
	for _, o := range is.Recurrence.Changed {
		if o.Item == nil {
			continue
		}
		if o.Item.Kind() != pim.KindEvent || pim.RecurrenceOf(o.Item) != nil {
			a.t.Fatalf("%s: the occurrence of %s is no single event", what, o.At)
		}
		a.report(what+": the occurrence of "+o.At.String()+", not declared in Carries", o.Item, pim.New(pim.KindEvent),
			pim.AllOf(pim.KindEvent).Minus(carried).Minus(a.traits.ReadOnly))
	}
	for _, e := range []*pim.Event{sent, is} {
		for _, o := range e.Recurrence.Changed {
			a.report(what+": the occurrence of "+o.At.String(), pim.OccurrenceAt(is, o.At), a.expect(pim.OccurrenceAt(sent, o.At)), compared)
		}
	}
}

func except(e *pim.Event) string {
	var out []string
	for _, w := range e.Recurrence.Except {
		out = append(out, pim.StartOf(e, w).String())
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// startsOf are the first starts that the rules give.
func (a *account) startsOf(e *pim.Event) string {
	loc, err := time.LoadLocation(e.Start.Zone)
	if err != nil {
		a.t.Fatalf("the series begins in the zone %q: %v", e.Start.Zone, err)
	}
	set := rrule.Set{Start: e.Start.Time, Date: e.Start.Date, Zone: loc}
	if !e.Start.Date && !e.Start.Floating {
		local := e.Start.Time.In(loc)
		_, off := local.Zone()
		set.Start = e.Start.Time.Add(time.Duration(off) * time.Second)
	}
	for _, text := range e.Recurrence.Rules {
		r, err := rrule.Parse(text)
		if err != nil {
			a.t.Fatalf("the rule %q: %v", text, err)
		}
		set.Rules = append(set.Rules, r)
	}
	starts, err := set.Between(time.Time{}, e.Start.Time.AddDate(5, 0, 0), nil)
	if err != nil {
		a.t.Fatalf("the rules %q: %v", e.Recurrence.Rules, err)
	}
	var out []string
	for _, t := range starts[:min(len(starts), 60)] {
		out = append(out, t.UTC().Format("2006-01-02T15:04"))
	}
	return strings.Join(out, " ")
}
