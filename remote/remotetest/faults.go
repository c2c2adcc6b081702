package remotetest

import (
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// failures: each way of failing gives an error of a true kind, and the remote
// works again afterwards.
func failures(a *account) {
	if a.Faults == nil {
		a.skip("the harness cannot inject faults")
	}
	down := []pim.Reason{pim.ErrUnavailable, pim.ErrProtocol}
	for _, c := range []struct {
		fault       Fault
		read, write []pim.Reason
	}{
		{Fault{What: Unauthorized}, []pim.Reason{pim.ErrAuth}, []pim.Reason{pim.ErrAuth}},
		{Fault{What: Forbidden}, []pim.Reason{pim.ErrForbidden, pim.ErrAuth}, []pim.Reason{pim.ErrForbidden, pim.ErrAuth}},
		{Fault{What: Clash, Writes: true}, nil, []pim.Reason{pim.ErrConflict, pim.ErrExists, pim.ErrRefused}},
		{Fault{What: TooLarge, Writes: true}, nil, []pim.Reason{pim.ErrTooLarge}},
		{Fault{What: Throttled, After: 2 * time.Minute}, []pim.Reason{pim.ErrThrottled}, []pim.Reason{pim.ErrThrottled}},
		{Fault{What: Broken}, down, []pim.Reason{pim.ErrUnavailable, pim.ErrProtocol, pim.ErrRefused}},
		{Fault{What: Page}, append([]pim.Reason{pim.ErrAuth}, down...), append([]pim.Reason{pim.ErrAuth}, down...)},
		{Fault{What: Truncated}, down, down},
	} {
		a.t.Run(c.fault.What.String(), func(t *testing.T) {
			t.Parallel()
			if c.read != nil {
				readFails(a.h.open(t), c.fault, c.read)
			}
			writeFails(a.h.open(t), c.fault, c.write)
		})
	}
}

func readFails(a *account, f Fault, want []pim.Reason) {
	a.t.Helper()
	k := a.kinds[0]
	rec := a.create(k, a.sample(k, 1))
	clear := a.Faults.Inject(f)
	d, err := a.Remote.Changes(a.ctx, a.homes[k], remote.Scope{}, "")
	a.wantError("changes", err, want...)
	if d.Next != "" || len(d.Changed)+len(d.Removed) != 0 {
		a.t.Errorf("a failed listing gave a page: %+v", d)
	}
	recs, err := a.Remote.Fetch(a.ctx, a.homes[k], []remote.ItemID{rec.ID})
	a.wantError("fetch", err, want...)
	if len(recs) != 0 {
		a.t.Error("a failed fetch gave records")
	}
	if f.What == Throttled && pim.RetryAfter(err) < f.After/2 {
		a.t.Errorf("told to wait %v, the error says %v", f.After, pim.RetryAfter(err))
	}
	clear()
	a.recover(f)
	a.must(a.homes[k], rec.ID)
}

func writeFails(a *account, f Fault, want []pim.Reason) {
	a.t.Helper()
	k := a.kinds[0]
	rec := a.create(k, a.sample(k, 1))
	clear := a.Faults.Inject(f)
	_, err := a.Remote.Update(a.ctx, a.homes[k], rec.Ref, a.entry(a.sample(k, 2)), a.traits.Carries[k])
	a.wantError("update", err, want...)
	err = a.Remote.Delete(a.ctx, a.homes[k], remote.Ref{ID: rec.ID}, remote.Delete)
	// A cut-off answer may belong to a deletion that was carried out and seen.
	if err != nil || f.What != Truncated {
		a.wantError("delete", err, append(want, pim.ErrNotFound)...)
	}
	_, err = a.Remote.Create(a.ctx, a.homes[k], a.entry(a.sample(k, 3)), fresh())
	if err != nil || f.What != Truncated {
		a.wantError("create", err, want...)
	}
	clear()
	a.recover(f)
	a.create(k, a.sample(k, 4))
}

// recover lets the pause pass that the remote asked for.
func (a *account) recover(f Fault) {
	if f.After == 0 {
		return
	}
	if a.Pass == nil {
		a.t.Skipf("left out: the harness cannot let %v pass", f.After)
	}
	a.Pass(f.After + time.Second)
}

// lostAnswers: the write is done, the answer does not arrive. Whatever the driver
// makes of it, repeating does no harm.
func lostAnswers(a *account) {
	if a.Faults == nil {
		a.skip("the harness cannot inject faults")
	}
	for _, times := range []int{1, 0} {
		name := map[int]string{1: "once", 0: "until cleared"}[times]
		a.t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, k := range a.kinds {
				t.Run(k.String(), func(t *testing.T) {
					b := a.h.open(t)
					loseCreate(b, k, times)
					loseUpdate(b, k, times)
					loseDelete(b, k, times)
				})
			}
		})
	}
}

