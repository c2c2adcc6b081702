package graph_test

import (
	"fmt"
	"testing"

	"crmbridge/exchange/graph"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/pim"
	"crmbridge/remote"
)

// A first listing takes pages, not a request for each event, and shows the keys all the same; a quiet run is one request.
func TestRequestsOfAFirstListing(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *graphsim.Options) { o.Calm = true })
	m := r.open(map[string]string{"page_size": "100"})
	col := home(t, m, pim.KindEvent)
	const many = 400
	for n := range many {
		r.do("POST", "/events", graphsim.Fields{"subject": fmt.Sprintf("Event %d", n),
			"start": graphsim.Fields{"dateTime": fmt.Sprintf("2026-06-%02dT10:00:00", 1+n%28), "timeZone": "UTC"}, "end": graphsim.Fields{"dateTime": fmt.Sprintf("2026-06-%02dT11:00:00", 1+n%28), "timeZone": "UTC"}})
	}
	ours := create(t, m, &pim.Event{Activity: pim.Activity{Title: "Ours"}, Start: at(6, 12, 10), End: at(6, 12, 11)}, "the key of ours")
	r.sim.ResetStats()
	all, _, cur := follow(t, m, col, remote.Scope{}, "")
	if len(all) != many+1 || all[ours.ID].Key != "the key of ours" {
		t.Errorf("%d events are listed, ours with the key %q", len(all), all[ours.ID].Key)
	}
	if n := r.sim.Counts()["all"]; n > 10 {
		t.Errorf("%d requests for %d events: %v", n, many, r.sim.Counts())
	}
	if n := graph.KeysHeld(m); n != 0 {
		t.Errorf("%d keys are held after the listing, for as long as the connection is open", n)
	}
	r.sim.ResetStats()
	follow(t, m, col, remote.Scope{}, cur)
	if n := r.sim.Counts()["all"]; n != 1 {
		t.Errorf("a quiet run took %d requests: %v", n, r.sim.Counts())
	}
}
