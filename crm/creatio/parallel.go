package creatio

import (
	"context"
	"fmt"
	"runtime/debug"

	"golang.org/x/sync/errgroup"

	"crmbridge/pim"
)

// atOnce is how many requests of one call run at once.
const atOnce = 4

// parallel calls f for 0 to n-1, some at once, and returns the first error.
func (c *connector) parallel(ctx context.Context, op string, n int, f func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i := range n {
		g.Go(func() error { return c.guarded(op, func() error { return f(ctx, i) }) })
	}
	return g.Wait()
}

// guarded turns a panic into an error: beyond its own goroutine nobody can, and the
// process would end. Only its type is logged, since its text may be of an item.
func (c *connector) guarded(op string, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			c.env.Log.Error("creatio: panic", "at", op, "panic", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			err = pim.Errorf(op, pim.ErrInternal, "a fault in the Creatio driver; the log says where")
		}
	}()
	return f()
}
