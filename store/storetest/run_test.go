package storetest

import (
	"testing"

	"crmbridge/internal/testenv"
	"crmbridge/store"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func TestSQLite(t *testing.T) {
	t.Parallel()
	Run(t, func(t *testing.T, cfg store.Config) *store.Store { return OpenWith(t, cfg) })
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	testenv.Need(t, "initdb", "postgres")
	Run(t, func(t *testing.T, cfg store.Config) *store.Store {
		cfg.URL = testenv.Postgres(t)
		return OpenWith(t, cfg)
	})
}
