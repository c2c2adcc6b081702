package relay

import (
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store/storetest"
)

// Attendees that are kept here, of a series with an occurrence that differs, are no reason to write the series again.
func TestAttendeesThatStayHereSendNoOccurrences(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
	e := event("uid-1", "Daily")
	e.Recurrence = &pim.Recurrence{Rules: []string{"FREQ=DAILY;COUNT=5"}}
	e.Attendees = []pim.Attendee{guest("cy")}
	w.put("a.ics", e)
	w.edit("a.ics", func(e *pim.Event) {
		o := pim.OccurrenceAt(e, nth(3)).(*pim.Event)
		o.Title = "other"
		e.Recurrence.Changed = []pim.Occurrence{{At: nth(3), Item: o}}
	})
	w.clean()
	w.clock.Advance(24 * time.Hour) // what the remote alone knows is noted here now
	writes := w.writing()
	w.clean()
	if n := writes.Load(); n != 0 {
		t.Errorf("%d writes of what is there already", n)
	}
}
