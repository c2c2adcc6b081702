// Package storetest opens stores for tests, checks their invariants when the test
// ends, and judges whether a database keeps the promises of package store.
//
//	open.go    Open, OpenWith, Each: stores for tests of other packages
//	clock.go   Clock: a clock that moves on by itself
//	run.go     Run: the conformance suite, same for both databases
//	*_case.go  its cases
//
// What is not here: tests of how the store is built (package store has those).
package storetest

import (
	"path/filepath"
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
// clock is a Clock of its own.
func OpenWith(tb testing.TB, cfg store.Config) *store.Store {
	tb.Helper()
	if cfg.URL == "" {
		cfg.URL = "sqlite:" + filepath.Join(tb.TempDir(), "bridge.db")
	}
	if cfg.Now == nil {
		cfg.Now = new(Clock).Now
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
	if err := s.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return s
}

// Each runs a test on a store in SQLite and on one in PostgreSQL, which is skipped
// loudly where there is none.
func Each(t *testing.T, f func(*testing.T, *store.Store)) {
	EachWith(t, store.Config{}, f)
}

// EachWith is Each with a configuration, whose URL is not used.
func EachWith(t *testing.T, cfg store.Config, f func(*testing.T, *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, OpenWith(t, cfg))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		cfg := cfg
		cfg.URL = testenv.Postgres(t)
		f(t, OpenWith(t, cfg))
	})
}
