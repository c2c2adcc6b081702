package store

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"crmbridge/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func testNow() time.Time { return time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC) }

// each runs a test on an empty database of each kind, not migrated.
func each(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, "sqlite:"+filepath.Join(t.TempDir(), "bridge.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, testenv.Postgres(t))
	})
}

// openTest opens a database and leaves it to the test to migrate it.
func openTest(t *testing.T, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{URL: url, Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if have, want, err := s.SchemaVersion(ctx); err == nil && have == want {
			if err := s.CheckInvariants(ctx); err != nil {
				t.Errorf("invariants: %v", err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func migrated(t *testing.T, url string) *Store {
	t.Helper()
	s := openTest(t, url)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}
