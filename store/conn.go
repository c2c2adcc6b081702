package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// rebinder turns "?" into "$1", "$2"… for PostgreSQL and remembers the result. No
// statement of this package has a question mark in a literal.
type rebinder struct{ known sync.Map }

func (r *rebinder) rebind(query string) string {
	if q, ok := r.known.Load(query); ok {
		return q.(string)
	}
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(query, "?") {
		if n > 0 {
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	r.known.Store(query, b.String())
	return b.String()
}

func (t *Tx) bind(query string) string {
	if t.s.postgres {
		return t.s.rebound.rebind(query)
	}
	return query
}

// exec, query and row run a statement with "?" for its arguments.
func (t *Tx) exec(query string, args ...any) (int64, error) {
	res, err := t.tx.ExecContext(t.ctx, t.bind(query), clean(args)...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *Tx) query(query string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(t.ctx, t.bind(query), clean(args)...)
}

func (t *Tx) row(query string, args ...any) *sql.Row {
	return t.tx.QueryRowContext(t.ctx, t.bind(query), clean(args)...)
}

// conn is what GORM runs its statements on: the transaction, with cleaned texts.
type conn struct{ t *Tx }

func (c conn) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return c.t.tx.PrepareContext(ctx, query)
}

func (c conn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return c.t.tx.ExecContext(ctx, query, clean(args)...)
}

func (c conn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return c.t.tx.QueryContext(ctx, query, clean(args)...)
}

func (c conn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return c.t.tx.QueryRowContext(ctx, query, clean(args)...)
}

// clean makes strings such that both databases keep them alike: PostgreSQL refuses
// NUL and bytes that are not UTF-8 in text, which a User-Agent or a remote's
// message can hold. Texts of items are bytes and are never touched.
func clean(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case string:
			if !storable(v) {
				args[i] = strings.ReplaceAll(strings.ToValidUTF8(v, "\uFFFD"), "\x00", "\uFFFD")
			}
		case *string:
			if v != nil && !storable(*v) {
				args[i] = strings.ReplaceAll(strings.ToValidUTF8(*v, "\uFFFD"), "\x00", "\uFFFD")
			}
		}
	}
	return args
}

// storable reports whether both databases keep s as it is.
func storable(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }
