package main

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/internal/testenv"
)

// TestTwoServersShareTheWork: two processes on one PostgreSQL, of which one after the other
// is killed (SIGKILL) in the middle of a run. The one that is left finishes it alone:
// nothing is lost and nothing is there twice.
func TestTwoServersShareTheWork(t *testing.T) {
	t.Parallel()
	db := testenv.Postgres(t)
	a := newPlace(t, "database: {url: '"+db+"'}\n")
	a.alice()
	sim, srv := newCreatio(t)
	a.link(srv)
	b := a.elsewhere(db)
	places := []*place{a, b}
	servers := []*server{a.serve(), b.serve()}
	want := map[string]bool{}
	for round := range 4 {
		dies := round % 2
		// Answers get lost on top, and take their time, so that the run is under way.
		for _, f := range []creatiosim.Fault{{Kind: creatiosim.FaultResetAfter, Entity: "Activity", Method: "POST", P: 0.2, Count: 2},
			{Kind: creatiosim.FaultLatency, Entity: "Activity", Method: "POST", Delay: creatiosim.Duration(20 * time.Millisecond)}} {
			if _, err := sim.AddFault(f); err != nil {
				t.Fatal(err)
			}
		}
		before := len(there(sim))
		for i := range 20 {
			uid := fmt.Sprintf("tok-%d-%d", round, i)
			path := "/dav/calendars/alice/calendar/" + uid + ".ics"
			if status, body := places[i%2].request("PUT", path, meeting(uid, uid), map[string]string{"If-None-Match": "*"}); status != http.StatusCreated {
				t.Fatalf("PUT: %d %s", status, body)
			}
			want[uid] = true
		}
		title := fmt.Sprintf("tok-crm-%d", round)
		addMeeting(t, sim, title)
		want[title] = true
		until(t, "the run is in its middle", func() bool { n := len(there(sim)) - before; return n > 3 })
		servers[dies].kill()
		sim.ClearFaults()
		left := places[1-dies]
		until(t, "the other one did the rest", func() bool {
			h, c := left.here(), there(sim)
			return len(c) == len(want) && maps.Equal(h, c) && left.settled(sim)
		})
		check(t, want, nil, left.here(), there(sim))
		servers[dies] = places[dies].serve()
	}
	for _, s := range servers {
		s.stop()
	}
	t.Logf("%d titles after 4 kills", len(want))
}

// until waits for what has to happen in the end.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(150 * time.Second); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not yet: %s", what)
		}
	}
}
