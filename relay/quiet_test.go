package relay

import (
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/relay/rule"
	"crmbridge/store/storetest"
)

// TestAQuietRunCostsAFewCalls, whatever the size.
func TestAQuietRunCostsAFewCalls(t *testing.T) {
	t.Parallel()
	for _, o := range []mem.Options{{PageSize: 100}, {PageSize: 100, NoDeletionReport: true, NoItemsInDelta: true}} {
		calls := map[int]int{}
		for _, n := range []int{5, 300} {
			w := newWorld(t, storetest.Open(t), "ann", o, open(rule.Ask))
			for range n {
				w.crm.Add(event("", "there"), "")
			}
			w.clean()
			before := w.crm.Calls()
			if rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{}); err != nil || rep.Counts.Done() != 0 {
				t.Fatalf("%+v, %v", rep.Counts, err)
			}
			calls[n] = w.crm.Calls() - before
		}
		if calls[5] != calls[300] || calls[300] > 2 {
			t.Errorf("%+v: calls by size %v", o.NoDeletionReport, calls)
		}
	}
}
