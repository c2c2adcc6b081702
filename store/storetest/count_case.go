package storetest

import (
	"testing"

	"crmbridge/store"
)

// Rows, failing pairs and steps are counted by what they are.
func testCounts(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	l := f.link(f.cal.ID, store.CRM, "crm").ID
	other := f.link(f.cal.ID, store.Exchange, "other").ID
	var run store.RunID
	f.update(func(tx *store.Tx) error {
		for i, p := range []store.Pair{
			{LinkID: l, Error: "it said no", ErrorKind: "refused"}, {LinkID: l, Error: "it said no again", ErrorKind: "refused"},
			{LinkID: l, Error: "too big", ErrorKind: "too large"}, {LinkID: l}, {LinkID: other, Error: "no", ErrorKind: "refused"},
		} {
			p.RemoteID = string(rune('a' + i))
			if err := tx.SavePair(&p); err != nil {
				return err
			}
		}
		r, err := tx.StartRun(store.Run{LinkID: l})
		run = r.ID
		if err != nil {
			return err
		}
		r.Outcome = "partial"
		return tx.FinishRun(r, []store.Step{
			{Action: "update", Side: "remote", Outcome: "failed", Kind: "refused", UID: "a"}, {Action: "update", Side: "remote", Outcome: "failed", Kind: "refused", UID: "b"},
			{Action: "create", Side: "local", Outcome: "done", UID: "c"},
		})
	})
	f.view(func(tx *store.Tx) error {
		rows, err := tx.CountRows()
		if err != nil {
			return err
		}
		equal(t, "pairs", rows["pairs"], 5)
		equal(t, "steps", rows["steps"], 3)
		equal(t, "links", rows["links"], 2)
		if n, there := rows["duplicates"]; n != 0 || !there {
			t.Errorf("an empty table is not counted: %v", rows)
		}
		faults, err := tx.CountFaults(l)
		if err != nil {
			return err
		}
		equal(t, "kinds of faults", len(faults), 2)
		equal(t, "refused", faults["refused"], 2)
		equal(t, "too large", faults["too large"], 1)
		steps, err := tx.CountSteps(run)
		if err != nil {
			return err
		}
		equal(t, "sorts of steps", len(steps), 2)
		equal(t, "created", steps[0], store.StepCount{Action: "create", Side: "local", Outcome: "done", Steps: 1})
		equal(t, "refused", steps[1], store.StepCount{Action: "update", Side: "remote", Outcome: "failed", Kind: "refused", Steps: 2})
		return nil
	})
}
