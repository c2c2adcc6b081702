package store

import (
	"context"
	"errors"
	"runtime"
	"testing"
)

// Who reads ends with his context: no statement is begun after it, and rows that are being read end.
func TestReadingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := migrated(t, t.TempDir()+"/x.db")
	for name, read := range map[string]func(context.Context, func(*Tx) error) error{"view": s.View, "peek": s.Peek} {
		ctx, cancel := context.WithCancel(t.Context())
		err := read(ctx, func(tx *Tx) error {
			rows, err := tx.query(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i <> ?`, 0)
			if err != nil {
				return err
			}
			defer rows.Close()
			cancel()
			n := 0
			for rows.Next() {
				if n++; n > 100*checkRows {
					t.Errorf("%s: rows go on after the context", name)
					return nil
				}
			}
			if !errors.Is(rows.Err(), context.Canceled) {
				t.Errorf("%s: rows ended with %v", name, rows.Err())
			}
			if err := tx.row(`SELECT 1`).Scan(&n); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: a statement after the context: %v", name, err)
			}
			return rows.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		if err := read(ctx, func(*Tx) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: begun after the context: %v", name, err)
		}
		cancel()
	}
	notReading(t, s)
}

// A view that fails, or panics, leaves a connection on which the next reads what is there now.
func TestViewEndsHoweverItEnds(t *testing.T) {
	t.Parallel()
	s := migrated(t, t.TempDir()+"/x.db")
	s.reader.SetMaxOpenConns(1)
	fault := errors.New("fault")
	users := func(tx *Tx) (n int, err error) { return n, tx.row(`SELECT count(*) FROM users`).Scan(&n) }
	for want, end := range []func() error{func() error { return nil }, func() error { return fault }, func() error { panic("fault") }, func() error { runtime.Goexit(); return nil }} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { _ = recover() }()
			_ = s.View(t.Context(), func(tx *Tx) error {
				if _, err := users(tx); err != nil {
					t.Error(err)
				}
				return end()
			})
		}()
		<-done
		notReading(t, s)
		err := s.Update(t.Context(), func(tx *Tx) error {
			_, err := tx.CreateUser(User{Name: string(rune('a' + want))})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.View(t.Context(), func(tx *Tx) error {
			if n, err := users(tx); err != nil || n != want+1 {
				t.Errorf("%d users, not %d: %v", n, want+1, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// notReading fails when the readers' one idle connection is in a transaction.
func notReading(t *testing.T, s *Store) {
	t.Helper()
	s.reader.SetMaxOpenConns(1)
	if n := s.reader.Stats().InUse; n != 0 {
		t.Errorf("%d connections are still in use", n)
	}
	if _, err := s.reader.ExecContext(t.Context(), "BEGIN"); err != nil {
		t.Errorf("a connection was given back in its transaction: %v", err)
	}
	if _, err := s.reader.ExecContext(t.Context(), "COMMIT"); err != nil {
		t.Error(err)
	}
}

// Reading starts no goroutines: each would cost more than the statement it waits for.
func TestReadingStartsNoGoroutines(t *testing.T) {
	s := migrated(t, t.TempDir()+"/x.db")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for name, read := range map[string]func(context.Context, func(*Tx) error) error{"view": s.View, "peek": s.Peek} {
		err := read(ctx, func(tx *Tx) error { // the first has to connect
			_, err := find[User](tx, "id > ?", 0)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		before := runtime.NumGoroutine()
		err = read(ctx, func(tx *Tx) error {
			rows, err := tx.query(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n WHERE i <> ?`, 0)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				if n := runtime.NumGoroutine(); n > before {
					t.Errorf("%s: %d goroutines more", name, n-before)
					return nil
				}
			}
			return rows.Err()
		})
		if err != nil {
			t.Error(err)
		}
	}
}
