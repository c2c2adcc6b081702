package ics_test

import (
	"bytes"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim"
	"crmbridge/pim/ics"
)

// sources are the golden files that are not themselves results.
func sources(t *testing.T) []*ics.Object {
	t.Helper()
	files, err := filepath.Glob("testdata/*.ics")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, ".want.ics") })
	var out []*ics.Object
	for _, f := range files {
		out = append(out, load(t, f))
	}
	return out
}

func reread(t *rapid.T, o *ics.Object) *ics.Object {
	again, err := ics.Parse(o.Bytes(), ics.DefaultLimits())
	if err != nil {
		t.Fatalf("%v in\n%s", err, o.Bytes())
	}
	return again
}

// lost says which fields differ and how.
func lost(t *rapid.T, what string, want, got pim.Item, d pim.FieldSet, text []byte) {
	for _, id := range d.IDs() {
		f, _ := pim.FieldByID(id)
		t.Errorf("%s: %s: want %q, got %q", what, id, f.Text(want), f.Text(got))
	}
	t.Fatalf("in\n%s", text)
}

func TestWhatIsWrittenNewIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		it := drawItem(t, rapid.SampledFrom([]pim.Kind{pim.KindEvent, pim.KindTask}).Draw(t, "kind"))
		o, err := ics.New(it, ics.NewOptions{ProdID: "-//example.org//test//EN", Now: now, Zone: rapid.SampledFrom(zoneNames).Draw(t, "zone")})
		if err != nil {
			t.Fatal(err)
		}
		o = reread(t, o)
		got, err := o.Item(ics.Zones{})
		if err != nil {
			t.Fatal(err)
		}
		if d := pim.Diff(it, got, pim.AllOf(it.Kind())); !d.IsEmpty() {
			lost(t, "New", it, got, d, o.Bytes())
		}
		if got.ID() != "uid" {
			t.Fatalf("UID is %q", got.ID())
		}
		if faults := o.Validate(); len(faults) > 0 {
			t.Fatalf("%v in\n%s", faults, o.Bytes())
		}
	})
}

// One edit after another on real objects: the asked fields arrive, the others stay.
func TestWhatIsAppliedIsRead(t *testing.T) {
	t.Parallel()
	all := sources(t)
	rapid.Check(t, func(t *rapid.T) {
		o := rapid.SampledFrom(all).Draw(t, "object")
		for range rapid.IntRange(1, 3).Draw(t, "edits") {
			have, err := o.Item(ics.Zones{})
			if err != nil {
				return
			}
			want := drawItem(t, have.Kind())
			set := drawSet(t, have.Kind())
			keepOverrides(t, o, have, want, set)
			if o.Master().Value("X-MICROSOFT-CDO-ALLDAYEVENT") == "TRUE" {
				// A midnight there is a day, so a midnight cannot be told apart from one.
				set = set.Minus(pim.Set(pim.FieldRecurrence))
			}
			before := o.Bytes()
			next, err := ics.Apply(o, want, set, ics.ApplyOptions{Now: now, Zone: "Europe/Berlin"})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(o.Bytes(), before) {
				t.Fatal("Apply changed its argument")
			}
			o = reread(t, next)
			got, err := o.Item(ics.Zones{})
			if err != nil {
				t.Fatalf("%v in\n%s", err, o.Bytes())
			}
			checkApplied(t, have, want, got, set, o)
		}
	})
}

// keepOverrides lets the wanted series have some of the occurrences that there are, as they are or changed; those that stand
// for more than one have to stay. Names are in the form of the start that the series will have.
func keepOverrides(t *rapid.T, o *ics.Object, have, want pim.Item, set pim.FieldSet) {
	rec, had := pim.RecurrenceOf(want), pim.RecurrenceOf(have)
	if rec == nil || !set.Has(pim.FieldRecurrence) {
		return
	}
	start := have
	if set.Has(pim.FieldTime) {
		start = want
	}
	var out []pim.Occurrence
	taken := func(at pim.When) bool {
		return slices.ContainsFunc(out, func(o pim.Occurrence) bool { return o.At.Equal(at) }) || slices.ContainsFunc(rec.Except, at.Equal)
	}
	if had != nil {
		for i, x := range had.Changed {
			whole := o.Overrides()[i].First("RECURRENCE-ID").Param("RANGE") != ""
			if whole {
				rec.Except = slices.DeleteFunc(rec.Except, x.At.Equal)
			}
			if taken(x.At) || !whole && (!pim.StartOf(start, x.At).Equal(x.At) || rapid.Bool().Draw(t, "set back")) {
				continue
			}
			if !whole && rapid.Bool().Draw(t, "changed again") {
				x.Item = pim.Clone(x.Item)
				x.Item.(*pim.Event).Notes = drawText(t, "notes of one")
			}
			out = append(out, x)
		}
	}
	for _, x := range rec.Changed {
		if !taken(x.At) && pim.StartOf(start, x.At).Equal(x.At) {
			out = append(out, x)
		}
	}
	rec.Changed = out
}

func checkApplied(t *rapid.T, have, want, got pim.Item, set pim.FieldSet, o *ics.Object) {
	if d := pim.Diff(want, got, set); !d.IsEmpty() {
		lost(t, "set", want, got, d, o.Bytes())
	}
	rest := pim.AllOf(have.Kind()).Minus(set)
	// These follow on purpose: exceptions move with the start, a reopened task is not done.
	if set.Has(pim.FieldTime) || set.Has(pim.FieldStart) {
		rest = rest.Minus(pim.Set(pim.FieldRecurrence))
	}
	if set.Has(pim.FieldStatus) {
		rest = rest.Minus(pim.Set(pim.FieldCompleted, pim.FieldPercent))
	}
	if d := pim.Diff(have, got, rest); !d.IsEmpty() {
		lost(t, "rest", have, got, d, o.Bytes())
	}
}

