package testenv

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func TestPostgresGivesFreshDatabases(t *testing.T) {
	t.Parallel()
	first, second := Postgres(t), Postgres(t)
	if first == second {
		t.Fatalf("the same database twice: %s", first)
	}
	if _, err := connect(t, first).Exec(t.Context(), "CREATE TABLE mark (n int)"); err != nil {
		t.Fatal(err)
	}
	var tables int
	err := connect(t, second).QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables)
	if err != nil || tables != 0 {
		t.Errorf("%d tables in the second database, %v", tables, err)
	}
}

func TestPostgresIsDroppedAtTheEnd(t *testing.T) {
	t.Parallel()
	var inner string
	t.Run("inner", func(t *testing.T) { inner = Postgres(t) })
	_, err := pgx.Connect(t.Context(), inner)
	if err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("the database is still there: %v", err)
	}
}

func TestPostgresInParallel(t *testing.T) {
	t.Parallel()
	for range 6 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			if err := ping(Postgres(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPostgresCopyHasWhatWasFilledIn(t *testing.T) {
	t.Parallel()
	fill := func(url string) error {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			return err
		}
		_, err = conn.Exec(t.Context(), "CREATE TABLE mark (n int)")
		return errors.Join(err, conn.Close(t.Context()))
	}
	for range 3 { // each has a table of its own
		if tag, err := connect(t, PostgresCopy(t, fill)).Exec(t.Context(), "INSERT INTO mark SELECT count(*) FROM mark"); err != nil || tag.RowsAffected() != 1 {
			t.Errorf("%v, %v", tag, err)
		}
	}
	rows := connect(t, PostgresCopy(t, fill)).QueryRow(t.Context(), "SELECT count(*) FROM mark")
	var n int
	if err := rows.Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows of other tests, %v", n, err)
	}
}
