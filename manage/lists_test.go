package manage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/review"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// A list goes on over short pages up to the limit that was asked for.
func TestListsGoOnOverPages(t *testing.T) {
	t.Parallel()
	o := &Office{Store: storetest.Open(t)}
	read := func(_ *store.Tx, q review.Query) (review.Page[int64], error) { // 7 rows, 3 a page, of which every second fits
		var out review.Page[int64]
		for n := q.After + 1; n <= 7; n++ {
			if n > q.After+3 || len(out.Rows) == q.Limit {
				out.Next = n - 1
				break
			}
			if n%2 == 1 {
				out.Rows = append(out.Rows, n)
			}
		}
		return out, nil
	}
	for _, want := range []struct {
		limit, rows int
		next        int64
	}{{100, 4, 0}, {0, 4, 0}, {4, 4, 0}, {3, 3, 5}, {1, 1, 1}} {
		got, err := gather(context.Background(), o, review.Query{Limit: want.limit}, read)
		if err != nil || len(got.Rows) != want.rows || (want.next == 0) != (got.Next == 0) {
			t.Errorf("limit %d: %+v %v, want %+v", want.limit, got, err, want)
		}
	}
}

// All open conflicts are found, however many there are, and those of one account when it is named.
func TestOpenConflicts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s, testclock.New().Now)
		ctx := t.Context()
		if _, err := o.AddAccount(ctx, NewAccount{Name: "bo", Password: "correct horse battery"}); err != nil {
			t.Fatal(err)
		}
		const each = 2*conflictsAtOnce + 1
		var want []store.ConflictID
		err := s.Update(ctx, func(tx *store.Tx) error {
			for i := range 2 * each {
				u, err := User(tx, []string{"ann", "bo"}[i%2])
				if err != nil {
					return err
				}
				c, err := CollectionNamed(tx, u, "calendar")
				if err != nil {
					return err
				}
				made, err := tx.AddConflict(store.Conflict{UserID: u.ID, CollectionID: c.ID, Name: "a.ics", UID: fmt.Sprint("uid-", i), Kind: pim.KindEvent, Cause: store.CausePrecondition,
					Mine: []byte("BEGIN:VCALENDAR\r\n"), CreatedAt: tx.Now()})
				if err != nil {
					return err
				}
				want = append(want, made.ID)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := o.OpenConflicts(ctx, ""); err != nil || !slices.Equal(got, want) {
			t.Errorf("%v %v, want %v", got, err, want)
		}
		if got, err := o.OpenConflicts(ctx, "bo"); err != nil || len(got) != each {
			t.Errorf("of bo: %v %v", got, err)
		}
		if got, err := o.Choices(ctx, "", time.Time{}); err != nil || len(got) != 0 {
			t.Errorf("nobody chose, yet %v %v", got, err)
		}
		if err := o.HaveConflicts(ctx, []store.ConflictID{want[0], 1 << 40}); !errors.Is(err, pim.ErrNotFound) {
			t.Errorf("a number that none has: %v", err)
		}
	})
}
