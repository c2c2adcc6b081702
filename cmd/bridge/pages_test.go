package main

import (
	"context"
	"testing"

	"crmbridge/review"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// A list goes on over short pages up to the limit that was asked for.
func TestListsGoOnOverPages(t *testing.T) {
	t.Parallel()
	a := &app{store: storetest.Open(t)}
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
	}{{100, 4, 0}, {4, 4, 0}, {3, 3, 5}, {1, 1, 1}} {
		got, err := pages(context.Background(), a, review.Query{Limit: want.limit}, read)
		if err != nil || len(got.Rows) != want.rows || (want.next == 0) != (got.Next == 0) {
			t.Errorf("limit %d: %+v %v, want %+v", want.limit, got, err, want)
		}
	}
}
