package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/internal/testenv"
	"crmbridge/store"
)

// TestTwoServersShareTheWork: of two processes on one PostgreSQL both do runs. Again and again
// the one that is in the middle of a run is killed (SIGKILL), and the one that is left finishes
// it alone: nothing is lost and nothing is there twice.
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
	st, err := store.Open(t.Context(), store.Config{URL: db, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}()
	// Runs that take their time are seen.
	if _, err := sim.AddFault(creatiosim.Fault{Kind: creatiosim.FaultLatency, Entity: "Activity", Method: "GET", Delay: creatiosim.Duration(150 * time.Millisecond)}); err != nil {
		t.Fatal(err)
	}
	ran := map[int]bool{}
	until(t, "both do runs", func() bool { ran[runner(t, st, servers)] = true; return ran[0] && ran[1] })
	sim.ClearFaults()
	want := map[string]bool{}
	for round := range 4 {
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
		dies := -1
		until(t, "a run is in its middle", func() bool {
			if n := len(there(sim)) - before; n > 3 {
				dies = runner(t, st, servers)
			}
			return dies >= 0
		})
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

// runner is the number of the server that is doing a run of the link, -1 when none is.
func runner(t *testing.T, st *store.Store, servers []*server) int {
	t.Helper()
	owner := ""
	err := st.View(t.Context(), func(tx *store.Tx) error {
		l, err := tx.Link(1)
		owner = l.LeaseOwner
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.IndexFunc(servers, func(s *server) bool { return strings.Contains(owner, fmt.Sprintf("/%d/", s.cmd.Process.Pid)) })
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
