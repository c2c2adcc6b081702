package store

import (
	"context"
	"sync/atomic"
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

// growth counts rows added since the start, to know when PostgreSQL's statistics are
// out of date.
type growth struct{ rows atomic.Int64 }

// firstStatistics is how many new rows make statistics worth their while.
const firstStatistics = 1000

// due adds n and reports whether the count has just passed 1 000, 2 000, 4 000…
func (g *growth) due(n int) bool {
	now := g.rows.Add(int64(n))
	for limit := int64(firstStatistics); limit <= now; limit *= 2 {
		if now-int64(n) < limit {
			return true
		}
	}
	return false
}

// analyze tells PostgreSQL what the tables hold. Autovacuum does that too, but a
// minute late: after a first sync of thousands of items the planner would take the
// tables for empty and read all of them for each look-up. A failure costs speed only.
func (s *Store) analyze(ctx context.Context) {
	if _, err := s.writer.ExecContext(ctx, `ANALYZE objects, versions, pairs`); err != nil {
		s.cfg.Log.WarnContext(ctx, "store: statistics", "err", err)
	}
}
