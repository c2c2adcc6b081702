// Package memorytest puts systems in memory before the conformance suites (remote/remotetest): their clock, their person at the screen
// and their faults. Both faces of package remote/memory are judged with it.
package memorytest

import (
	"sync"
	"testing"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/memory"
	"crmbridge/remote/remotetest"
)

// Account is an account of a system whose clock is c, seen through r.
func Account(m *memory.System, c *testclock.Clock, r remote.Remote) remotetest.Account {
	zone := m.Options().Zone
	if zone == "" {
		zone = "UTC"
	}
	return remotetest.Account{Remote: r, Behind: Behind{m}, Faults: faults{m}, Pass: c.Advance, Zone: zone}
}

// Behind is the person at the system's screen.
type Behind struct{ System *memory.System }

// Add implements remotetest.Behind.
func (b Behind) Add(_ *testing.T, c remote.CollectionID, it pim.Item) remote.ItemID {
	return b.System.AddTo(c, it)
}

// Edit implements remotetest.Behind.
func (b Behind) Edit(t *testing.T, c remote.CollectionID, id remote.ItemID, it pim.Item, set pim.FieldSet) {
	t.Helper()
	if !b.System.Edit(c, id, func(dst pim.Item) { pim.Copy(dst, it, set) }) {
		t.Fatalf("no item %s", id)
	}
}

// Remove implements remotetest.Behind.
func (b Behind) Remove(t *testing.T, c remote.CollectionID, id remote.ItemID) {
	t.Helper()
	if !b.System.Remove(c, id) {
		t.Fatalf("no item %s", id)
	}
}

// faults lets the suite's faults happen in memory.
type faults struct{ m *memory.System }

// Inject implements remotetest.Faults.
func (f faults) Inject(x remotetest.Fault) (clear func()) {
	kinds := map[remotetest.What]pim.Reason{
		remotetest.Unauthorized: pim.ErrAuth, remotetest.Forbidden: pim.ErrForbidden, remotetest.Clash: pim.ErrConflict,
		remotetest.TooLarge: pim.ErrTooLarge, remotetest.Throttled: pim.ErrThrottled, remotetest.Broken: pim.ErrUnavailable,
		remotetest.Page: pim.ErrProtocol, remotetest.Truncated: pim.ErrUnavailable,
	}
	var mu sync.Mutex
	n := 0
	f.m.SetFaults(func(c memory.Call) memory.Fault {
		mu.Lock()
		defer mu.Unlock()
		if x.Writes && !c.Write || x.Times > 0 && n >= x.Times {
			return memory.Fault{}
		}
		n++
		switch x.What {
		case remotetest.Hang:
			return memory.Fault{Hang: true}
		case remotetest.LostAnswer:
			return memory.Fault{Lost: c.Write}
		}
		return memory.Fault{Err: &pim.Error{Op: "memory: " + c.Op, Kind: kinds[x.What], Public: "on purpose", After: x.After}}
	})
	return func() { f.m.SetFaults(nil) }
}
