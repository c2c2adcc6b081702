package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// Opener opens an empty, migrated store that checks its invariants when the test
// ends (see OpenWith).
type Opener func(t *testing.T, cfg store.Config) *store.Store

// Run judges whether the stores that open makes keep the promises of package store.
// Every case gets one of its own.
func Run(t *testing.T, open Opener) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, Opener)
	}{
		{"users", testUsers}, {"tokens", testTokens}, {"properties", testProperties},
		{"collections", testCollections}, {"delete collection", testDeleteCollection}, {"home", testHome},
		{"put", testPut}, {"put refuses", testPutRefuses}, {"preconditions", testConditions}, {"delete", testDelete},
		{"named", testNamed}, {"long named", testNamedLong}, {"each object", testEach}, {"bytes", testBytes},
		{"changes", testChanges}, {"changes in pages", testChangesPaged}, {"long changes", testChangesLong}, {"recreated", testRecreated},
		{"rename", testRename}, {"move", testMove}, {"copy", testCopy},
		{"time range", testTimeRange}, {"versions", testVersions}, {"earlier", testEarlier}, {"seen", testSeen}, {"prune", testPrune},
		{"links", testLinks}, {"lease", testLease}, {"pairs", testPairs}, {"dirty pairs", testDirtyPairs}, {"away", testAway},
		{"identities", testIdentities}, {"duplicates", testDuplicates}, {"feeds", testFeeds}, {"sign-ins", testSignIns}, {"latches", testLatches}, {"sessions", testSessions}, {"tickets", testTickets}, {"second factors", testSecondFactors}, {"ties", testTies}, {"feeds of deleted", testFeedsOfDeleted}, {"changed at", testChangedAt}, {"derived", testDerived},
		{"deeds", testDeeds},
		{"conflicts", testConflicts}, {"runs", testRuns}, {"quiet runs", testQuietRuns}, {"counts", testCounts}, {"runs pruned", testRunsPruned}, {"restored", testRestored},
		{"transactions", testTransactions}, {"on change", testOnChange}, {"cancel", testCancel},
		{"writers", testWriters}, {"names meanwhile", testNamesMeanwhile}, {"race for a name", testRaceName}, {"race for a version", testRaceVersion}, {"race of moves", testRaceMoves},
		{"words", testWords}, {"words read", testWordsRead},
		{"model", testModel},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open)
		})
	}
}

// fixture is a store with one user and one calendar, and short forms of what the
// cases do.
type fixture struct {
	*testing.T
	s    *store.Store
	user store.User
	cal  store.Collection
}

func setUp(t *testing.T, open Opener, cfg store.Config) *fixture {
	t.Helper()
	f := &fixture{T: t, s: open(t, cfg)}
	f.update(func(tx *store.Tx) error {
		var err error
		f.user, err = tx.CreateUser(store.User{Name: "ann", Email: "ann@example.org", Zone: "Europe/Berlin"})
		return err
	})
	f.cal = f.collection("work")
	return f
}

func (f *fixture) collection(slug string) store.Collection {
	f.Helper()
	var c store.Collection
	f.update(func(tx *store.Tx) error {
		var err error
		c, err = tx.CreateCollection(store.Collection{UserID: f.user.ID, Home: store.Calendars, Slug: slug, Components: "VEVENT", DisplayName: slug})
		return err
	})
	return c
}

func (f *fixture) update(do func(*store.Tx) error) {
	f.Helper()
	if err := f.s.Update(f.Context(), do); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) view(do func(*store.Tx) error) {
	f.Helper()
	if err := f.s.View(f.Context(), do); err != nil {
		f.Fatal(err)
	}
}

// refused runs a transaction that must fail for a reason.
func (f *fixture) refused(want pim.Reason, do func(*store.Tx) error) error {
	f.Helper()
	err := f.s.Update(f.Context(), do)
	if !errors.Is(err, want) {
		f.Errorf("got %v, want %q", err, want)
	}
	return err
}

// event is a put of an event whose name and UID follow from a word.
func event(c store.CollectionID, word, text string) store.Put {
	return store.Put{
		Collection: c, Name: word + ".ics", UID: word + "@example.org", Kind: pim.KindEvent, Component: "VEVENT",
		Text: []byte(text), Start: 1000, End: 2000, By: "dav:ann",
	}
}

func (f *fixture) put(p store.Put) store.PutResult {
	f.Helper()
	var res store.PutResult
	f.update(func(tx *store.Tx) error {
		var err error
		res, err = tx.PutObject(p)
		return err
	})
	return res
}

// change is what Changes says of one object.
type change struct {
	Name    string
	Deleted bool
	Text    string
}

func (f *fixture) changes(c store.CollectionID, since store.Seq) ([]change, store.Seq) {
	f.Helper()
	var all []change
	var last store.Seq
	f.view(func(tx *store.Tx) error {
		var more bool
		var err error
		last, more, err = tx.Changes(c, since, 0, true, func(o *store.Object) error {
			all = append(all, change{o.Name, o.Deleted, string(o.Text)})
			return nil
		})
		if more {
			f.Error("more without a limit")
		}
		return err
	})
	return all, last
}

// equal compares with a readable failure.
func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// soon bounds what has to be quick whatever happens.
func soon(f *fixture, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(f.Context(), d)
}
