package ews_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// home is the first writable collection of a kind.
func home(t *testing.T, m remote.Remote, k pim.Kind) remote.CollectionID {
	t.Helper()
	cols, err := m.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cols {
		if c.Kinds.Has(k) && !c.ReadOnly {
			return c.ID
		}
	}
	t.Fatalf("no collection of %s", k)
	return ""
}

func helsinki(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// weekly is a meeting on Mondays at 9:00 in Helsinki, over both changes of the clock.
func weekly(t *testing.T) *pim.Event {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, helsinki(t))
	return &pim.Event{
		Activity: pim.Activity{Title: "Weekly", Notes: "as always", Location: "Room 1", Reminders: []pim.Reminder{{Before: 10 * time.Minute}},
			Recurrence: &pim.Recurrence{Rules: []string{"FREQ=WEEKLY;COUNT=40;BYDAY=MO"}}},
		Start: pim.At(start, zone), End: pim.At(start.Add(time.Hour), zone),
	}
}

// on is the start of the n-th occurrence of weekly, from 0.
func on(t *testing.T, n int) pim.When {
	return pim.At(time.Date(2026, 3, 2+7*n, 9, 0, 0, 0, helsinki(t)), zone)
}

// differing is the n-th occurrence of a series as change makes it.
func differing(t *testing.T, of *pim.Event, n int, change func(*pim.Event)) pim.Occurrence {
	one := pim.Clone(of).(*pim.Event)
	one.Recurrence, one.Start = nil, on(t, n)
	one.End = pim.At(one.Start.Time.Add(of.End.Time.Sub(of.Start.Time)), zone)
	change(one)
	return pim.Occurrence{At: on(t, n), Item: one}
}

// shared are the fields that the tests compare.
var shared = pim.Set(pim.FieldTitle, pim.FieldNotes, pim.FieldLocation, pim.FieldTime, pim.FieldReminders, pim.FieldRecurrence, pim.FieldFree)

func wantItem(t *testing.T, what string, m remote.Remote, c remote.CollectionID, id remote.ItemID, want pim.Item) remote.Record {
	t.Helper()
	recs, err := m.Fetch(t.Context(), c, []remote.ItemID{id})
	if err != nil || len(recs) != 1 {
		t.Fatalf("%s: %d records, %v", what, len(recs), err)
	}
	for _, f := range pim.Diff(recs[0].Item, want, shared).IDs() {
		row, _ := pim.FieldByID(f)
		t.Errorf("%s: %s is\n%s\nwant\n%s", what, f, row.Show(recs[0].Item), row.Show(want))
	}
	return recs[0]
}

// A series with exceptions and gaps goes there and comes back, and every change of it as well.
func TestSeriesBothWays(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	c := home(t, m, pim.KindEvent)
	want := weekly(t)
	want.Recurrence.Except = []pim.When{on(t, 1), on(t, 30)} // before and after the clock changes
	want.Recurrence.Changed = []pim.Occurrence{
		differing(t, want, 2, func(e *pim.Event) { e.Title, e.Location = "Weekly, at their place", "Their place" }),
		differing(t, want, 6, func(e *pim.Event) {
			e.Start, e.End = pim.At(e.Start.Time.Add(26*time.Hour), zone), pim.At(e.Start.Time.Add(28*time.Hour), zone)
		}),
	}
	rec, err := m.Create(t.Context(), c, remote.Entry{UID: "series-1", Item: want}, "key-series")
	if err != nil || len(rec.Notes) > 0 {
		t.Fatalf("create: %v, %v", err, rec.Notes)
	}
	now := wantItem(t, "created", m, c, rec.ID, want)
	if now.Version != rec.Version {
		t.Errorf("created with %q, fetched with %q", rec.Version, now.Version)
	}
	step := func(what string, set pim.FieldSet, change func(e *pim.Event)) {
		t.Helper()
		next := pim.Clone(want).(*pim.Event)
		change(next)
		rec, err = m.Update(t.Context(), c, rec.Ref, remote.Entry{Item: next}, set)
		if err != nil || len(rec.Notes) > 0 {
			t.Fatalf("%s: %v, %v", what, err, rec.Notes)
		}
		want = next
		if now := wantItem(t, what, m, c, rec.ID, want); now.Version != rec.Version {
			t.Errorf("%s: answered %q, fetched %q", what, rec.Version, now.Version)
		}
	}
	recurrence := pim.Set(pim.FieldRecurrence)
	step("one more gap", recurrence, func(e *pim.Event) { e.Recurrence.Except = append(e.Recurrence.Except, on(t, 9)) })
	step("one more exception", recurrence, func(e *pim.Event) {
		e.Recurrence.Changed = append(e.Recurrence.Changed, differing(t, e, 12, func(o *pim.Event) { o.Notes = "bring cake" }))
	})
	step("an exception changed", recurrence, func(e *pim.Event) { e.Recurrence.Changed[0].Item.(*pim.Event).Title = "Elsewhere" })
	step("an exception as the others again", recurrence, func(e *pim.Event) { e.Recurrence.Changed = e.Recurrence.Changed[1:] })
	step("the title of the series", pim.Set(pim.FieldTitle), func(e *pim.Event) { e.Title = "Every week" })
	step("a gap closed", recurrence, func(e *pim.Event) { e.Recurrence.Except = e.Recurrence.Except[1:] })
	step("another rule", recurrence, func(e *pim.Event) { e.Recurrence.Rules = []string{"FREQ=WEEKLY;COUNT=35;BYDAY=MO"} })
	step("no series", recurrence, func(e *pim.Event) { e.Recurrence = nil })
	step("a series again", recurrence, func(e *pim.Event) {
		e.Recurrence = &pim.Recurrence{Rules: []string{"FREQ=MONTHLY;COUNT=3;BYMONTHDAY=2"}}
	})
}

