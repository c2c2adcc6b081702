package graph_test

import (
	"strings"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/pim"
	"crmbridge/remote"
)

// home is the first collection of a kind.
func home(t *testing.T, m exchange.Mailbox, k pim.Kind) remote.CollectionID {
	t.Helper()
	cols, err := m.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cols {
		if c.Kinds.Has(k) {
			return c.ID
		}
	}
	t.Fatalf("there is no collection for a %s", k)
	return ""
}

func create(t *testing.T, m exchange.Mailbox, it pim.Item, key string) remote.Record {
	t.Helper()
	rec, err := m.Create(t.Context(), home(t, m, it.Kind()), remote.Entry{Item: it}, key)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return rec
}

func fetch(t *testing.T, m exchange.Mailbox, k pim.Kind, id remote.ItemID) remote.Record {
	t.Helper()
	recs, err := m.Fetch(t.Context(), home(t, m, k), []remote.ItemID{id})
	if err != nil || len(recs) != 1 {
		t.Fatalf("fetch: %d records, %v", len(recs), err)
	}
	return recs[0]
}

// follow reads all changes since a cursor.
func follow(t *testing.T, m exchange.Mailbox, c remote.CollectionID, s remote.Scope, since remote.Cursor) (changed map[remote.ItemID]remote.Record, gone []remote.ItemID, next remote.Cursor) {
	t.Helper()
	changed = map[remote.ItemID]remote.Record{}
	for next = since; ; {
		d, err := m.Changes(t.Context(), c, s, next)
		if err != nil {
			t.Fatalf("changes: %v", err)
		}
		for _, rec := range d.Changed {
			changed[rec.ID] = rec
		}
		gone = append(gone, d.Removed...)
		if next = d.Next; !d.More {
			return changed, gone, next
		}
	}
}

const berlin = "Europe/Berlin"

// at is a clock reading in Berlin.
func at(month time.Month, day, hour int) pim.When {
	loc, err := time.LoadLocation(berlin)
	if err != nil {
		panic(err)
	}
	return pim.At(time.Date(2026, month, day, hour, 0, 0, 0, loc), berlin)
}

// weekly is a series on Mondays at ten over the end of summer time: 12, 19, 26 October, 2, 9 November.
func weekly() *pim.Event {
	e := &pim.Event{Start: at(10, 12, 10), End: at(10, 12, 11)}
	e.Title = "Weekly"
	e.Recurrence = &pim.Recurrence{Rules: []string{"FREQ=WEEKLY;COUNT=5;BYDAY=MO"}}
	return e
}

// moved is an occurrence with another title and time.
func moved(e *pim.Event, day pim.When, to pim.When) pim.Occurrence {
	o := pim.Clone(e).(*pim.Event)
	o.Recurrence, o.Title, o.Start, o.End = nil, "Moved", to, pim.At(to.Time.Add(2*time.Hour), to.Zone)
	return pim.Occurrence{At: day, Item: o}
}

func same(t *testing.T, what string, got, want pim.Item) {
	t.Helper()
	for _, id := range pim.Diff(got, want, pim.Set(pim.FieldTitle, pim.FieldTime, pim.FieldRecurrence, pim.FieldNotes, pim.FieldLocation)).IDs() {
		f, _ := pim.FieldByID(id)
		t.Errorf("%s: %s is\n%s\nwant\n%s", what, id, f.Show(got), f.Show(want))
	}
}

// Series are kept whole, with what differs from them, both ways.
func TestSeries(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	col := home(t, m, pim.KindEvent)
	want := weekly()
	want.Recurrence.Except = []pim.When{at(10, 19, 10), at(11, 2, 10)}
	want.Recurrence.Changed = []pim.Occurrence{moved(want, at(10, 26, 10), at(10, 27, 15))}
	rec := create(t, m, want, "a series")
	same(t, "the answer", rec.Item, want)
	same(t, "fetched", fetch(t, m, pim.KindEvent, rec.ID).Item, want)
	_, _, cur := follow(t, m, col, remote.Scope{}, "")

	// A change of the title alone leaves what differs.
	next := pim.Clone(want).(*pim.Event)
	next.Location = "Room 1"
	rec, err := m.Update(t.Context(), col, rec.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldLocation))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(rec.Item.(*pim.Event).Recurrence.Except); n != 2 {
		t.Errorf("after a change of the place %d occurrences are deleted", n)
	}

	// One more is not held, and another one is as the series again.
	next = fetch(t, m, pim.KindEvent, rec.ID).Item.(*pim.Event)
	next = pim.Clone(next).(*pim.Event)
	next.Recurrence.Except = append(next.Recurrence.Except, at(11, 9, 10))
	next.Recurrence.Changed = nil
	if rec, err = m.Update(t.Context(), col, rec.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldRecurrence)); err != nil {
		t.Fatal(err)
	}
	got := rec.Item.(*pim.Event).Recurrence
	if len(got.Except) != 3 {
		t.Errorf("%d occurrences are deleted, want 3", len(got.Except))
	}
	for _, o := range got.Changed { // Exchange calls it an exception still; it shows as the series does
		if x := o.Item.(*pim.Event); x.Title != "Weekly" || !x.Start.Equal(at(10, 26, 10)) || !x.End.Equal(at(10, 26, 11)) {
			t.Errorf("the occurrence is %q at %v still", x.Title, x.Start)
		}
	}

	// One that was deleted is held after all: only a new pattern brings it back.
	next = pim.Clone(rec.Item).(*pim.Event)
	next.Recurrence.Except, next.Recurrence.Changed = []pim.When{at(11, 9, 10)}, nil
	if rec, err = m.Update(t.Context(), col, rec.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldRecurrence)); err != nil {
		t.Fatal(err)
	}
	same(t, "after bringing back", fetch(t, m, pim.KindEvent, rec.ID).Item, next)

	changed, _, _ := follow(t, m, col, remote.Scope{}, cur)
	if x, ok := changed[rec.ID]; !ok || x.Version != rec.Version {
		t.Errorf("the changes have %d items, the series %v", len(changed), ok)
	}

	// And back to a single event.
	next = pim.Clone(rec.Item).(*pim.Event)
	next.Recurrence = nil
	if rec, err = m.Update(t.Context(), col, rec.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldRecurrence)); err != nil {
		t.Fatal(err)
	}
	same(t, "single", fetch(t, m, pim.KindEvent, rec.ID).Item, next)
}

