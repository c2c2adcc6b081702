package remotetest

import (
	"net/netip"
	"testing"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream"
)

// Client is the outbound client of a driver under test: it reaches this machine alone, and waits on a clock of the test's. change says
// what is different.
func Client(tb testing.TB, clock *testclock.Clock, change ...func(*upstream.Options)) *upstream.Client {
	tb.Helper()
	o := upstream.Options{Now: clock.Now, Sleep: clock.Sleep, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	for _, f := range change {
		f(&o)
	}
	c, err := upstream.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

// ManyAtOnce lets as many calls of a client be in flight as the suite has callers.
func ManyAtOnce(o *upstream.Options) { o.Concurrency = callers }

// EachKind runs a case in one account for every kind that can be written, in the first collection that keeps it.
func EachKind(t *testing.T, h Harness, run func(t *testing.T, a Account, c remote.CollectionID, k pim.Kind)) {
	t.Helper()
	a := h.Open(t)
	cols, err := a.Remote.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done := pim.KindSet(0)
	for _, c := range cols {
		for _, k := range c.Kinds.List() {
			if done.Has(k) || c.ReadOnly {
				continue
			}
			done |= pim.Kinds(k)
			t.Run(k.String(), func(t *testing.T) { run(t, a, c.ID, k) })
		}
	}
}

// Whole reports a listing that has an item twice or without its version, or passes over one of made that is not gone.
func Whole(t *testing.T, refs []remote.Ref, made []remote.ItemID, gone map[remote.ItemID]bool) {
	t.Helper()
	listed := map[remote.ItemID]bool{}
	for _, ref := range refs {
		if listed[ref.ID] {
			t.Error("an item is listed twice")
		}
		if listed[ref.ID] = true; ref.Version == "" {
			t.Error("an item is listed without its version")
		}
	}
	for i, id := range made {
		if !listed[id] && !gone[id] {
			t.Errorf("item %d was passed over", i)
		}
	}
}
