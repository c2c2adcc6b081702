package upstream

import (
	"context"
	"sync/atomic"
)

type countKey struct{}

// Count counts the attempts sent under the context it returns; done tells how many
// there were so far. Counts do not nest: the innermost has them.
func Count(ctx context.Context) (_ context.Context, done func() int) {
	n := new(atomic.Int64)
	return context.WithValue(ctx, countKey{}, n), func() int { return int(n.Load()) }
}

func counted(ctx context.Context) {
	if n, ok := ctx.Value(countKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
}
