package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"

	"crmbridge/pim"
)

// Tx is one transaction, bound to the context it was begun with. It must not be
// used after the function it was given to has returned, nor by two goroutines.
type Tx struct {
	s      *Store
	ctx    context.Context // of the transaction, as *sql.Tx has one: it ends with it
	tx     querier
	orm    *gorm.DB // nil until db
	now    time.Time
	write  bool
	whole  bool // all of it reads one snapshot, in which nothing is written
	after  []func()
	added  int // objects and pairs
	edited []edit
}

// edit notes that members of a collection changed, and by which link alone.
type edit struct {
	collection CollectionID
	link       LinkID // 0: by a client or person, or by several
}

// querier is a transaction, or a pool where none is needed.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// SQL is the database/sql transaction underneath, for the job queue; nil in a Peek, and in a View of SQLite.
func (t *Tx) SQL() *sql.Tx {
	on := t.tx
	if q, ok := on.(quietly); ok {
		on = q.on
	}
	tx, _ := on.(*sql.Tx)
	return tx
}

// Store is the store that the transaction is of.
func (t *Tx) Store() *Store { return t.s }

// Context is the context of the transaction.
func (t *Tx) Context() context.Context { return t.ctx }

// Now is the time of the transaction: one for all of it, in UTC, in microseconds.
func (t *Tx) Now() time.Time { return t.now }

// AfterCommit runs f once the writing transaction is committed; never when it is rolled
// back. Functions run in order, on the goroutine that called Update.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// View runs f on a snapshot: nothing that others commit meanwhile shows. Writing
// in it fails. It holds up no writer.
func (s *Store) View(ctx context.Context, f func(*Tx) error) error {
	if !s.postgres {
		return s.readSQLite(ctx, true, f)
	}
	return s.run(ctx, s.reader, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}, f)
}

// Peek runs f without a transaction: each query sees what is committed when it runs.
// It is for few independent rows, which it reads in half the round trips to PostgreSQL.
// Writing in it fails.
func (s *Store) Peek(ctx context.Context, f func(*Tx) error) error {
	if !s.postgres {
		return s.readSQLite(ctx, false, f)
	}
	return f(s.begun(ctx, s.reader, false))
}

// attempts is how often Update runs a transaction that PostgreSQL rolled back only
// because of others.
const attempts = 10

// Update runs f in a writing transaction and commits when it returns nil. On SQLite
// there is one at a time. On PostgreSQL they run side by side at READ COMMITTED and
// meet at row locks: a collection, link or user read by id in it, and a collection
// whose objects are written, stay locked until the end, so that what was read is
// still so at commit. f may run again after a deadlock: it must have no effects
// outside but through AfterCommit.
func (s *Store) Update(ctx context.Context, f func(*Tx) error) error {
	for n := 1; ; n++ {
		err := s.run(ctx, s.writer, &sql.TxOptions{}, f)
		if err == nil || n == attempts || !again(err) {
			return err
		}
		pause := time.NewTimer(time.Duration(n) * time.Duration(1+rand.IntN(10)) * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return fail("update", ctx.Err())
		}
	}
}

func (s *Store) run(ctx context.Context, pool *sql.DB, opts *sql.TxOptions, f func(*Tx) error) (err error) {
	tx, err := pool.BeginTx(ctx, opts)
	if err != nil {
		return fail("begin", err)
	}
	var on querier = tx
	if !s.postgres {
		on = quietly{tx}
	}
	t := s.begun(ctx, on, !opts.ReadOnly)
	t.whole = opts.ReadOnly
	done := false
	defer func() {
		if done {
			return
		}
		// Also when f panics. What made it fail is the news, not this.
		if e := tx.Rollback(); e != nil && !errors.Is(e, sql.ErrTxDone) {
			s.cfg.Log.Warn("store: rollback", "err", e)
		}
	}()
	if err := f(t); err != nil {
		return err
	}
	if err := t.announce(); err != nil {
		return err
	}
	err, done = tx.Commit(), true
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		err = ctx.Err() // database/sql rolled it back when the context ended
	}
	if err != nil {
		return fail("commit", err)
	}
	if s.postgres && t.added > 0 && s.growth.due(t.added) {
		s.analyze(ctx)
	}
	for _, f := range t.after {
		f()
	}
	return nil
}

// begun is a Tx on a transaction or pool.
func (s *Store) begun(ctx context.Context, on querier, write bool) *Tx {
	t := &Tx{s: s, ctx: ctx, tx: on, now: s.cfg.Now().UTC().Truncate(time.Microsecond), write: write}
	return t
}

// db is GORM on the transaction; most need none, and it takes as long to make as a query.
func (t *Tx) db() *gorm.DB {
	if t.orm == nil {
		t.orm = t.s.orm.Session(&gorm.Session{NewDB: true, Context: t.ctx, NowFunc: func() time.Time { return t.now }})
		t.orm.Statement.ConnPool = conn{t}
	}
	return t.orm
}

// changed notes a change of a member, by a link or (0) by a client or person.
func (t *Tx) changed(c CollectionID, by LinkID) {
	for i, e := range t.edited {
		if e.collection == c {
			if e.link != by {
				t.edited[i].link = 0
			}
			return
		}
	}
	t.edited = append(t.edited, edit{c, by})
}

// announce calls OnChange for the collections that have another link than the one
// that made the changes.
func (t *Tx) announce() error {
	if t.s.cfg.OnChange == nil {
		return nil
	}
	for _, e := range t.edited {
		var n int
		if err := t.row(`SELECT count(*) FROM links WHERE collection_id = ? AND id <> ?`, e.collection, e.link).Scan(&n); err != nil {
			return fail("announce", err)
		}
		if n == 0 {
			continue
		}
		if err := t.s.cfg.OnChange(t.ctx, t, e.collection, e.link); err != nil {
			return fmt.Errorf("store: on change: %w", err)
		}
	}
	return nil
}

// writing refuses writes in a View with a clear error on both databases.
func (t *Tx) writing(op string) error {
	if t.write {
		return nil
	}
	return pim.Wrap("store: "+op, pim.ErrInternal, errors.New("written in a View"))
}

// forShare is the clause that keeps the rows read in a writing transaction as they are.
func (t *Tx) forShare() string {
	if t.write && t.s.postgres {
		return " FOR SHARE"
	}
	return ""
}

// forUpdate is the clause that locks the rows read in a writing transaction.
// Foreign keys that point to them do not wait for it.
func (t *Tx) forUpdate() string {
	if t.write && t.s.postgres {
		return " FOR NO KEY UPDATE"
	}
	return ""
}
