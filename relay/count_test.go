package relay

import (
	"fmt"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store/storetest"
)

// TestRowB7LiveCount tells what a link's rules, or others, would bring, of how many, and
// names some; nothing is stored.
func TestRowB7LiveCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{PageSize: 7}, open(rule.Ask))
	for i := range 30 {
		e := event("", fmt.Sprintf("item %02d", i))
		if i%3 == 0 {
			e.Location = "Oslo"
		}
		id := w.crm.Add(e, map[bool]string{true: "somebody else"}[i%2 == 1])
		if i < 6 {
			w.crm.Group("Fairs", id)
		}
	}
	count := func(rules string) Reach {
		t.Helper()
		n, err := w.engine.Count(w.ctx, w.link.ID, parsed(t, rules))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const oslo = `"filter":{"field":"location","op":"is","value":"oslo"}`
	for rules, want := range map[string][3]int{
		`{}`:                                    {30, 15, 15},
		`{"allOwners":true}`:                    {30, 30, 30},
		`{` + oslo + `}`:                        {30, 15, 5},
		`{"allOwners":true,` + oslo + `}`:       {30, 30, 10},
		`{"groups":["Fairs"]}`:                  {30, 3, 3},
		`{"groups":["Fairs"],"allOwners":true}`: {30, 6, 6},
		`{"since":"2026-02-01"}`:                {30, 0, 0},
		`{"in":{"create":["Call"]}}`:            {30, 15, 0},
		`{"direction":"out"}`:                   {30, 15, 0},
		`{"onlyLinked":true,"allOwners":true}`:  {30, 30, 0},
	} {
		n := count(rules)
		if got := [3]int{n.Total, n.InScope, n.Brings}; got != want || !n.Exact || len(n.Sample) != min(want[2], countSample) {
			t.Errorf("%s: %+v, want %v", rules, n, want)
		}
	}
	if len(w.objects()) != 0 {
		t.Errorf("counting brought %d objects", len(w.objects()))
	}
	// Without a rule that looks into items the CRM counts, and a page or two are read.
	before := w.crm.Calls()
	count(`{"allOwners":true}`)
	if n := w.crm.Calls() - before; n > 4 {
		t.Errorf("%d calls for a number the CRM knows", n)
	}
	if _, err := w.engine.Count(w.ctx, w.link.ID, rule.Rules{Policy: "best"}); pim.ReasonOf(err) != pim.ErrInvalid {
		t.Errorf("wrong rules: %v", err)
	}
	if _, err := w.engine.Count(w.ctx, w.link.ID, parsed(t, `{"groups":["x"]}`)); pim.ReasonOf(err) != pim.ErrInvalid {
		t.Errorf("no such group: %v", err)
	}
}

func TestCountingIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{PageSize: 500, NoItemsInDelta: true}, open(rule.Ask))
	for i := range CountMost + 700 {
		e := event("", "item")
		if i%2 == 0 {
			e.Location = "Oslo"
		}
		w.crm.Add(e, "")
	}
	rules := parsed(t, `{"filter":{"field":"location","op":"is","value":"oslo"}}`)
	n, err := w.engine.Count(w.ctx, w.link.ID, rules)
	if err != nil || n.Exact || n.Looked != CountMost || n.Brings != CountMost/2 || n.InScope != CountMost+700 {
		t.Errorf("%+v, %v", n, err)
	}
	w.engine.Remotes = fixed{struct{ remote.Remote }{w.crm.Remote()}} // one that does not count
	if n, err = w.engine.Count(w.ctx, w.link.ID, open(rule.Ask)); err != nil || n.Exact || n.InScope != -1 || n.Looked != CountMost {
		t.Errorf("%+v, %v", n, err)
	}
}
