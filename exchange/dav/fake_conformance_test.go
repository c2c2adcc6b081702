package dav_test

import (
	"sync"
	"testing"

	"crmbridge/exchange/exchangetest"
	"crmbridge/internal/testclock"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

// fakeHarness opens accounts on servers of a manner.
func fakeHarness(m manner, settings remote.Settings) exchangetest.Harness {
	fakes := &sync.Map{} // by mailbox
	h := exchangetest.Harness{Harness: harness(nil, nil, 301)}
	h.Open = func(t *testing.T) remotetest.Account {
		f, c := newFake(m), testclock.New()
		faulty := remotetest.NewFaulty(f, nil, writes)
		s := remote.Settings{"url": serve(t, faulty)}
		for k, v := range settings {
			s[k] = v
		}
		a := remotetest.Account{Remote: open(t, c, s), Faults: faulty, Pass: c.Advance, Zone: zone, Behind: filer{remotetest.Through(open(t, c, s)), func(path string, text []byte) error {
			f.put(path, string(text))
			return nil
		}}}
		fakes.Store(a.Remote, f)
		return a
	}
	h.Mailed = func(_ *testing.T, a remotetest.Account) int {
		f, _ := fakes.Load(a.Remote)
		return len(f.(*fake).sent())
	}
	h.Wrong = func(t *testing.T) remote.Remote {
		return open(t, testclock.New(), remote.Settings{"url": serve(t, newFake(m)), "password": "wrong"})
	}
	return h
}

// Every manner in which servers differ, with the whole suite.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]manner{
		"plain":              {},
		"pages":              {few: 7, escapes: true},
		"behind a proxy":     {absolute: true, weak: true, noTag: true},
		"bare":               {bare: true, forgets: true, v4: true},
		"no log":             {noLog: true},
		"nothing to ask":     {noLog: true, noStamp: true, escapes: true, absolute: true},
		"scheduling":         {mine: "ann@example.org"},
		"names of their own": {renames: true, noTag: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := fakeHarness(m, nil)
			h.Many = 131
			switch {
			case name == "plain":
			case m.noLog || m.few > 0:
				h.Only = []string{"changes", "an edit at the remote shows", "a deletion shows", "unknown cursor", "many items", "changes while listing", "window", "kinds in scope", "probe"}
			default:
				h.Only = []string{"traits", "collections", "create and fetch", "create again with the same key", "find by key", "unknown ids", "stale update",
					"update of a deleted item", "delete", "stale delete", "changes", "a deletion shows", "kinds in scope", "lost answers", "probe", "wrong password"}
			}
			exchangetest.Run(t, h)
		})
	}
}
