package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
)

// migration is one step of the schema. Steps are append-only: one that was
// released is never edited, so that every database went the same way.
type migration struct {
	id   int
	text string // statements, separated by ";" at a line's end, with {types}
}

// migrations is the one list of steps, in order.
func migrations() []migration {
	return []migration{
		{1, schema0001},
		{2, schema0002},
		{3, schema0003},
		{4, schema0004},
		{5, schema0005},
		{6, schema0006},
		{8, schema0008},
		{10, schema0010},
		{11, schema0011},
		{12, schema0012},
		{13, schema0013},
		{14, schema0014},
	}
}

const migrationTable = "schema_migrations"

// Migrate brings the schema up to date, all steps in one transaction. Two processes
// that start at once wait for each other.
func (s *Store) Migrate(ctx context.Context) error {
	steps := migrations()
	return s.migrateTo(ctx, steps[len(steps)-1].id)
}

func (s *Store) migrateTo(ctx context.Context, last int) error {
	return s.Update(ctx, func(t *Tx) error { return t.migrateTo(last) })
}

func (t *Tx) migrateTo(last int) error {
	if t.s.postgres {
		// Any number will do as long as it stays the same.
		if _, err := t.exec(`SELECT pg_advisory_xact_lock(7265436101)`); err != nil {
			return fail("migrate", err)
		}
	}
	var steps []*gormigrate.Migration
	for _, m := range migrations() {
		steps = append(steps, &gormigrate.Migration{ID: fmt.Sprintf("%04d", m.id), Migrate: t.s.step(m)})
	}
	// The transaction is ours: it holds the lock and lies on the writer.
	opts := &gormigrate.Options{TableName: migrationTable, IDColumnName: "id", IDColumnSize: 16, ValidateUnknownMigrations: true}
	return fail("migrate", gormigrate.New(t.orm, opts, steps).MigrateTo(fmt.Sprintf("%04d", last)))
}

func (s *Store) step(m migration) gormigrate.MigrateFunc {
	return func(db *gorm.DB) error {
		for _, statement := range strings.Split(s.types().Replace(m.text), ";\n") {
			// GORM's reader of SQLite's schema loses columns on lines of their own.
			statement = strings.TrimSpace(strings.NewReplacer("\n\t", " ", "\n", " ").Replace(statement))
			if statement == "" {
				continue
			}
			if err := db.Exec(statement).Error; err != nil {
				return fmt.Errorf("schema %d: %w", m.id, err)
			}
		}
		return nil
	}
}

// types are the words in braces that migrations use for what the two databases
// call differently. They are what GORM would choose for the models.
func (s *Store) types() *strings.Replacer {
	if s.postgres {
		return strings.NewReplacer("{key}", "bigserial PRIMARY KEY", "{int}", "bigint", "{small}", "smallint",
			"{bool}", "boolean", "{time}", "timestamptz", "{bytes}", "bytea")
	}
	// AUTOINCREMENT: the id of a deleted row is never given to another, so that
	// what still names it (a device, a report) cannot mean the wrong one.
	return strings.NewReplacer("{key}", "integer PRIMARY KEY AUTOINCREMENT", "{int}", "integer", "{small}", "integer",
		"{bool}", "numeric", "{time}", "datetime", "{bytes}", "blob")
}

// SchemaVersion is the schema that the database has, 0 when it is empty, and the
// one that this program wants.
func (s *Store) SchemaVersion(ctx context.Context) (have, want int, err error) {
	steps := migrations()
	want = steps[len(steps)-1].id
	err = s.View(ctx, func(t *Tx) (err error) {
		have, err = t.schema()
		return err
	})
	return have, want, err
}

// schema is the schema that the database has, 0 when it is empty.
func (t *Tx) schema() (have int, err error) {
	exists := `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?`
	if t.s.postgres {
		exists = `SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = ?`
	}
	var n int
	if err := t.row(exists, migrationTable).Scan(&n); err != nil || n == 0 {
		return 0, fail("schema version", err)
	}
	var last string
	if err := t.row(`SELECT coalesce(max(id), '0') FROM ` + migrationTable).Scan(&last); err != nil {
		return 0, fail("schema version", err)
	}
	have, err = strconv.Atoi(last)
	return have, fail("schema version", err)
}