func loseCreate(a *account, k pim.Kind, times int) {
	a.t.Helper()
	e, key := a.entry(a.sample(k, 1)), fresh()
	clear := a.Faults.Inject(Fault{What: LostAnswer, Writes: true, Times: times})
	_, err := a.Remote.Create(a.ctx, a.homes[k], e, key)
	clear()
	if err != nil {
		a.wantError("create with a lost answer", err, pim.ErrUnavailable)
	}
	again := true
	if !a.traits.Idempotent {
		f, ok := a.Remote.(remote.Finder)
		if !ok {
			a.t.Fatal("neither Idempotent nor a Finder")
		}
		_, found, err := f.Find(a.ctx, a.homes[k], key, e)
		if err != nil {
			a.t.Fatalf("find: %v", err)
		}
		again = !found
	}
	if again {
		if _, err := a.Remote.Create(a.ctx, a.homes[k], e, key); err != nil {
			a.t.Fatalf("create again: %v", err)
		}
	}
	all := a.everything(a.homes[k], remote.Scope{Kinds: pim.Kinds(k)})
	if len(all) != 1 {
		a.t.Fatalf("%d items after a lost answer and a second try", len(all))
	}
	for id := range all {
		a.same("after a lost answer and a second try", a.must(a.homes[k], id).Item, a.sample(k, 1))
	}
}

func loseUpdate(a *account, k pim.Kind, times int) {
	a.t.Helper()
	rec := a.create(k, a.sample(k, 1))
	a.tick()
	clear := a.Faults.Inject(Fault{What: LostAnswer, Writes: true, Times: times})
	_, err := a.Remote.Update(a.ctx, a.homes[k], rec.Ref, a.entry(a.sample(k, 2)), a.traits.Carries[k])
	clear()
	if err != nil {
		a.wantError("update with a lost answer", err, pim.ErrUnavailable)
	}
	// The relay looks first, then writes what is missing.
	now := a.must(a.homes[k], rec.ID)
	if _, err := a.Remote.Update(a.ctx, a.homes[k], now.Ref, a.entry(a.sample(k, 2)), a.traits.Carries[k]); err != nil {
		a.t.Fatalf("update again: %v", err)
	}
	a.same("after a second update", a.must(a.homes[k], rec.ID).Item, a.sample(k, 2))
}

func loseDelete(a *account, k pim.Kind, times int) {
	a.t.Helper()
	rec := a.create(k, a.sample(k, 1))
	clear := a.Faults.Inject(Fault{What: LostAnswer, Writes: true, Times: times})
	err := a.Remote.Delete(a.ctx, a.homes[k], rec.Ref, remote.Delete)
	clear()
	if err != nil {
		a.wantError("delete with a lost answer", err, pim.ErrUnavailable, pim.ErrNotFound)
	}
	if _, there := a.fetch(a.homes[k], rec.ID); there {
		a.t.Error("it is still there")
	}
}

// expiredSession: one 401 in passing is no fault; the driver logs in again.
func expiredSession(a *account) {
	if !a.h.Renews {
		a.skip("the driver has no sessions to renew")
	}
	if a.Faults == nil {
		a.skip("the harness cannot inject faults")
	}
	k := a.kinds[0]
	rec := a.create(k, a.sample(k, 1))
	clear := a.Faults.Inject(Fault{What: Unauthorized, Times: 1})
	a.must(a.homes[k], rec.ID)
	clear()
	clear = a.Faults.Inject(Fault{What: Unauthorized, Times: 1, Writes: true})
	if _, err := a.Remote.Update(a.ctx, a.homes[k], rec.Ref, a.entry(a.sample(k, 2)), a.traits.Carries[k]); err != nil {
		a.t.Errorf("update with an expired session: %v", err)
	}
	clear()
}