// A series that is moved on the clock takes its exceptions along.
func TestSeriesMoved(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	c := home(t, m, pim.KindEvent)
	want := weekly(t)
	want.Recurrence.Except = []pim.When{on(t, 6)}
	want.Recurrence.Changed = []pim.Occurrence{differing(t, want, 2, func(e *pim.Event) { e.Title = "Weekly, differently" })}
	rec, err := m.Create(t.Context(), c, remote.Entry{Item: want}, "key-moved")
	if err != nil {
		t.Fatal(err)
	}
	later := pim.Clone(want).(*pim.Event)
	later.Start, later.End = pim.At(later.Start.Time.Add(90*time.Minute), zone), pim.At(later.End.Time.Add(90*time.Minute), zone)
	if rec, err = m.Update(t.Context(), c, rec.Ref, remote.Entry{Item: later}, pim.Set(pim.FieldTime)); err != nil {
		t.Fatal(err)
	}
	late := func(n int) pim.When { w := on(t, n); w.Time = w.Time.Add(90 * time.Minute); return w }
	later.Recurrence.Except, later.Recurrence.Changed[0].At = []pim.When{late(6)}, late(2)
	wantItem(t, "moved", m, c, rec.ID, later)
}

// All-day series, yearly ones with an interval, and the last day of months.
func TestSeriesOfDays(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	c := home(t, m, pim.KindEvent)
	for _, rule := range []string{"FREQ=DAILY;INTERVAL=3;UNTIL=20261231", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SA", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=31", "FREQ=YEARLY;INTERVAL=2;BYMONTH=3;BYMONTHDAY=31"} {
		e := &pim.Event{Activity: pim.Activity{Title: rule, Recurrence: &pim.Recurrence{Rules: []string{rule}}}, Start: pim.On(2026, 3, 31), End: pim.On(2026, 4, 1), Free: true}
		if rule == "FREQ=MONTHLY;BYDAY=-1FR" {
			e.Start, e.End = pim.On(2026, 3, 27), pim.On(2026, 3, 28)
		}
		rec, err := m.Create(t.Context(), c, remote.Entry{Item: e}, "key-"+rule)
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		recs, err := m.Fetch(t.Context(), c, []remote.ItemID{rec.ID})
		if err != nil || len(recs) != 1 {
			t.Fatalf("%d, %v", len(recs), err)
		}
		got := recs[0].Item.(*pim.Event)
		if !got.Start.Equal(e.Start) || !got.End.Equal(e.End) || got.Recurrence == nil {
			t.Errorf("%s: from %v to %v, %v", rule, got.Start, got.End, got.Recurrence)
			continue
		}
		t.Logf("%s is %s", rule, got.Recurrence.Rules[0])
	}
}

// What a person does to occurrences in Outlook comes as a change of the series.
func TestSeriesEditedThere(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	c := home(t, m, pim.KindEvent)
	rec, err := m.Create(t.Context(), c, remote.Entry{Item: weekly(t)}, "key-edited")
	if err != nil {
		t.Fatal(err)
	}
	d, err := m.Changes(t.Context(), c, remote.Scope{}, "")
	if err != nil || len(d.Changed) != 1 {
		t.Fatalf("%d changes, %v", len(d.Changed), err)
	}
	third := r.soap(fmt.Sprintf(`<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ItemIds><t:OccurrenceItemId RecurringMasterId="%s" InstanceIndex="3"/></m:ItemIds></m:GetItem>`, rec.ID))
	_, third, _ = strings.Cut(third, "<t:ItemId ")
	third, _, _ = strings.Cut(third, "/>")
	r.soap(`<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone"><m:ItemChanges><t:ItemChange><t:ItemId ` + third + `/><t:Updates>` +
		`<t:SetItemField><t:FieldURI FieldURI="item:Subject"/><t:CalendarItem><t:Subject>Third</t:Subject></t:CalendarItem></t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`)
	r.soap(fmt.Sprintf(`<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone"><m:ItemIds><t:OccurrenceItemId RecurringMasterId="%s" InstanceIndex="5"/></m:ItemIds></m:DeleteItem>`, rec.ID))
	d, err = m.Changes(t.Context(), c, remote.Scope{}, d.Next)
	if err != nil || len(d.Changed) != 1 || len(d.Removed) != 0 {
		t.Fatalf("%d changed, %d removed, %v", len(d.Changed), len(d.Removed), err)
	}
	want := weekly(t)
	want.Recurrence.Except = []pim.When{on(t, 4)}
	want.Recurrence.Changed = []pim.Occurrence{differing(t, want, 2, func(e *pim.Event) { e.Title = "Third" })}
	wantItem(t, "edited there", m, c, rec.ID, want)
}

func TestSeriesRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	c := home(t, m, pim.KindEvent)
	for _, rule := range []string{"FREQ=HOURLY", "FREQ=YEARLY;BYWEEKNO=20", "FREQ=MONTHLY;BYMONTHDAY=2,3"} {
		e := weekly(t)
		e.Recurrence.Rules = []string{rule}
		_, err := m.Create(t.Context(), c, remote.Entry{Item: e}, "key-"+rule)
		if pim.ReasonOf(err) != pim.ErrUnsupported || !strings.Contains(pim.PublicText(err), "Exchange cannot keep") && !strings.Contains(pim.PublicText(err), "Exchange keeps one") {
			t.Errorf("%s: %v, %q", rule, err, pim.PublicText(err))
		}
	}
	if all, err := m.Changes(t.Context(), c, remote.Scope{}, ""); err != nil || len(all.Changed) != 0 {
		t.Errorf("%d items were made, %v", len(all.Changed), err)
	}
}
