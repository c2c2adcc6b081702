package graphsim

import (
	"os"
	"testing"

	"crmbridge/internal/testenv"
)

func TestMain(m *testing.M) {
	testenv.Checks(40)
	os.Exit(m.Run())
}
