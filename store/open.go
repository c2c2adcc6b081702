package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"crmbridge/pim"
)

// Config says where the store is and what it may use.
type Config struct {
	// URL is "sqlite:PATH", a plain path (SQLite too), or "postgres://…".
	URL string
	// Now is the clock; required.
	Now func() time.Time
	// Rand makes epochs; nil is crypto/rand.
	Rand io.Reader
	// Log gets what nobody waits for; nil discards it.
	Log *slog.Logger
	// OnChange is called inside the writing transaction, at its end and once per
	// collection, when members of a collection with a link were changed, so that
	// jobs can be enqueued with the same *sql.Tx. except is the link that alone
	// made all the changes (it knows them), else 0. It is not called when that
	// link is the only one. An error rolls the transaction back. It may run
	// again when the transaction is retried.
	OnChange func(ctx context.Context, tx *Tx, c CollectionID, except LinkID) error
	// KeepVersions is how long replaced texts stay; 0 means 90 days. Texts that
	// are still referred to stay as long as that lasts (see Prune).
	KeepVersions time.Duration
	// Scratch says that nobody needs what is written once this process has ended: a SQLite
	// file is then written without waiting for the disk.
	Scratch bool
}

const keepVersions = 90 * 24 * time.Hour

// Store is an open database. Its methods may be called concurrently.
type Store struct {
	cfg      Config
	postgres bool
	writer   *sql.DB // SQLite: one connection, so that transactions queue in it
	reader   *sql.DB // SQLite: many connections that cannot write; PostgreSQL: the same pool
	orm      *gorm.DB
	rebound  rebinder
	growth   growth
	earlier  earlier
	tables   tables
	rolls    rolls
}

// Open opens the database and makes an empty SQLite file when there is none. It
// does not migrate (see Migrate). A database of a newer schema is refused with
// pim.ErrUnsupported.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Now == nil {
		return nil, errors.New("store: no clock")
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.KeepVersions == 0 {
		cfg.KeepVersions = keepVersions
	}
	s := &Store{cfg: cfg, postgres: isPostgres(cfg.URL)}
	var dialect gorm.Dialector
	var err error
	if s.postgres {
		dialect, err = s.openPostgres()
	} else {
		dialect, err = s.openSQLite()
	}
	if err == nil {
		err = s.reach(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	// Errors come back to the caller; GORM must not print texts of items.
	s.orm, err = gorm.Open(dialect, &gorm.Config{
		Logger: logger.Discard, SkipDefaultTransaction: true, DisableAutomaticPing: true,
	})
	if err != nil {
		return nil, errors.Join(fail("open", err), s.Close())
	}
	have, want, err := s.SchemaVersion(ctx)
	if err == nil && have > want {
		err = pim.Errorf("store: open", pim.ErrUnsupported,
			"the database was made by a newer version of this program (schema %d, this one knows %d): update the program or restore an older backup", have, want)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// reach tells a database that cannot be reached from all that may go wrong later.
func (s *Store) reach(ctx context.Context) error {
	err := s.writer.PingContext(ctx)
	if err == nil {
		return nil
	}
	public := "the database file cannot be used; is it a SQLite database, and may this program write to it and its directory?"
	if s.postgres {
		public = "the PostgreSQL server of the database cannot be reached, or refuses the login"
	}
	return &pim.Error{Op: "store: open", Kind: reason(err), Public: public, Err: err}
}

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// Close waits for running transactions and closes the connections.
func (s *Store) Close() error {
	var errs []error
	if s.reader != nil && s.reader != s.writer {
		errs = append(errs, s.reader.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close()) // last, so that it folds the WAL into the file
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("store: close: %w", err)
	}
	return nil
}

// Writer is the pool that writing transactions come from, for the job queue. On
// SQLite it has a single connection: whoever holds a transaction of it and asks
// the pool for something else waits for ever.
func (s *Store) Writer() *sql.DB { return s.writer }

// Postgres reports whether the database is PostgreSQL; else it is SQLite.
func (s *Store) Postgres() bool { return s.postgres }
