package pim_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

func TestShowIsForPeople(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	c := &pim.Contact{
		Prefix: "Dr.", Given: "Jane", Family: "Roe", Photo: []byte{1, 2, 3},
		Phones:    []pim.Labeled{{Label: "work", Value: "1", Preferred: true}, {Value: "2"}},
		Addresses: []pim.Address{{Label: "home", Street: "Main St 1", City: "Springfield"}},
	}
	e := &pim.Event{
		Activity: pim.Activity{
			Organizer:  pim.Person{Name: "Jane", Email: "Jane@example.org"},
			Attendees:  []pim.Attendee{{Person: pim.Person{Email: "x@example.org"}, Answer: "accepted", Optional: true}},
			Recurrence: &pim.Recurrence{Rules: []string{"FREQ=DAILY"}, Except: []pim.When{pim.On(2026, 11, 22)}},
		},
		Start: pim.At(at, ""), End: pim.At(at.Add(time.Hour), ""),
	}
	for _, x := range []struct {
		it   pim.Item
		id   pim.FieldID
		want string
	}{
		{c, pim.FieldName, "Jane Roe"},
		{c, pim.FieldPrefix, "Dr."},
		{c, pim.FieldPhoto, "photo of 3 bytes"},
		{c, pim.FieldPhones, "1 (work) preferred\n2"},
		{c, pim.FieldAddresses, "Main St 1, Springfield (home)"},
		{e, pim.FieldOrganizer, "Jane <jane@example.org>"},
		{e, pim.FieldAttendees, "x@example.org accepted optional"},
		{e, pim.FieldRecurrence, "FREQ=DAILY\nnot 2026-11-22"},
		{e, pim.FieldTime, "2026-11-21T10:00:00Z – 2026-11-21T11:00:00Z"},
		{e, pim.FieldFree, ""},
	} {
		f, ok := pim.FieldByID(x.id)
		if got := f.Show(x.it); !ok || got != x.want {
			t.Errorf("%s: got %q, want %q", x.id, got, x.want)
		}
	}
}

// Nothing shown to people has control characters of ours, and what is absent shows nothing.
func TestShowIsClean(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(kinds).Draw(t, "kind")
		it := draw(t, k, "it")
		for _, f := range pim.Fields(k) {
			if s := f.Show(it); strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' }) {
				t.Fatalf("%s shows %q", f.ID, s)
			}
			if s := f.Show(pim.New(k)); s != "" {
				t.Fatalf("%s shows %q of nothing", f.ID, s)
			}
		}
	})
}
