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
		_, err = conn.Exec(t.Context(), `CREATE TABLE filled (n int); INSERT INTO filled VALUES (1);
			CREATE TABLE mark (n serial PRIMARY KEY); CREATE TABLE points (to_mark int REFERENCES mark)`)
		return errors.Join(err, conn.Close(t.Context()))
	}
	// Each test has the copy for itself, and leaves it, or another, to the next.
	used := map[string]int{}
	for what, last := range map[string]string{
		"rows": "", "schema": "ALTER TABLE mark ADD x int", "index": "CREATE INDEX i ON points (to_mark)", "filled rows": "UPDATE filled SET n = 2",
		"statistics": "INSERT INTO mark SELECT generate_series(10, 1000); ANALYZE", "size": "INSERT INTO mark SELECT generate_series(10, 400000)",
		"an open transaction": "BEGIN; LOCK TABLE mark",
	} {
		for range 3 {
			t.Run(what, func(t *testing.T) {
				url := PostgresCopy(t, fill)
				used[url]++
				conn, err := pgx.Connect(t.Context(), url) // that nobody closes
				if err != nil {
					t.Fatal(err)
				}
				var n, filled, points int
				err = conn.QueryRow(t.Context(), "INSERT INTO mark DEFAULT VALUES RETURNING n, (SELECT sum(n) FROM filled), (SELECT count(*) FROM points)").Scan(&n, &filled, &points)
				if err != nil || n != 1 || filled != 1 || points != 0 {
					t.Errorf("%d, %d, %d, %v", n, filled, points, err)
				}
				if _, err := conn.Exec(t.Context(), "INSERT INTO points VALUES (1); "+last); err != nil {
					t.Error(err)
				}
			})
		}
	}
	again := 0
	for _, n := range used {
		again += n - 1
	}
	if again == 0 || len(used) < 5*3 {
		t.Errorf("%d databases, %d times one that was used before", len(used), again)
	}
}
