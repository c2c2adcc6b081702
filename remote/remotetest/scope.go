package remotetest

import (
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// window: activities outside the window are not listed, and leaving it is no
// deletion.
func window(a *account) {
	a.each(func(a *account, k pim.Kind) {
		if k == pim.KindContact {
			return
		}
		c := a.homes[k]
		at := func(days int) pim.Item {
			it := a.sample(k, 1)
			start := firstDay.AddDate(0, 0, days)
			switch v := it.(type) {
			case *pim.Event:
				v.Start, v.End = pim.At(start, ""), pim.At(start.Add(time.Hour), "")
			case *pim.Task:
				v.Start, v.Due = pim.At(start, ""), pim.At(start.Add(time.Hour), "")
			case *pim.Message:
				v.Sent, v.Received = pim.At(start, ""), pim.At(start, "")
			}
			return it
		}
		s := remote.Scope{From: firstDay.AddDate(0, 0, -10), Until: firstDay.AddDate(0, 0, 10)}
		in, early, late := a.create(k, at(0)), a.create(k, at(-30)), a.create(k, at(30))
		long := at(-30)
		switch v := long.(type) {
		case *pim.Event:
			v.End = pim.At(firstDay.AddDate(0, 0, 30), "")
		case *pim.Task:
			v.Due = pim.At(firstDay.AddDate(0, 0, 30), "")
		}
		want := map[remote.ItemID]bool{in.ID: true, early.ID: false, late.ID: false}
		if k == pim.KindEvent || k == pim.KindTask && a.traits.Carries[k].Has(pim.FieldStart) {
			want[a.create(k, long).ID] = true
		}
		all := a.everything(c, s)
		for id, inside := range want {
			if _, got := all[id]; got != inside {
				a.t.Errorf("%s (in %s, early %s, late %s): listed %v", id, in.ID, early.ID, late.ID, got)
			}
		}
		a.listAgrees(c, s, all)
		_, _, cur := a.drain(c, s, "")
		a.tick()
		set := pim.Set(pim.FieldTime)
		if k == pim.KindTask {
			set = pim.Set(pim.FieldStart, pim.FieldDue)
		} else if k == pim.KindMessage {
			set = pim.Set(pim.FieldSent, pim.FieldReceived)
		}
		a.Behind.Edit(a.t, c, in.ID, at(30), set.And(a.traits.Carries[k]))
		_, removed, _ := a.drain(c, s, cur)
		for _, id := range removed {
			if id == in.ID {
				a.t.Error("an item that left the window is reported as deleted")
			}
		}
		a.must(c, in.ID)
	})
}

func kindsInScope(a *account) {
	made := map[pim.Kind]remote.Record{}
	for _, k := range a.kinds {
		made[k] = a.create(k, a.sample(k, 1))
	}
	for _, k := range a.kinds {
		all := a.everything(a.homes[k], remote.Scope{Kinds: pim.Kinds(k)})
		for other, rec := range made {
			if a.homes[other] != a.homes[k] {
				continue
			}
			if _, listed := all[rec.ID]; listed != (other == k) {
				a.t.Errorf("the scope of %s only: %s listed is %v", k, other, listed)
			}
		}
		a.listAgrees(a.homes[k], remote.Scope{Kinds: pim.Kinds(k)}, all)
	}
}
