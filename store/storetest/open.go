// Package storetest opens stores for tests, checks their invariants when the test
// ends, and judges whether a database keeps the promises of package store.
//
//	open.go    Open, OpenWith, OpenPostgres, Each, InTurn: stores for tests of other packages
//	clock.go   Clock: a clock that moves on by itself
//	run.go     Run: the conformance suite, same for both databases
//	*_case.go  its cases
//
// What is not here: tests of how the store is built (package store has those).
package storetest

import (
	"context"
	"errors"
	"hash/fnv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"crmbridge/internal/testenv"
	"crmbridge/store"
)

// Open returns a migrated, empty SQLite store in a temporary directory. When the
// test ends, its invariants are checked and it is closed.
func Open(tb testing.TB) *store.Store {
	tb.Helper()
	return OpenWith(tb, store.Config{})
}

// OpenWith is Open with a configuration; an empty URL is a new SQLite file, a missing
// clock is a Clock of its own. A database that the caller names is migrated.
func OpenWith(tb testing.TB, cfg store.Config) *store.Store {
	tb.Helper()
	if cfg.URL == "" {
		cfg.URL = sqliteCopy(tb)
		return open(tb, cfg)
	}
	s := open(tb, cfg)
	if err := s.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return s
}

// OpenPostgres is OpenWith on a new PostgreSQL database; the test is skipped where there
// is none.
func OpenPostgres(tb testing.TB, cfg store.Config) *store.Store {
	tb.Helper()
	cfg.URL = testenv.PostgresCopy(tb, migrate)
	return open(tb, cfg)
}

// open opens a database whose schema is there or comes at once.
func open(tb testing.TB, cfg store.Config) *store.Store {
	tb.Helper()
	if cfg.Now == nil {
		cfg.Now = NewClock().Now
	}
	s, err := store.Open(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	// The context of the test is cancelled before the cleanups run.
	tb.Cleanup(func() {
		if err := s.CheckInvariants(background(tb)); err != nil {
			tb.Errorf("invariants: %v", err)
		}
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// migrate makes the schema that all tests of a process copy: the steps from the first one
// cost more than most tests. Package store tests the steps.
func migrate(url string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{URL: url, Now: NewClock().Now})
	if err != nil {
		return err
	}
	return errors.Join(s.Migrate(ctx), s.Close())
}

// migrated is the file of a new SQLite database.
var migrated = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "storetest-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "bridge.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// sqliteCopy is the URL of a new SQLite database that has its schema.
func sqliteCopy(tb testing.TB) string {
	tb.Helper()
	file, err := migrated()
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(tb.TempDir(), "bridge.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		tb.Fatal(err)
	}
	return "sqlite:" + path
}

// Each runs a test on a store in SQLite and on one in PostgreSQL, which is skipped
// loudly where there is none.
func Each(t *testing.T, f func(*testing.T, *store.Store)) {
	EachWith(t, store.Config{}, f)
}

// EachWith is Each with a configuration, whose URL is not used.
func EachWith(t *testing.T, cfg store.Config, f func(*testing.T, *store.Store)) {
	t.Helper()
	all := databases(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, all[name](t, cfg))
		})
	}
}

// InTurn is for one of the many cases of a test that is not about the database: it runs the case on one of the two, by its name,
// so that half of the cases have SQLite and half PostgreSQL, and always the same.
func InTurn(t *testing.T, f func(*testing.T, *store.Store)) {
	t.Helper()
	all := databases(t)
	names := slices.Sorted(maps.Keys(all))
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(t.Name())) // never fails
	name := names[int(sum.Sum32()>>1)%len(names)]
	t.Run(name, func(t *testing.T) { f(t, all[name](t, store.Config{})) })
}

// databases are those that tests run on, by name: both, or the one that BRIDGE_TEST_DATABASE names.
func databases(t *testing.T) map[string]func(testing.TB, store.Config) *store.Store {
	t.Helper()
	all := map[string]func(testing.TB, store.Config) *store.Store{"sqlite": OpenWith, "postgres": OpenPostgres}
	only := os.Getenv("BRIDGE_TEST_DATABASE")
	if only == "" {
		return all
	}
	if all[only] == nil {
		t.Fatalf("BRIDGE_TEST_DATABASE is %q, and has to be sqlite, postgres or nothing", only)
	}
	return map[string]func(testing.TB, store.Config) *store.Store{only: all[only]}
}
