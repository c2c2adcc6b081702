package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"time"
)

// readSQLite is Peek on SQLite, and View when it is whole: on one connection from beginning to end.
//
// database/sql keeps a goroutine for each transaction and each query that waits for the end of its context, and the driver
// one more for each statement. To start and to stop them takes longer than most answers that SQLite gives in the meantime.
// So only the wait for a connection is cut short by the context; statements are asked quietly.
func (s *Store) readSQLite(ctx context.Context, whole bool, f func(*Tx) error) error {
	c, err := s.reader.Conn(ctx)
	if err != nil {
		return fail("begin", err)
	}
	defer c.Close()
	t := s.begun(ctx, quietly{c}, false)
	if !whole {
		return f(t)
	}
	if _, err := t.exec("BEGIN"); err != nil {
		return fail("begin", err)
	}
	defer s.endReading(c) // also when f panics
	t.whole = true
	return f(t)
}

// endReading ends a transaction that has only read. A connection on which that fails is not used again: who got it next
// would read what was.
func (s *Store) endReading(c *sql.Conn) {
	if _, err := c.ExecContext(context.Background(), "COMMIT"); err != nil {
		s.cfg.Log.Warn("store: end of reading", "err", err)
		_ = c.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// quietly runs statements in a context whose end nobody waits for. None is begun after it, and rows end with it (see
// cachedRows): what goes on is the search for the next row.
type quietly struct{ on querier }

// ExecContext implements querier.
func (q quietly) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return q.on.ExecContext(quiet(ctx), query, args...)
}

// QueryContext implements querier.
func (q quietly) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return q.on.QueryContext(quiet(ctx), query, args...)
}

// QueryRowContext implements querier.
func (q quietly) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return q.on.QueryRowContext(quiet(ctx), query, args...)
}

// PrepareContext implements querier.
func (q quietly) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return q.on.PrepareContext(quiet(ctx), query)
}

// quiet is a context that does not say when it ends, only whether it has; ctx itself when it has.
func quiet(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return ctx
	}
	return quietContext{ctx}
}

type quietContext struct{ ctx context.Context }

// Deadline implements context.Context.
func (quietContext) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context.
func (quietContext) Done() <-chan struct{} { return nil }

// Err implements context.Context, for those who look now and then.
func (q quietContext) Err() error { return q.ctx.Err() }

// Value implements context.Context.
func (q quietContext) Value(key any) any { return q.ctx.Value(key) }