// instance is one occurrence as Outlook shows it.
func (r *rig) instance(id remote.ItemID, day string) graphsim.Fields {
	r.t.Helper()
	got := r.do("GET", "/events/"+string(id)+"/instances?startDateTime="+day+"T00:00:00Z&endDateTime="+day+"T23:59:59Z", nil)
	all := got["value"].([]any)
	if len(all) != 1 {
		r.t.Fatalf("%d occurrences on %s", len(all), day)
	}
	return all[0].(graphsim.Fields)
}

// What people do to occurrences in Outlook shows as a change of the series.
func TestOccurrencesChangedInOutlook(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	col := home(t, m, pim.KindEvent)
	rec := create(t, m, weekly(), "a series")
	single := create(t, m, &pim.Event{Activity: pim.Activity{Title: "Alone"}, Start: at(10, 13, 9), End: at(10, 13, 10)}, "a single event")
	all, _, cur := follow(t, m, col, remote.Scope{}, "")
	if len(all) != 2 {
		t.Fatalf("%d items, want the series and the single event", len(all))
	}
	same(t, "listed", all[rec.ID].Item, weekly())
	same(t, "listed", all[single.ID].Item, single.Item)

	r.do("DELETE", "/events/"+r.instance(rec.ID, "2026-10-19")["id"].(string), nil)
	r.do("PATCH", "/events/"+r.instance(rec.ID, "2026-11-02")["id"].(string), graphsim.Fields{"subject": "Moved",
		"start": graphsim.Fields{"dateTime": "2026-11-03T15:00:00", "timeZone": "W. Europe Standard Time"}, "end": graphsim.Fields{"dateTime": "2026-11-03T17:00:00", "timeZone": "W. Europe Standard Time"}})
	want := weekly()
	want.Recurrence.Except = []pim.When{at(10, 19, 10)}
	want.Recurrence.Changed = []pim.Occurrence{moved(want, at(11, 2, 10), at(11, 3, 15))}
	changed, gone, cur := follow(t, m, col, remote.Scope{}, cur)
	x, ok := changed[rec.ID]
	if !ok {
		t.Fatalf("the changes have %d items, the series %v", len(changed), ok)
	}
	same(t, "changed", x.Item, want)
	for _, id := range gone {
		if id == rec.ID || id == single.ID {
			t.Errorf("%s is said to be gone", id)
		}
	}

	r.do("DELETE", "/events/"+string(rec.ID), nil)
	if _, gone, _ = follow(t, m, col, remote.Scope{}, cur); !strings.Contains(join(gone), string(rec.ID)) {
		t.Errorf("the deleted series is not among the %d removed", len(gone))
	}
}

func join(ids []remote.ItemID) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(string(id) + " ")
	}
	return b.String()
}

// Series of whole days, and those that Exchange has no pattern for.
func TestSeriesOfDays(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	want := &pim.Event{Activity: pim.Activity{Title: "Fair"}, Start: pim.On(2026, 10, 1), End: pim.On(2026, 10, 3)}
	want.Recurrence = &pim.Recurrence{Rules: []string{"FREQ=MONTHLY;COUNT=6;BYMONTHDAY=1"}, Except: []pim.When{pim.On(2026, 11, 1)}}
	rec := create(t, m, want, "a fair")
	same(t, "fetched", fetch(t, m, pim.KindEvent, rec.ID).Item, want)

	for name, rule := range map[string]string{"hourly": "FREQ=HOURLY;COUNT=3", "the 31st": "FREQ=MONTHLY;BYMONTHDAY=31", "two rules": "FREQ=DAILY;COUNT=3"} {
		e := weekly()
		e.Recurrence.Rules = []string{rule}
		if name == "two rules" {
			e.Recurrence.Rules = append(e.Recurrence.Rules, "FREQ=YEARLY")
		}
		if _, err := m.Create(t.Context(), home(t, m, pim.KindEvent), remote.Entry{Item: e}, name); pim.ReasonOf(err) != pim.ErrUnsupported {
			t.Errorf("%s: %v, want that it is not supported", name, err)
		}
	}
}
