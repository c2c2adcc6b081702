package remotetest

import (
	"crmbridge/pim"
	"crmbridge/remote"
)

func staleDelete(a *account) {
	a.each(func(a *account, k pim.Kind) {
		c := a.homes[k]
		rec := a.create(k, a.sample(k, 1))
		if rec.Version == "" {
			a.skip("the remote has no versions")
		}
		a.tick()
		a.Behind.Edit(a.t, c, rec.ID, a.sample(k, 2), a.groups(k)[0])
		a.wantError("stale delete", a.Remote.Delete(a.ctx, c, rec.Ref, remote.Delete), pim.ErrConflict)
		now := a.must(c, rec.ID)
		if err := a.Remote.Delete(a.ctx, c, now.Ref, remote.Delete); err != nil {
			a.t.Errorf("delete of the fetched version: %v", err)
		}
	})
}

func deleteAny(a *account) {
	a.each(func(a *account, k pim.Kind) {
		c := a.homes[k]
		rec := a.create(k, a.sample(k, 1))
		a.Behind.Edit(a.t, c, rec.ID, a.sample(k, 2), a.groups(k)[0])
		if err := a.Remote.Delete(a.ctx, c, remote.Ref{ID: rec.ID}, remote.Delete); err != nil {
			a.t.Fatalf("delete of any version: %v", err)
		}
		if _, there := a.fetch(c, rec.ID); there {
			a.t.Error("it is still there")
		}
	})
}
