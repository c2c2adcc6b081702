package relay

import (
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/relay/rule"
)

// What never was on a side is not said to lie in the window there: its dates are those it has.
func TestWhatIsOldIsOldInBothDirections(t *testing.T) {
	t.Parallel()
	w := ruled(t, `{"pastDays":30,"futureDays":30}`)
	old := event("old", "long ago")
	old.Start.Time, old.End.Time = old.Start.Time.AddDate(-5, 0, 0), old.End.Time.AddDate(-5, 0, 0)
	w.put("old.ics", old)
	w.clean()
	xs, err := w.engine.Explain(w.ctx, w.link.ID, "old")
	if err != nil || len(xs) != 1 {
		t.Fatalf("%+v, %v", xs, err)
	}
	for name, v := range map[string]rule.Verdict{"in": xs[0].In, "out": xs[0].Out} {
		if len(v.Reasons) != 1 || v.Reasons[0].Holds || v.Reasons[0].Rule != name+".pastDays" {
			t.Errorf("%s: %+v", name, v.Reasons)
		}
	}
}

func TestWhatCollidedIsNotCalledAgreed(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.collision()
		xs, err := w.engine.Explain(w.ctx, w.link.ID, w.only().UID)
		if err != nil || len(xs) != 1 || xs[0].Words[0] != "It is on both sides, and agreed but for what collided." {
			w.t.Errorf("%+v, %v", xs, err)
		}
	})
}
