package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"crmbridge/pim"
)

// openPostgres opens the pool. pgx prepares and caches each statement by itself.
func (s *Store) openPostgres() (gorm.Dialector, error) {
	cfg, err := pgx.ParseConfig(s.cfg.URL)
	if err != nil {
		// The cause repeats the URL, password included.
		return nil, pim.Errorf("store: open", pim.ErrInvalid, "the PostgreSQL URL of the database cannot be read")
	}
	if _, set := cfg.RuntimeParams["application_name"]; !set {
		cfg.RuntimeParams["application_name"] = "bridge"
	}
	s.writer = stdlib.OpenDB(*cfg, stdlib.OptionAfterConnect(inUTC))
	s.writer.SetMaxOpenConns(32)
	s.writer.SetMaxIdleConns(8)
	s.writer.SetConnMaxIdleTime(5 * time.Minute)
	s.reader = s.writer
	return postgres.New(postgres.Config{Conn: s.writer}), nil
}

// inUTC makes times come back in UTC, as everywhere in the store, and not in the
// zone of the machine.
func inUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}
