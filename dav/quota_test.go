package dav_test

import (
	"strconv"
	"testing"

	"crmbridge/dav"
)

// RFC 4331: what a user has in all collections is bounded, and what takes no more room is never refused.
func TestQuota(t *testing.T) {
	each(t, func(t *testing.T, st *server) {
		text := func(title string) string { return event("a", title) }
		size := int64(len(text("0")))
		s := serverWith(t, st, dav.Limits{Quota: 3 * size})
		quota := func() (used, available int64) {
			t.Helper()
			m := s.propfind(annCal, 0, "D:quota-used-bytes", "D:quota-available-bytes")
			used, err := strconv.ParseInt(m.text(annCal, "quota-used-bytes"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			available, err = strconv.ParseInt(m.text(annCal, "quota-available-bytes"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return used, available
		}
		s.call("MKCALENDAR", calHome+"work/", "").want(201)
		s.put(annCal+"a.ics", text("0"))
		s.call("COPY", annCal+"a.ics", "", "Destination: "+calHome+"work/a.ics").want(201)
		s.put(annTasks+"b.ics", todo("b", "1"))
		used, available := quota()
		if want := 2*size + int64(len(todo("b", "1"))); used != want || available != 3*size-want {
			t.Errorf("used %d, available %d, of %d", used, available, 3*size)
		}
		s.call("PUT", annCal+"c.ics", event("c", "A title that is longer than what is left"), "Content-Type: text/calendar").want(507).condition(nsD, "quota-not-exceeded")
		s.call("COPY", calHome+"work/", "", "Destination: "+calHome+"copy/").want(507).condition(nsD, "quota-not-exceeded")
		s.call("COPY", calHome+"work/", "", "Destination: "+calHome+"bare/", "Depth: 0").want(201)
		s.call("GET", annCal+"c.ics", "").want(404)
		s.call("PROPFIND", calHome+"copy/", "", "Depth: 0").want(404)
		// As much as before, elsewhere, or less.
		s.put(annCal+"a.ics", text("1"))
		s.call("COPY", annCal+"a.ics", "", "Destination: "+calHome+"work/a.ics").want(204)
		s.call("MOVE", annCal+"a.ics", "", "Destination: "+calHome+"bare/a.ics").want(201)
		if again, _ := quota(); again != used {
			t.Errorf("used %d, was %d", again, used)
		}
		s.call("DELETE", calHome+"bare/", "").want(204)
		s.call("DELETE", annTasks+"b.ics", "").want(204)
		if used, available := quota(); used != size || available != 2*size {
			t.Errorf("used %d, available %d", used, available)
		}
		s.put(annCal+"a.ics", text("2"))
	})
}

// One COPY is one transaction, for which other writers wait.
func TestCopiesAreBoundedInBytes(t *testing.T) {
	t.Parallel()
	size := int64(len(event("a", "A")))
	s := newServer(t, dav.Limits{Copy: 2 * size})
	s.put(annCal+"a.ics", event("a", "A"))
	s.put(annCal+"b.ics", event("b", "B"))
	s.call("COPY", annCal, "", "Destination: "+calHome+"one/").want(201)
	s.put(annCal+"c.ics", event("c", "C"))
	s.call("COPY", annCal, "", "Destination: "+calHome+"two/").want(507).condition(nsD, "quota-not-exceeded")
	s.call("PROPFIND", calHome+"two/", "", "Depth: 0").want(404)
	s.call("COPY", annCal, "", "Destination: "+calHome+"two/", "Depth: 0").want(201)
}
