package testenv

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Postgres returns the URL of a fresh, empty database that is dropped when the test ends. It lies in the cluster that
// BRIDGE_TEST_POSTGRES names (the URL of a database whose user may create others), or else in one cluster that this
// process starts and shares among its tests. The test is skipped when there is neither.
func Postgres(tb testing.TB) string {
	tb.Helper()
	return database(tb, postgresBase(tb))
}

// PostgresCopy is Postgres with a copy of what fill has put into a database. The first call in a process decides what that
// is; fill has to close its connections. The database that is copied, and the copies, of which each is used by one test after
// the other, go with Release, or with the cluster.
func PostgresCopy(tb testing.TB, fill func(url string) error) string {
	tb.Helper()
	base := postgresBase(tb)
	process.filledOnce.Do(func() { process.filled, process.filledErr = filledDatabase(base, fill) })
	if process.filledErr != nil {
		tb.Fatal(process.filledErr)
	}
	return process.filled.take(tb)
}

// postgresBase is the URL of the maintenance database of the cluster to use.
func postgresBase(tb testing.TB) string {
	tb.Helper()
	if base := os.Getenv("BRIDGE_TEST_POSTGRES"); base != "" {
		return base
	}
	Need(tb, "initdb", "postgres")
	process.clusterOnce.Do(func() { process.cluster, process.clusterErr = StartCluster() })
	if process.clusterErr != nil {
		tb.Fatal(process.clusterErr)
	}
	return process.cluster.URL
}

// database makes an empty database for one test and returns its URL.
func database(tb testing.TB, base string) string {
	tb.Helper()
	name := newName("test_")
	if err := create(base, name, "template0"); err != nil {
		tb.Fatalf("testenv: %v", err)
	}
	tb.Cleanup(func() {
		if err := drop(base, name); err != nil {
			tb.Errorf("testenv: %v", err)
		}
	})
	u, err := named(base, name)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// filledDatabase makes the database to copy.
func filledDatabase(base string, fill func(url string) error) (*copies, error) {
	name := newName("template_")
	u, err := named(base, name)
	if err != nil {
		return nil, err
	}
	if err := create(base, name, "template0"); err != nil {
		return nil, fmt.Errorf("testenv: %w", err)
	}
	if err := fill(u); err != nil {
		return nil, errors.Join(err, drop(base, name))
	}
	return newCopies(base, name)
}

// newName is a name that no database of the cluster has.
func newName(prefix string) string { return prefix + strings.ToLower(rand.Text()) }

// create copies files, which costs the server half of what it takes to log every page of the copy.
func create(base, name, template string) error {
	return admin(base, "CREATE DATABASE "+name+" TEMPLATE "+template+" STRATEGY FILE_COPY")
}

func drop(base, name string) error {
	return admin(base, "DROP DATABASE "+name+" WITH (FORCE)")
}

// named is base with another database.
func named(base, name string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", fmt.Errorf("testenv: BRIDGE_TEST_POSTGRES: %w", err)
	}
	u.Path = "/" + name
	return u.String(), nil
}

// admin runs one statement in the maintenance database.
func admin(base, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, base)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for {
		_, err = conn.Exec(ctx, statement)
		var refused *pgconn.PgError
		// 55006 object_in_use: another session copies the same template at this moment.
		if !errors.As(err, &refused) || refused.Code != "55006" || ctx.Err() != nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}
