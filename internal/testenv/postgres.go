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
	base := os.Getenv("BRIDGE_TEST_POSTGRES")
	if base == "" {
		Need(tb, "initdb", "postgres")
		process.clusterOnce.Do(func() { process.cluster, process.clusterErr = StartCluster() })
		if process.clusterErr != nil {
			tb.Fatal(process.clusterErr)
		}
		base = process.cluster.URL
	}
	name := "test_" + strings.ToLower(rand.Text())
	if err := admin(base, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		tb.Fatalf("testenv: %v", err)
	}
	tb.Cleanup(func() {
		if err := admin(base, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			tb.Errorf("testenv: %v", err)
		}
	})
	u, err := url.Parse(base)
	if err != nil {
		tb.Fatalf("testenv: BRIDGE_TEST_POSTGRES: %v", err)
	}
	u.Path = "/" + name
	return u.String()
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
