package ews_test

import (
	"errors"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/ews/ewssim"
	"crmbridge/pim"
	"crmbridge/remote"
)

func (r *rig) fault(f ewssim.Fault) {
	r.t.Helper()
	if _, err := r.sim.AddFault(f); err != nil {
		r.t.Fatal(err)
	}
}

// A busy server is waited for, in all its ways of saying so, and a write goes through once.
func TestBusyServer(t *testing.T) {
	t.Parallel()
	for _, kind := range []ewssim.FaultKind{ewssim.FaultBusy, ewssim.FaultBusyInside, ewssim.FaultUnavailable} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			m := r.open(nil)
			c := home(t, m, pim.KindTask)
			begin, entry := r.clock.Now(), remote.Entry{Item: &pim.Task{Activity: pim.Activity{Title: "Later"}}}
			r.fault(ewssim.Fault{Kind: kind, Op: "CreateItem", Count: 1, BackOff: 9000})
			_, err := m.Create(t.Context(), c, entry, "key-busy")
			if kind == ewssim.FaultUnavailable { // nobody knows whether Exchange or somebody before it said so
				if pim.ReasonOf(err) != pim.ErrUnavailable {
					t.Fatalf("%v", err)
				}
				_, found, ferr := m.(remote.Finder).Find(t.Context(), c, "key-busy", entry)
				if found || ferr != nil {
					t.Fatalf("%v, %v", found, ferr)
				}
				_, err = m.Create(t.Context(), c, entry, "key-busy")
			}
			if err != nil {
				t.Fatal(err)
			}
			if waited := r.clock.Now().Sub(begin); waited < 9*time.Second {
				t.Errorf("waited %v", waited)
			}
			if d, err := m.Changes(t.Context(), c, remote.Scope{}, ""); err != nil || len(d.Changed) != 1 {
				t.Errorf("%d items, %v", len(d.Changed), err)
			}
		})
	}
}

// States that the server does not know any more ask for a new listing, and nothing is reported as removed.
func TestStatesExpire(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	c := home(t, m, pim.KindContact)
	if _, err := m.Create(t.Context(), c, remote.Entry{Item: &pim.Contact{FullName: "Bo Both"}}, "key-state"); err != nil {
		t.Fatal(err)
	}
	d, err := m.Changes(t.Context(), c, remote.Scope{}, "")
	if err != nil {
		t.Fatal(err)
	}
	r.sim.ExpireStates()
	if _, err := m.Changes(t.Context(), c, remote.Scope{}, d.Next); !errors.Is(err, pim.ErrCursorGone) {
		t.Fatalf("%v", err)
	}
	if d, err = m.Changes(t.Context(), c, remote.Scope{}, ""); err != nil || len(d.Changed) != 1 || len(d.Removed) != 0 {
		t.Errorf("%d changed, %d removed, %v", len(d.Changed), len(d.Removed), err)
	}
}

// What may pass is told as such, for one item or for all.
func TestPassingFaults(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]pim.Reason{
		"ErrorMailboxMoveInProgress": pim.ErrUnavailable, "ErrorMailboxStoreUnavailable": pim.ErrUnavailable, "ErrorBatchProcessingStopped": pim.ErrUnavailable,
		"ErrorQuotaExceeded": pim.ErrRefused, "ErrorAccessDenied": pim.ErrForbidden, "ErrorPasswordExpired": pim.ErrAuth,
	} {
		for _, kind := range []ewssim.FaultKind{ewssim.FaultCode, ewssim.FaultSOAP} {
			r := newRig(t, nil)
			m := r.open(nil)
			c := home(t, m, pim.KindTask)
			r.fault(ewssim.Fault{Kind: kind, Op: "CreateItem", Code: code})
			_, err := m.Create(t.Context(), c, remote.Entry{Item: &pim.Task{Activity: pim.Activity{Title: "x"}}}, "key-"+code)
			if pim.ReasonOf(err) != want {
				t.Errorf("%s as %s: %v", code, kind, err)
			}
		}
	}
}

// Where a large page takes the server too long, a smaller one is asked for.
func TestSmallerPages(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(exchange.Settings{"page_size": "200"})
	c := home(t, m, pim.KindTask)
	r.fault(ewssim.Fault{Kind: ewssim.FaultCode, Op: "SyncFolderItems", Code: "ErrorTimeoutExpired", Count: 2})
	if _, err := m.Changes(t.Context(), c, remote.Scope{}, ""); err != nil {
		t.Error(err)
	}
}

