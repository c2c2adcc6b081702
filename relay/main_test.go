package relay

import (
	"testing"

	"crmbridge/internal/testenv"
)

// The state machine runs in 24 settings; a few checks of each, 120 in all and so more
// than rapid's usual 100, make a short run, in every go test. A long run: go test ./relay -run Machine -rapid.checks=1000.
func TestMain(m *testing.M) {
	testenv.Checks(5)
	testenv.Main(m)
}
