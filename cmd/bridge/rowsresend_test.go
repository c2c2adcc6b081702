package main

import (
	"slices"
	"strings"
	"testing"

	"crmbridge/manage"
)

// X14: everything is sent again to the CRM; what it fills in itself or has no place for is not
// sent again and again, and what was not written is not told as written.
func TestRowX14ResendSettles(t *testing.T) {
	t.Parallel()
	r := newRow(t)
	r.tie("calendar", "1h", "{}")
	s := r.serve()
	for _, name := range []string{"one", "two", "three"} {
		r.put("calendars/alice/calendar/"+name+".ics", meeting("uid-"+name, "tok-"+name))
	}
	private := strings.Replace(meetingWith("uid-private", "tok-private", []string{"stranger@elsewhere.example.org"}), "END:VEVENT", "CLASS:PRIVATE\r\nEND:VEVENT", 1)
	r.put("calendars/alice/calendar/private.ics", private)
	r.put("calendars/alice/calendar/guest.ics", meetingWith("uid-guest", "tok-guest", []string{"stranger@elsewhere.example.org"}))
	r.within("all in the CRM", func() bool { return len(r.sim.Records("Activity")) == 5 })
	s.stop()
	served := func(kinds ...string) (n int) {
		for _, e := range r.sim.Requests() {
			if len(kinds) == 0 || slices.Contains(kinds, e.Kind) {
				n++
			}
		}
		return n
	}
	asked := func(args ...string) int {
		before := served()
		r.must("", args...)
		return served() - before
	}
	usual := asked("sync", "run", "calendar")
	before := served("create", "update", "delete", "batch")
	for i := range 3 {
		made := asked("sync", "resend", "calendar", "--to", "crm")
		run := list[manage.Run](r.place, "sync", "history", "calendar")[0]
		if run.Trigger != "resend" || run.Counts.UpdatedRemote+run.Counts.CreatedRemote+run.Counts.UpdatedLocal != 0 {
			t.Errorf("resend %d: %s %+v", i, run.Trigger, run.Counts)
		}
		if n := served("create", "update", "delete", "batch") - before; n != 0 {
			t.Errorf("resend %d: %d writes", i, n)
		}
		// It reads the CRM anew, and asks for no item by itself.
		if i > 0 && made > usual+5 {
			t.Errorf("resend %d: %d requests, %d in a usual run", i, made, usual)
		}
	}
	if out := r.must("", "item", "history", "uid-one"); strings.Contains(out, "update") {
		t.Errorf("what was not written is told: %s", out)
	}
}