// No failure of a sync, as a message or as a fault, is taken for deletions, and what changed meanwhile is told by the next one.
func TestNoSyncErrorDeletes(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]pim.Reason{
		"ErrorInvalidSyncStateData": pim.ErrCursorGone, "ErrorSyncFolderNotFound": pim.ErrNotFound, "ErrorFolderNotFound": pim.ErrNotFound, "ErrorInvalidFolderId": pim.ErrNotFound,
		"ErrorTimeoutExpired": pim.ErrUnavailable, "ErrorMailboxMoveInProgress": pim.ErrUnavailable, "ErrorMailboxStoreUnavailable": pim.ErrUnavailable,
		"ErrorInternalServerTransientError": pim.ErrUnavailable, "ErrorBatchProcessingStopped": pim.ErrUnavailable, "ErrorExceededFindCountLimit": pim.ErrThrottled,
		"ErrorAccessDenied": pim.ErrForbidden, "ErrorNonExistentMailbox": pim.ErrForbidden, "ErrorItemNotFound": pim.ErrNotFound, "ErrorSomethingNew": pim.ErrRefused,
	} {
		for _, kind := range []ewssim.FaultKind{ewssim.FaultCode, ewssim.FaultSOAP} {
			r := newRig(t, nil)
			m := r.open(nil)
			c := home(t, m, pim.KindTask)
			add := func(key string) {
				if _, err := m.Create(t.Context(), c, remote.Entry{Item: &pim.Task{Activity: pim.Activity{Title: key}}}, key); err != nil {
					t.Fatal(err)
				}
			}
			add("one")
			d, err := m.Changes(t.Context(), c, remote.Scope{}, "")
			if err != nil || len(d.Changed) != 1 {
				t.Fatal(len(d.Changed), err)
			}
			since := d.Next
			add("two")
			r.fault(ewssim.Fault{Kind: kind, Op: "SyncFolderItems", Code: code})
			if d, err = m.Changes(t.Context(), c, remote.Scope{}, since); pim.ReasonOf(err) != want || len(d.Changed)+len(d.Removed) != 0 || d.Next != "" {
				t.Errorf("%s as %s: %v, %d removed", code, kind, err, len(d.Removed))
			}
			r.sim.ClearFaults()
			r.clock.Advance(time.Hour)
			told := 1
			if want == pim.ErrCursorGone {
				since, told = "", 2
			}
			if d, err = m.Changes(t.Context(), c, remote.Scope{}, since); err != nil || len(d.Changed) != told || len(d.Removed) != 0 {
				t.Errorf("%s as %s, afterwards: %d changed, %d removed, %v", code, kind, len(d.Changed), len(d.Removed), err)
			}
		}
	}
}

// Failures as a later server words them, and after a while: each is what it is of today's, and streams are understood.
func TestFaultsOfALaterServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault  ewssim.Fault
		want   pim.Reason
		waited time.Duration
	}{
		{fault: ewssim.Fault{Kind: ewssim.FaultBusy, Count: 1, BackOff: 9000}, waited: 9 * time.Second},
		{fault: ewssim.Fault{Kind: ewssim.FaultBusyInside, Count: 1, BackOff: 9000}, waited: 9 * time.Second},
		{fault: ewssim.Fault{Kind: ewssim.FaultSOAP, Code: "ErrorPasswordExpired"}, want: pim.ErrAuth},
		{fault: ewssim.Fault{Kind: ewssim.FaultSOAP, Code: "ErrorInvalidSyncStateData"}, want: pim.ErrCursorGone},
		{fault: ewssim.Fault{Kind: ewssim.FaultCode, Code: "ErrorInvalidSyncStateData"}, want: pim.ErrCursorGone},
		{fault: ewssim.Fault{Kind: ewssim.FaultCode, Code: "ErrorMailboxMoveInProgress"}, want: pim.ErrUnavailable},
		{fault: ewssim.Fault{Kind: ewssim.FaultSlow}},
		{fault: ewssim.Fault{Kind: ewssim.FaultTruncated, Count: 1}},
		{fault: ewssim.Fault{Kind: ewssim.FaultTruncated}, want: pim.ErrUnavailable},
	} {
		c.fault.Op, c.fault.Delay = "SyncFolderItems", 20*time.Millisecond
		r := newRig(t, func(o *ewssim.Options) { o.Later = true })
		m := r.open(nil)
		tasks := home(t, m, pim.KindTask)
		if _, err := m.Create(t.Context(), tasks, remote.Entry{Item: &pim.Task{Activity: pim.Activity{Title: "x"}}}, "key"); err != nil {
			t.Fatal(err)
		}
		begin := r.clock.Now()
		r.fault(c.fault)
		d, err := m.Changes(t.Context(), tasks, remote.Scope{}, "")
		if pim.ReasonOf(err) != c.want || err == nil && len(d.Changed) != 1 {
			t.Errorf("%+v: %d items, %v", c.fault, len(d.Changed), err)
		}
		if waited := r.clock.Now().Sub(begin); waited < c.waited {
			t.Errorf("%+v: waited %v", c.fault, waited)
		}
	}
	r := newRig(t, func(o *ewssim.Options) { o.Later, o.Heartbeat = true, 10*time.Millisecond })
	m := r.open(nil)
	hints, ended, stop := watch(t, m, home(t, m, pim.KindTask))
	defer stop()
	wait(t, "subscription", hints)
	r.soap(`<m:CreateItem><m:Items><t:Task><t:Subject>x</t:Subject></t:Task></m:Items></m:CreateItem>`)
	wait(t, "hint", hints)
	if len(ended) > 0 {
		t.Error(<-ended)
	}
}
