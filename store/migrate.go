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
	// sqlite and postgres follow for that database alone.
	sqlite, postgres string
}

// migrations is the one list of steps, in order.
func migrations() []migration {
	return []migration{
		{id: 1, text: schema0001},
		{id: 2, text: schema0002},
		{id: 3, text: schema0003},
		{id: 4, text: schema0004},
		{id: 5, text: schema0005},
		{id: 6, text: schema0006},
		{id: 8, text: schema0008},
		{id: 9, text: schema0009, sqlite: schema0009SQLite, postgres: schema0009Postgres},
		{id: 10, text: schema0010},
		{id: 11, text: schema0011},
		{id: 12, text: schema0012},
		{id: 13, text: schema0013},
		{id: 14, text: schema0014},
		{id: 15, text: schema0015},
		{id: 16, text: schema0016},
		{id: 17, text: schema0017},
		{id: 18, text: schema0018},
		{id: 19, text: schema0019},
		{id: 22, text: schema0022},
		{id: 23, text: schema0023},
		{id: 24, text: schema0024},
		{id: 25, text: schema0025},
		{id: 26, text: schema0026},
		{id: 27, text: schema0027},
		{id: 28, text: schema0028},
		{id: 31, text: schema0031},
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
	return fail("migrate", gormigrate.New(t.db(), opts, steps).MigrateTo(fmt.Sprintf("%04d", last)))
}

func (s *Store) step(m migration) gormigrate.MigrateFunc {
	text := m.text + m.sqlite
	if s.postgres {
		text = m.text + m.postgres
	}
	return func(db *gorm.DB) error {
		for _, statement := range strings.Split(s.types().Replace(text), ";\n") {
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
			"{bool}", "boolean", "{time}", "timestamptz", "{bytes}", "bytea", "{now}", "now()")
	}
	// AUTOINCREMENT: the id of a deleted row is never given to another, so that
	// what still names it (a device, a report) cannot mean the wrong one.
	return strings.NewReplacer("{key}", "integer PRIMARY KEY AUTOINCREMENT", "{int}", "integer", "{small}", "integer",
		"{bool}", "numeric", "{time}", "datetime", "{bytes}", "blob",
		"{now}", "CAST(strftime('%s', 'now') AS integer) * 1000000")
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
