package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"crmbridge/internal/testenv"
	"crmbridge/pim"
)

func userAndCollections(t *testing.T, s *Store, n int) (ids []CollectionID) {
	t.Helper()
	err := s.Update(t.Context(), func(tx *Tx) error {
		u, err := tx.CreateUser(User{Name: "ann"})
		for i := 0; i < n && err == nil; i++ {
			var c Collection
			c, err = tx.CreateCollection(Collection{UserID: u.ID, Home: Calendars, Slug: fmt.Sprint(i)})
			ids = append(ids, c.ID)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func somePut(c CollectionID, name string) Put {
	return Put{Collection: c, Name: name, UID: name, Kind: pim.KindEvent, Component: "VEVENT", Text: []byte(name)}
}

// Two processes write to one database: the server and a command beside it.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		one := migrated(t, url)
		two := openTest(t, url)
		c := userAndCollections(t, one, 1)[0]
		var wg sync.WaitGroup
		for w := range 8 {
			s := []*Store{one, two}[w%2]
			wg.Go(func() {
				for i := range 10 {
					if err := s.Update(t.Context(), func(tx *Tx) error {
						_, err := tx.PutObject(somePut(c, fmt.Sprintf("%d-%d", w, i)))
						return err
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for _, s := range []*Store{one, two} {
			if err := s.View(t.Context(), func(tx *Tx) error {
				n, _, err := tx.Count(c)
				if n != 80 {
					t.Errorf("%d objects", n)
				}
				return err
			}); err != nil {
				t.Error(err)
			}
		}
	})
}

// A writer that waits for another process gives up when its context ends.
func TestBusyEndsWithContext(t *testing.T) {
	t.Parallel()
	url := t.TempDir() + "/x.db"
	one := migrated(t, url)
	two := openTest(t, url)
	err := one.Update(t.Context(), func(*Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		begun := time.Now()
		err := two.Update(ctx, func(*Tx) error { return nil })
		if took := time.Since(begun); pim.ReasonOf(err) != pim.ErrUnavailable || took > busyWait/2 {
			t.Errorf("%v after %v", err, took)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A deadlock, which PostgreSQL ends by rolling one back, is not seen by callers.
func TestDeadlockIsRetried(t *testing.T) {
	t.Parallel()
	s := migrated(t, testenv.Postgres(t))
	ids := userAndCollections(t, s, 2)
	var both sync.WaitGroup
	both.Add(2)
	var wg sync.WaitGroup
	var mu sync.Mutex
	runs, commits := 0, 0
	for i := range 2 {
		wg.Go(func() {
			first := true
			err := s.Update(t.Context(), func(tx *Tx) error {
				mu.Lock()
				runs++
				mu.Unlock()
				tx.AfterCommit(func() {
					mu.Lock()
					defer mu.Unlock()
					commits++
				})
				if _, err := tx.Collection(ids[i]); err != nil {
					return err
				}
				if first {
					first = false
					both.Done()
					both.Wait()
				}
				_, err := tx.PutObject(somePut(ids[1-i], fmt.Sprint(i)))
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if runs < 3 || commits != 2 {
		t.Errorf("%d runs, %d commits", runs, commits)
	}
}

// A collection that a transaction has read does not change until it commits.
func TestReadLocks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		s := migrated(t, url)
		c := userAndCollections(t, s, 1)[0]
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if err := s.Update(t.Context(), func(tx *Tx) error {
					col, err := tx.Collection(c)
					if err != nil {
						return err
					}
					col.Order++ // read, change, write: none may be lost
					_, err = tx.UpdateCollection(col)
					return err
				}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := s.View(t.Context(), func(tx *Tx) error {
			col, err := tx.Collection(c)
			if col.Order != 16 || col.Seq != 17 {
				t.Errorf("order %d, seq %d", col.Order, col.Seq)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	})
}

// A statement whose rows are still open can be run again inside.
func TestNestedStatement(t *testing.T) {
	t.Parallel()
	s := migrated(t, t.TempDir()+"/x.db")
	c := userAndCollections(t, s, 3)
	err := s.View(t.Context(), func(tx *Tx) error {
		const query = `SELECT id FROM collections WHERE id >= ? ORDER BY id`
		n := 0
		var walk func(from CollectionID) error
		walk = func(from CollectionID) error {
			rows, err := tx.query(query, from)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var id CollectionID
				if err := rows.Scan(&id); err != nil {
					return err
				}
				n++
				if err := walk(id + 1); err != nil {
					return err
				}
			}
			return rows.Err()
		}
		err := walk(c[0])
		if n != 7 {
			t.Errorf("%d rows", n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	// A fault does not spoil the statement for the next use.
	for range 2 {
		err := s.Update(t.Context(), func(tx *Tx) error {
			for i, name := range []string{"dup", "dup", "other"} {
				_, err := tx.exec(`INSERT INTO properties (owner, space, local, xml) VALUES (?, ?, ?, ?)`, "o", "s", name, []byte("x"))
				if want := i == 1; want != (err != nil) || want && reason(err) != pim.ErrExists {
					t.Errorf("%d: %v", i, err)
				}
			}
			return errors.New("undo")
		})
		if err == nil {
			t.Error("committed")
		}
	}
}

// A connection keeps no more statements than it should, and works beyond.
func TestManyStatements(t *testing.T) {
	t.Parallel()
	s := migrated(t, t.TempDir()+"/x.db")
	s.reader.SetMaxOpenConns(1)
	err := s.View(t.Context(), func(tx *Tx) error {
		for i := range maxStatements + 50 {
			var got int
			if err := tx.row(fmt.Sprintf(`SELECT %d`, i)).Scan(&got); err != nil || got != i {
				return fmt.Errorf("%d: got %d, %w", i, got, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if n := len(prepared(t, s.reader)); n > maxStatements {
		t.Errorf("%d statements", n)
	}
}
