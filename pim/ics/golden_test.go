package ics_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/golden"
	"crmbridge/pim"
	"crmbridge/pim/ics"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// view is what a golden file says of an object.
type view struct {
	Component   string           `json:"component"`
	UID         string           `json:"uid"`
	Faults      []string         `json:"faults,omitempty"`
	Error       string           `json:"error,omitempty"`
	Item        pim.Item         `json:"item,omitempty"`
	Bounds      [2]string        `json:"bounds"`
	Occurrences []occurrenceView `json:"occurrences"`
}

type occurrenceView struct {
	ID       string `json:"id,omitempty"`
	Start    string `json:"start,omitempty"`
	End      string `json:"end,omitempty"`
	From     string `json:"from,omitempty"`
	Summary  string `json:"summary,omitempty"`
	Override bool   `json:"override,omitempty"`
}

func load(t *testing.T, file string) *ics.Object {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o, err := ics.Parse(b, ics.DefaultLimits())
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return o
}

func viewOf(o *ics.Object) view {
	v := view{Component: o.Component(), UID: o.UID()}
	for _, f := range o.Validate() {
		v.Faults = append(v.Faults, f.Condition+": "+f.String())
	}
	it, err := o.Item(ics.Zones{})
	if err != nil {
		v.Error = pim.PublicText(err)
	}
	v.Item = it
	start, end := o.Bounds()
	v.Bounds = [2]string{edge(start), edge(end)}
	// Until the end of 2028, so that leap days and both changes of clocks are in.
	all, err := o.Occurrences(ics.Zones{}, ics.TimeRange{Until: time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC)}, 12)
	if err != nil {
		v.Occurrences = []occurrenceView{{Summary: pim.PublicText(err)}}
	}
	for _, oc := range all {
		ov := occurrenceView{
			ID: oc.RecurrenceID.String(), Start: oc.Start.String(), End: oc.End.String(),
			Summary: oc.Component.Value("SUMMARY"), Override: oc.Override,
		}
		if !oc.From.IsZero() {
			ov.From = oc.From.Format(time.RFC3339)
		}
		v.Occurrences = append(v.Occurrences, ov)
	}
	return v
}

func edge(unix int64) string {
	switch unix {
	case math.MinInt64:
		return "open"
	case math.MaxInt64:
		return "open end"
	}
	return time.Unix(unix, 0).UTC().Format(time.RFC3339)
}

// edited is the edit whose result is the .want.ics file: what a CRM typically changes.
func edited(t *testing.T, o *ics.Object) *ics.Object {
	t.Helper()
	it, err := o.Item(ics.Zones{})
	if err != nil {
		return nil
	}
	it = pim.Clone(it)
	set := pim.Set(pim.FieldTitle, pim.FieldNotes, pim.FieldAttendees, pim.FieldReminders)
	shift := func(w pim.When) pim.When {
		if w.Date {
			w.Time = w.Time.AddDate(0, 0, 1)
		} else if !w.IsZero() {
			w.Time = w.Time.Add(90 * time.Minute)
		}
		return w
	}
	switch v := it.(type) {
	case *pim.Event:
		v.Title += " (edited)"
		v.Notes = "Written by the CRM;\nin two lines, with commas"
		v.Start, v.End = shift(v.Start), shift(v.End)
		v.Attendees = append(v.Attendees, pim.Attendee{Person: pim.Person{Name: "New, Person", Email: "new@example.org"}, Answer: "accepted"})
		v.Reminders = append(v.Reminders, pim.Reminder{Before: 24 * time.Hour})
		set = set.Or(pim.Set(pim.FieldTime))
	case *pim.Task:
		v.Title += " (edited)"
		v.Due = shift(v.Due)
		v.Status, v.Percent = pim.Completed, 100
		v.Completed = pim.At(now, "")
		v.Reminders = nil
		set = set.Or(pim.Set(pim.FieldDue, pim.FieldStatus, pim.FieldPercent, pim.FieldCompleted))
	}
	next, err := ics.Apply(o, it, set, ics.ApplyOptions{Now: now, Zone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := next.Item(ics.Zones{})
	if err != nil {
		t.Fatal(err)
	}
	if d := pim.Diff(it, got, set); !d.IsEmpty() {
		t.Errorf("the edit did not carry %v", d)
	}
	return next
}

func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.ics")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".want.ics") {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".ics"), func(t *testing.T) {
			t.Parallel()
			o := load(t, file)
			raw, err := os.ReadFile(file)
			if err != nil || !bytes.Equal(o.Bytes(), raw) {
				t.Error("comes back different", err)
			}
			got, err := json.MarshalIndent(viewOf(o), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			base := strings.TrimSuffix(file, ".ics")
			golden.Compare(t, base+".want.json", append(got, '\n'))
			if next := edited(t, o); next != nil {
				golden.Compare(t, base+".want.ics", next.Bytes())
			}
			if !bytes.Equal(o.Bytes(), raw) {
				t.Error("the edit changed the object it was given")
			}
		})
	}
}
