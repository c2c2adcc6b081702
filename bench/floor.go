package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // database/sql's "pgx"
	_ "modernc.org/sqlite"             // database/sql's "sqlite"
)

// plain is the same database through database/sql and nothing else, with a table
// that floors of writes use.
type plain struct {
	db       *sql.DB
	postgres bool
	known    map[string]*sql.Stmt
}

// openPlain opens the database of a store with the settings that the store has, so
// that the two differ in nothing but the code above.
func openPlain(ctx context.Context, storeURL string) (*plain, error) {
	p := &plain{known: map[string]*sql.Stmt{}}
	var err error
	if path, ok := strings.CutPrefix(storeURL, "sqlite:"); ok {
		q := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(15000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-2048)"}}
		p.db, err = sql.Open("sqlite", "file:"+path+"?"+q.Encode())
	} else {
		p.postgres = true
		p.db, err = sql.Open("pgx", storeURL)
	}
	if err != nil {
		return nil, err
	}
	key, bytes := "INTEGER PRIMARY KEY", "BLOB"
	if p.postgres {
		key, bytes = "bigserial PRIMARY KEY", "bytea"
	}
	_, err = p.db.ExecContext(ctx, "CREATE TABLE floor (id "+key+", name text NOT NULL UNIQUE, text "+bytes+" NOT NULL)")
	if err != nil {
		return nil, errors.Join(err, p.db.Close())
	}
	return p, nil
}

// stmt prepares a query with "?" once. Only the goroutine that sets operations up
// may call it.
func (p *plain) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := p.known[query]; s != nil {
		return s, nil
	}
	bound := query
	if p.postgres {
		for n := 1; strings.Contains(bound, "?"); n++ {
			bound = strings.Replace(bound, "?", "$"+strconv.Itoa(n), 1)
		}
	}
	s, err := p.db.PrepareContext(ctx, bound)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	p.known[query] = s
	return s, nil
}

// each reads all rows of a statement into dest and calls f after each.
func each(ctx context.Context, s *sql.Stmt, args []any, dest []any, f func() error) error {
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if err := f(); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (p *plain) close() error {
	var errs []error
	for _, s := range p.known {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, p.db.Close())...)
}

// bare is the handler of floors: it does what the operation at hand says.
type bare struct{ do floor }

// floor reads the rows of an operation and answers.
type floor func(w http.ResponseWriter, r *http.Request) error

// ServeHTTP implements http.Handler.
func (b *bare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := b.do(w, r); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// answer writes known bytes in step with the rows that are read, so that reading and
// sending overlap as they do in the server.
type answer struct {
	w    io.Writer
	body []byte
	rows int // expected
	sent int
	row  int
}

// step is called for each row.
func (a *answer) step() error {
	a.row++
	due := min(len(a.body), int(int64(len(a.body))*int64(a.row)/int64(max(a.rows, 1))))
	if due-a.sent < 32<<10 {
		return nil
	}
	_, err := a.w.Write(a.body[a.sent:due])
	a.sent = due
	return err
}

// end writes the rest. A floor that read other rows than it should is no floor.
func (a *answer) end() error {
	if a.row != a.rows {
		return fmt.Errorf("the floor read %d rows, not %d", a.row, a.rows)
	}
	_, err := a.w.Write(a.body[a.sent:])
	return err
}

// newDatabase makes a database in a PostgreSQL cluster, to be dropped afterwards.
func newDatabase(ctx context.Context, base string) (string, func(), error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", nil, fmt.Errorf("-postgres: %w", err)
	}
	name := "bench_" + strings.ToLower(rand.Text())
	if err := admin(ctx, base, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() {
		_ = admin(context.WithoutCancel(ctx), base, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") // a throw-away cluster
	}, nil
}

func admin(ctx context.Context, base, statement string) error {
	conn, err := pgx.Connect(ctx, base)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}
