package storetest

import (
	"testing"

	"crmbridge/internal/testenv"
	"crmbridge/store"
)

// A check of the model is some thirty writes, each with twenty questions after it, and there are two databases. A long
// run: go test ./store/storetest -run model -rapid.checks=1000.
func TestMain(m *testing.M) {
	testenv.Checks(50)
	testenv.Main(m)
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	Run(t, func(t *testing.T, cfg store.Config) *store.Store { return OpenWith(t, cfg) })
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	testenv.Need(t, "initdb", "postgres")
	Run(t, func(t *testing.T, cfg store.Config) *store.Store { return OpenPostgres(t, cfg) })
}
