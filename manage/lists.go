package manage

import (
	"cmp"
	"context"
	"errors"
	"time"

	"crmbridge/relay"
	"crmbridge/review"
	"crmbridge/store"
)

// InTurn does what only one may do with a link at a time, once nobody else, such as the server, is at it.
func InTurn[T any](ctx context.Context, do func() (T, error)) (T, error) {
	for {
		v, err := do()
		if !errors.Is(err, relay.ErrBusy) {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// usualPage is how many rows a list has that nobody said a number for.
const usualPage = 100

// gather reads a list up to the limit of q. A page can be short although there are more rows that fit.
func gather[T any](ctx context.Context, o *Office, q review.Query, read func(*store.Tx, review.Query) (review.Page[T], error)) (review.Page[T], error) {
	limit, out := cmp.Or(q.Limit, usualPage), review.Page[T]{}
	q.Limit = limit
	for {
		var some review.Page[T]
		err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
			some, err = read(tx, q)
			return err
		})
		out.Rows, out.Next = append(out.Rows, some.Rows...), some.Next
		q.After, q.Limit = some.Next, limit-len(out.Rows)
		if err != nil || q.After == 0 || q.Limit <= 0 {
			return out, err
		}
	}
}

// Errors lists items that cannot be synced, and why. States: failing, ignored; "" is both.
func (o *Office) Errors(ctx context.Context, q review.Query) (review.Page[review.Item], error) {
	return gather(ctx, o, q, review.Errors)
}

// Holds lists items that wait for a person. States are those of review.HoldStates; "" is all.
func (o *Office) Holds(ctx context.Context, q review.Query) (review.Page[review.Item], error) {
	return gather(ctx, o, q, review.Holds)
}

// Runs lists runs, newest first. States are outcomes; "" is all.
func (o *Office) Runs(ctx context.Context, q review.Query) (review.Page[review.Run], error) {
	return gather(ctx, o, q, review.Runs)
}

// Items lists the items of q.Link; origin "" is any. States are those of review.ItemStates.
func (o *Office) Items(ctx context.Context, q review.Query, origin string) (review.Page[review.Known], error) {
	return gather(ctx, o, q, func(tx *store.Tx, q review.Query) (review.Page[review.Known], error) {
		return review.Items(tx, q, origin)
	})
}
