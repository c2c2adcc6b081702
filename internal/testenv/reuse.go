package testenv

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// copies are databases that have what was filled in and nothing else, for tests one after the other: to copy and to drop
// the files of a database takes the server longer than most tests take.
type copies struct {
	base, template string
	// empty makes a copy what it was: it deletes all rows of tables that were filled without, and sets the sequences.
	empty string
	// look prints what a test is not to change, and that is looked at before a copy is used again: the schema,
	// the rows of the tables that were filled with some, and what the planner learned of the data.
	look  string
	looks string

	mu   sync.Mutex
	free []string
}

// mostKept is how large the tables of a database may be, in bytes, to be used again: what was deleted
// takes its room until then.
const mostKept = 8 << 20

// newCopies reads what the filled database has.
func newCopies(base, template string) (*copies, error) {
	c := &copies{base: base, template: template}
	return c, c.in(template, func(ctx context.Context, conn *pgx.Conn) error {
		tables, err := texts(ctx, conn, `SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname`)
		if err != nil {
			return err
		}
		empty := []string{"BEGIN", "SET LOCAL session_replication_role = replica"} // no foreign keys
		looks := []string{
			`SELECT string_agg(concat_ws(' ', relname, relkind, relnatts, relchecks, relhastriggers), ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace`,
			`SELECT count(*)::text FROM pg_statistic`,
		}
		for _, t := range tables {
			var filled bool
			if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+t+")").Scan(&filled); err != nil {
				return err
			}
			if filled {
				looks = append(looks, "SELECT string_agg(t::text, ',' ORDER BY t::text) FROM "+t+" AS t")
			} else {
				empty = append(empty, "DELETE FROM "+t)
			}
		}
		sequences, err := texts(ctx, conn, `SELECT format('SELECT setval(%L, %s, %L)', quote_ident(sequencename), coalesce(last_value, start_value), last_value IS NOT NULL)
			FROM pg_sequences WHERE schemaname = 'public'`)
		if err != nil {
			return err
		}
		c.empty = strings.Join(append(append(empty, sequences...), "COMMIT"), ";\n")
		c.look = "SELECT md5(concat_ws('|', (" + strings.Join(looks, "), (") + ")))"
		return conn.QueryRow(ctx, c.look).Scan(&c.looks)
	})
}

// take is the URL of a copy, of which a test disposes when it ends. One whose test failed is not used again.
func (c *copies) take(tb testing.TB) string {
	tb.Helper()
	c.mu.Lock()
	name := ""
	if n := len(c.free); n > 0 {
		name, c.free = c.free[n-1], c.free[:n-1]
	}
	c.mu.Unlock()
	if name == "" {
		name = newName("test_")
		if err := create(c.base, name, c.template); err != nil {
			tb.Fatalf("testenv: %v", err)
		}
	}
	tb.Cleanup(func() {
		if !tb.Failed() && c.clear(name) == nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.free = append(c.free, name)
			return
		}
		if err := drop(c.base, name); err != nil {
			tb.Errorf("testenv: %v", err)
		}
	})
	u, err := named(c.base, name)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// errChanged says that a database is not to be used again.
var errChanged = errors.New("testenv: the database is not what it was")

// clear makes a database what it was, whoever is still connected to it.
func (c *copies) clear(name string) error {
	return c.in(name, func(ctx context.Context, conn *pgx.Conn) error {
		for others := -1; others != 0; { // those that have just been closed are on their way out
			err := conn.QueryRow(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`).Scan(&others)
			if err != nil {
				return err
			}
			if others > 0 {
				time.Sleep(2 * time.Millisecond)
			}
		}
		var now string
		if err := conn.QueryRow(ctx, c.look).Scan(&now); err != nil || now != c.looks {
			return errors.Join(err, errChanged)
		}
		var size int64
		if err := conn.QueryRow(ctx, `SELECT sum(pg_table_size(oid))::bigint FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`).Scan(&size); err != nil || size > mostKept {
			return errors.Join(err, errChanged)
		}
		_, err := conn.Exec(ctx, c.empty)
		return err
	})
}

// drop removes what is left of the copies, and what they were copied from.
func (c *copies) drop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, name := range append(c.free, c.template) {
		errs = append(errs, drop(c.base, name))
	}
	c.free = nil
	return errors.Join(errs...)
}

// in connects to a database for as long as f runs.
func (c *copies) in(name string, f func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	u, err := named(c.base, name)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, u)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return f(ctx, conn)
}

// texts are the values of a query of one column.
func texts(ctx context.Context, conn *pgx.Conn, query string) ([]string, error) {
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("testenv: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
