package relay

import (
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/relay/rule"
)

// People whose write waited go to the occurrences that differ in the same write: the base has those of the occurrence already.
func TestPeopleThatWaitedReachOccurrences(t *testing.T) {
	t.Parallel()
	all := pim.AllOf(pim.KindEvent)
	at := func(hour int) pim.When { return pim.At(time.Date(2026, 1, 8, hour, 0, 0, 0, time.UTC), "") }
	guests := []pim.Attendee{{Person: pim.Person{Email: "di@example.org"}}}
	series := func(master, occurrence []pim.Attendee) *pim.Event {
		return &pim.Event{Start: at(9), End: at(10), Activity: pim.Activity{Title: "series", Attendees: master, Recurrence: &pim.Recurrence{
			Rules:   []string{"FREQ=DAILY;COUNT=5"},
			Changed: []pim.Occurrence{{At: at(9), Item: &pim.Event{Start: at(9), End: at(10), Activity: pim.Activity{Title: "first", Attendees: occurrence}}}},
		}}}
	}
	m := Merge(Sides{
		BaseLocal: series(nil, guests), Local: series(guests, guests), BaseRemote: series(nil, nil), Remote: series(nil, nil),
		Carried: all, Writable: all, MayIn: all, MayOut: all, Policy: rule.Ask,
	})
	if want := pim.Set(pim.FieldAttendees, pim.FieldRecurrence); m.ToRemote != want || !m.ToLocal.IsEmpty() || !m.Open.IsEmpty() {
		t.Fatalf("to the remote go %v, here %v, open are %v", m.ToRemote, m.ToLocal, m.Open)
	}
	if got := m.Item.(*pim.Event).Recurrence.Changed[0].Item.(*pim.Event).Attendees; len(got) != 1 {
		t.Errorf("the occurrence that is sent has %v", got)
	}
}
