package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

func testTransactions(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	after := ""
	write := func(word string, end func()) func(*store.Tx) error {
		return func(tx *store.Tx) error {
			tx.AfterCommit(func() { after += word })
			_, err := tx.PutObject(event(f.cal.ID, word, word))
			end()
			if err == nil && word == "b" {
				err = errUndo
			}
			return err
		}
	}
	f.update(write("a", func() {}))
	if err := f.s.Update(t.Context(), write("b", func() {})); !errors.Is(err, errUndo) {
		t.Errorf("got %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = f.s.Update(t.Context(), write("c", func() { panic("fault") })) // what a fault in a caller does
	}()
	f.update(write("d", func() {})) // nothing hangs on what was rolled back
	equal(t, "after commit", after, "ad")
	got, _ := f.changes(f.cal.ID, 0)
	equal(t, "stored", fmt.Sprint(got), "[{a.ics false a} {d.ics false d}]")

	err := f.s.View(t.Context(), func(tx *store.Tx) error {
		_, err := tx.PutObject(event(f.cal.ID, "e", "e"))
		return err
	})
	if pim.ReasonOf(err) != pim.ErrInternal || !strings.Contains(err.Error(), "View") {
		t.Errorf("a write in a view: %v", err)
	}
	err = f.s.View(t.Context(), func(tx *store.Tx) error {
		sql := tx.SQL()
		if sql == nil {
			return errUndo // on SQLite, whose readers' connections cannot write
		}
		_, err := sql.Exec(`DELETE FROM objects`)
		return err
	})
	if err == nil {
		t.Error("the database lets a view write")
	}
	// What others commit does not show in a view.
	f.view(func(tx *store.Tx) error {
		before, err := tx.Collection(f.cal.ID)
		if err != nil {
			return err
		}
		f.put(event(f.cal.ID, "f", "f"))
		now, err := tx.Collection(f.cal.ID)
		equal(t, "in the view", now.Seq, before.Seq)
		if _, err := tx.Object(f.cal.ID, "f.ics"); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("in the view: %v", err)
		}
		equal(t, "one time", tx.Now(), tx.Now())
		return err
	})
}

func testOnChange(t *testing.T, open Opener) {
	var calls []string
	var fault error
	f := setUp(t, open, store.Config{OnChange: func(_ context.Context, tx *store.Tx, c store.CollectionID, except store.LinkID) error {
		col, err := tx.Collection(c)
		if err != nil {
			return err
		}
		calls = append(calls, fmt.Sprintf("%s %d at %d", col.Slug, except, col.Seq))
		return fault
	}})
	other := f.collection("other")
	run := func(want string, do func(*store.Tx) error) {
		t.Helper()
		calls = nil
		f.update(do)
		equal(t, "calls", strings.Join(calls, ", "), want)
	}
	put := func(c store.CollectionID, word, text string, by store.LinkID) func(*store.Tx) error {
		return func(tx *store.Tx) error {
			p := event(c, word, text)
			p.Link = by
			_, err := tx.PutObject(p)
			return err
		}
	}
	run("", put(f.cal.ID, "a", "1", 0)) // no link, no call
	crm := f.link(f.cal.ID, store.CRM, "crm")
	run("work 0 at 3", put(f.cal.ID, "a", "2", 0))
	run("", put(f.cal.ID, "a", "2", 0)) // nothing changed
	run("", put(f.cal.ID, "a", "3", crm.ID))
	f.link(f.cal.ID, store.Exchange, "mail")
	run(fmt.Sprintf("work %d at 5", crm.ID), put(f.cal.ID, "a", "4", crm.ID))
	run("work 0 at 7", func(tx *store.Tx) error { // once, also for many
		if err := put(f.cal.ID, "b", "1", crm.ID)(tx); err != nil {
			return err
		}
		return put(f.cal.ID, "c", "1", 0)(tx)
	})
	run("work 0 at 8", func(tx *store.Tx) error {
		_, err := tx.MoveObject(store.Move{From: f.cal.ID, To: other.ID, Name: "b.ics", NewName: "b.ics"})
		return err
	})
	run("work 0 at 9", func(tx *store.Tx) error {
		_, err := tx.DeleteObject(f.cal.ID, "c.ics", store.Cond{}, "", 0)
		return err
	})
	fault = errUndo
	if err := f.s.Update(t.Context(), put(f.cal.ID, "z", "1", 0)); !errors.Is(err, errUndo) {
		t.Errorf("got %v", err)
	}
	f.view(func(tx *store.Tx) error {
		if _, err := tx.Object(f.cal.ID, "z.ics"); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("stored although the hook failed: %v", err)
		}
		return nil
	})
}

// A cancelled context ends everything within a second.
func testCancel(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	f.update(func(tx *store.Tx) error {
		for i := range 1000 {
			if _, err := tx.PutObject(event(f.cal.ID, fmt.Sprint(i), "x")); err != nil {
				return err
			}
		}
		return nil
	})
	locked, free := make(chan struct{}), make(chan struct{})
	holder := make(chan error)
	go func() {
		holder <- f.s.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.PutObject(event(f.cal.ID, "held", "x"))
			close(locked)
			<-free
			return err
		})
	}()
	<-locked
	for name, do := range map[string]func(context.Context) error{
		"waiting writer": func(ctx context.Context) error {
			return f.s.Update(ctx, func(tx *store.Tx) error {
				_, err := tx.PutObject(event(f.cal.ID, "b", "x"))
				return err
			})
		},
		"reader": func(ctx context.Context) error {
			return f.s.View(ctx, func(tx *store.Tx) error {
				for {
					if err := tx.EachObject(f.cal.ID, store.EachOptions{Text: true}, func(*store.Object) error { return nil }); err != nil {
						return err
					}
				}
			})
		},
	} {
		ctx, cancel := soon(f, 50*time.Millisecond)
		begun := time.Now()
		err := do(ctx)
		cancel()
		if took := time.Since(begun); pim.ReasonOf(err) != pim.ErrUnavailable || took > time.Second {
			t.Errorf("%s: %v after %v", name, err, took)
		}
	}
	close(free)
	if err := <-holder; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := f.s.Update(ctx, func(tx *store.Tx) error { // cancelled before the commit: nothing is stored
		_, err := tx.PutObject(event(f.cal.ID, "c", "x"))
		cancel()
		return err
	})
	if pim.ReasonOf(err) != pim.ErrUnavailable {
		t.Errorf("cancelled in the middle: %v", err)
	}
	f.view(func(tx *store.Tx) error {
		if _, err := tx.Object(f.cal.ID, "c.ics"); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("got %v", err)
		}
		return nil
	})
}