func TestApplyingWhatIsThereChangesNothing(t *testing.T) {
	t.Parallel()
	for _, o := range sources(t) {
		it, err := o.Item(ics.Zones{})
		if err != nil {
			continue
		}
		next, err := ics.Apply(o, it, pim.AllOf(it.Kind()), ics.ApplyOptions{Now: now})
		if err != nil || next != o {
			t.Errorf("%s: %v\n%s", o.UID(), err, next.Bytes())
		}
		none, err := ics.Apply(o, pim.New(it.Kind()), pim.FieldSet{}, ics.ApplyOptions{Now: now})
		if err != nil || none != o {
			t.Errorf("%s: an empty set changes it: %v", o.UID(), err)
		}
	}
}

// Looking through a window shows what looking at everything shows in it, and both agree with
// the index and with the filter.
func TestWindowsAgree(t *testing.T) {
	t.Parallel()
	all := sources(t)
	far := ics.TimeRange{Until: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	rapid.Check(t, func(t *rapid.T) {
		o := rapid.SampledFrom(all).Draw(t, "object")
		z := ics.Zones{Local: rapid.SampledFrom(locals).Draw(t, "local")}
		r := drawRange(t)
		every, err := o.Occurrences(z, far, 0)
		if err != nil {
			return
		}
		got, err := o.Occurrences(z, r, 0)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		start, end := o.Bounds()
		for _, oc := range every {
			from, until := oc.From, oc.Until
			if from.IsZero() {
				from = until
			}
			if until.IsZero() {
				until = from
			}
			if from.IsZero() || from.Before(r.Until) && (r.From.IsZero() || until.After(r.From) || from.Equal(until) && !from.Before(r.From)) {
				want++
			}
			if !from.IsZero() && (from.Unix() < start || until.Unix() > end) {
				t.Fatalf("%s: %v to %v is outside the bounds", o.UID(), from, until)
			}
		}
		if len(got) != want {
			t.Fatalf("%s: %d occurrences in %v, want %d", o.UID(), len(got), r, want)
		}
		inBounds := (r.From.IsZero() || end > r.From.Unix()) && start < r.Until.Unix()
		if o.MatchesRange(z, r, 0) && !inBounds {
			t.Fatalf("%s matches %v but its bounds are %v to %v", o.UID(), r, start, end)
		}
	})
}

func TestBoundsAreOpenWhereTheyHaveToBe(t *testing.T) {
	t.Parallel()
	wrap := func(s string) *ics.Object {
		o, err := ics.Parse([]byte("BEGIN:VCALENDAR\nVERSION:2.0\n"+s+"END:VCALENDAR\n"), ics.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	day := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC).Unix()
	const h = 3600
	for _, c := range []struct {
		name, text string
		start, end int64
	}{
		{"undated task", "BEGIN:VTODO\nUID:1\nEND:VTODO\n", math.MinInt64, math.MaxInt64},
		{"created task", "BEGIN:VTODO\nUID:1\nCREATED:20261124T000000Z\nEND:VTODO\n", day - 1, math.MaxInt64},
		{"completed task", "BEGIN:VTODO\nUID:1\nCOMPLETED:20261124T000000Z\nEND:VTODO\n", day - 1, day + 1},
		{"completed and created", "BEGIN:VTODO\nUID:1\nCREATED:20261124T000000Z\nCOMPLETED:20261125T000000Z\nEND:VTODO\n", day - 1, day + 24*h + 1},
		{"due task", "BEGIN:VTODO\nUID:1\nDUE:20261124T000000Z\nEND:VTODO\n", day - 1, day + 1},
		{"endless", "BEGIN:VEVENT\nUID:1\nDTSTART:20261124T000000Z\nRRULE:FREQ=DAILY\nEND:VEVENT\n", day - 14*h - 1, math.MaxInt64},
		{"endless, with a date ahead of it", "BEGIN:VEVENT\nUID:1\nDTSTART:20261124T000000Z\nRRULE:FREQ=DAILY\nRDATE:20261120T000000Z\nEND:VEVENT\n", day - 4*24*h - 1, math.MaxInt64},
		{"counted", "BEGIN:VEVENT\nUID:1\nDTSTART:20261124T000000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\nEND:VEVENT\n", day - 1, day + 49*h + 1},
		{"date", "BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20261124\nEND:VEVENT\n", day - 14*h - 1, day + 38*h + 1},
		{"floating", "BEGIN:VEVENT\nUID:1\nDTSTART:20261124T000000\nEND:VEVENT\n", day - 14*h - 1, day + 14*h + 1},
		{"journal of a day", "BEGIN:VJOURNAL\nUID:1\nDTSTART;VALUE=DATE:20261124\nEND:VJOURNAL\n", day - 14*h - 1, day + 38*h + 1},
		{"broken rule", "BEGIN:VEVENT\nUID:1\nDTSTART:20261124T000000Z\nRRULE:FREQ=SOMETIMES\nEND:VEVENT\n", day - 1, math.MaxInt64},
		{"no component", "", math.MinInt64, math.MaxInt64},
		{"busy times", "BEGIN:VFREEBUSY\nUID:1\nFREEBUSY:20261124T000000Z/PT1H,20261125T000000Z/PT1H\nEND:VFREEBUSY\n", day - 1, day + 25*h + 1},
	} {
		if start, end := wrap(c.text).Bounds(); start != c.start || end != c.end {
			t.Errorf("%s: %d to %d, want %d to %d", c.name, start, end, c.start, c.end)
		}
	}
}
